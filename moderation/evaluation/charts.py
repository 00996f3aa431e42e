"""A report as charts: numbers become places in drawings that the page's template fills in."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from moderation.evaluation.metrics import Figure
from moderation.evaluation.peers import OURS
from moderation.evaluation.report import Flags, Point, Quality, Report, Sweep
from moderation.evaluation.tables import percent, score

WIDTH: Final = 240
HEIGHT: Final = 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 10, 8, 28
_LEAST_RATE: Final = 0.001
"""Lowest flag rate that the logarithmic axis shows."""
_TERMS: Final = 20
"""Identity terms that are drawn, the worst for trollbridge first."""
PLOT_WIDTH: Final = 380
LABEL_WIDTH: Final = 180
ROW: Final = 20
"""Width of a dot plot, of its labels, and height of a row."""

Ticks = tuple[tuple[float, str], ...]
_SHARES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


class Line(NamedTuple):
    """A curve of a system; `path` is SVG."""

    path: str
    system: int


class Dot(NamedTuple):
    """A value with its interval, in the drawing's units."""

    x: float
    y: float
    low: float
    high: float
    system: int
    tip: str


class Chart(NamedTuple):
    """A drawing with two axes."""

    title: str
    x_title: str
    y_title: str
    x_ticks: Ticks
    y_ticks: Ticks
    lines: list[Line]
    dots: list[Dot]
    reference: str = ""
    """Path of what chance, or a perfect scorer, would give."""
    mark: float | None = None
    """Where the policy's threshold stands on the x axis."""


class DotPlot(NamedTuple):
    """Values with intervals in labelled rows."""

    labels: list[str]
    dots: list[Dot]
    x_ticks: Ticks
    height: int


def _x(value: float) -> float:
    return round(_LEFT + value * (WIDTH - _LEFT - _RIGHT), 1)


def _y(value: float) -> float:
    return round(HEIGHT - _BOTTOM - value * (HEIGHT - _TOP - _BOTTOM), 1)


def _log(value: float) -> float:
    """A flag rate's height: .1 % at the bottom, all at the top."""
    return 1 - math.log10(max(value, _LEAST_RATE)) / math.log10(_LEAST_RATE)


_X_TICKS: Final = tuple((_x(v), f"{v:g}") for v in _SHARES)
_Y_TICKS: Final = tuple((_y(v), f"{v:g}") for v in _SHARES)
_LOG_TICKS: Final = tuple((_y(_log(v)), f"{100 * v:g} %") for v in (0.001, 0.01, 0.1, 1.0))


def _path(points: Iterable[Point], height: Callable[[float], float] = float) -> str:
    return "M" + "L".join(f"{_x(p.x)} {_y(height(p.y))}" for p in points)


def _diagonal() -> str:
    return _path([Point(0, 0), Point(1, 1)])


def curves(report: Report, group: Sequence[Quality]) -> tuple[Chart, Chart]:
    """ROC and precision-recall curves of the systems on one set and score."""
    title = f"{group[0].set}: {group[0].key}"
    rate = group[0].positives / (group[0].positives + group[0].negatives)
    roc = Chart(
        title,
        "false-positive rate",
        "recall",
        _X_TICKS,
        _Y_TICKS,
        [Line(_path(q.roc), report.systems.index(q.system)) for q in group],
        [],
        _diagonal(),
    )
    pr = roc._replace(
        x_title="recall",
        y_title="precision",
        lines=[Line(_path(q.pr), report.systems.index(q.system)) for q in group],
        reference=_path([Point(0, rate), Point(1, rate)]),
    )
    return roc, pr


def reliability(quality: Quality) -> Chart:
    """Claimed probability against observed share; the diagonal is a perfect scorer."""
    dots = [
        Dot(
            _x(b.score),
            _y(b.observed.value),
            _y(b.observed.low),
            _y(b.observed.high),
            0,
            f"{b.count:,} texts: claims {b.score:.2f}, is {percent(b.observed)}",
        )
        for b in quality.calibration.bins
    ]
    title = f"{quality.set}: {quality.key}"
    return Chart(title, "mean score", "share that is so", _X_TICKS, _Y_TICKS, [], dots, _diagonal())


def sweep(found: Sweep) -> Chart:
    """Share of texts that each threshold flags, on a logarithmic axis."""
    return Chart(
        f"{found.set}: {found.code}",
        "threshold",
        "flagged",
        _X_TICKS,
        _LOG_TICKS,
        [Line(_path(found.rates, _log), 0)],
        [],
        mark=_x(found.threshold),
    )


def glance(report: Report, quality: Sequence[Quality]) -> DotPlot:
    """AUC of every system, a row for each set and score."""
    rows = list(dict.fromkeys((q.set, q.key) for q in quality))
    values = [
        (rows.index((q.set, q.key)), report.systems.index(q.system), q.auc, q.system)
        for q in quality
    ]
    return _dot_plot(
        [f"{name}: {key}" for name, key in rows],
        [(row, system, auc, f"{name}: AUC {score(auc)}") for row, system, auc, name in values],
        least=_below(auc for _, _, auc, _ in values),
    )


def sections(flags: Sequence[Flags]) -> DotPlot:
    """Flag rate by section."""
    most = math.ceil(10 * max(f.flagged.high for f in flags)) / 10
    values = [
        (row, 0, f.flagged, f"{percent(f.flagged)} of {f.texts:,}") for row, f in enumerate(flags)
    ]
    return _dot_plot([f.who.removeprefix("section: ") for f in flags], values, most=most)


def terms(report: Report, name: str) -> DotPlot | None:
    """BPSN AUC of every system by identity term of a set, worst first; None without ours."""
    found = [f for f in report.fairness if f.set == name]
    first = next((f.gaps for f in found if f.system == OURS), None)
    if first is None:
        return None
    shown = [term.term for term in first.terms[:_TERMS]]
    values = [
        (
            shown.index(term.term),
            report.systems.index(f.system),
            term.bpsn,
            f"{f.system}: BPSN AUC {score(term.bpsn)}, {term.texts:,} texts",
        )
        for f in found
        for term in f.gaps.terms
        if term.term in shown
    ]
    return _dot_plot(shown, values, least=_below(term for _, _, term, _ in values))


def _below(figures: Iterable[Figure]) -> float:
    """Where an axis of AUCs starts, so that none is cut off."""
    return min(0.9, math.floor(10 * min(figure.low for figure in figures)) / 10)


def _dot_plot(
    labels: list[str],
    values: Sequence[tuple[int, int, Figure, str]],
    *,
    least: float = 0.0,
    most: float = 1.0,
) -> DotPlot:
    """Rows, systems, figures and tips as a plot whose axis runs from `least` to `most`."""

    def across(value: float) -> float:
        share = (min(max(value, least), most) - least) / (most - least)
        return round(LABEL_WIDTH + share * (PLOT_WIDTH - LABEL_WIDTH - 10), 1)

    systems = max((system for _, system, _, _ in values), default=0) + 1
    dots = [
        Dot(
            across(given.value),
            round((row + (system + 1) / (systems + 1)) * ROW, 1),
            across(given.low),
            across(given.high),
            system,
            tip,
        )
        for row, system, given, tip in values
    ]
    steps = [least + (most - least) * step / 4 for step in range(5)]
    ticks = tuple((across(value), f"{value:.2g}") for value in steps)
    return DotPlot(labels, dots, ticks, len(labels) * ROW)
