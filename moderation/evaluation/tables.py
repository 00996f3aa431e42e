"""A report as tables of text, for the terminal, the documentation and the page alike."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from moderation.evaluation.identity import Identity
from moderation.evaluation.metrics import Figure
from moderation.evaluation.peers import OURS
from moderation.evaluation.report import Fairness, Operating, Quality, Report, SetInfo

_WORST_TERMS: Final = 3
_CODES: Final = 4
NONE: Final = "—"


class Row(NamedTuple):
    """Cells of a row."""

    cells: tuple[str, ...]
    best: frozenset[int] = frozenset()
    """Columns in which this row is the best of its group."""
    group: str = ""
    """What this row and its neighbours are about; empty where rows stand alone."""


class Table(NamedTuple):
    """A table with what must be known to read it."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: list[Row]


def tables(report: Report) -> list[Table]:
    """All tables that have a row."""
    fresh = {info.name for info in report.sets if not info.seen}
    found = [
        _quality(
            "Sets that trained nothing",
            "AUC, average precision (AP), false-positive rate at recall .8 (FPR), Brier score and "
            "expected calibration error (ECE); 95 % intervals. Lead: trollbridge's AUC less the "
            "peer's, on the same resamples. Best in bold.",
            [q for q in report.quality if q.set in fresh],
            mark=True,
        ),
        _quality(
            "Sets seen in training",
            "In whole or in part, by trollbridge and by tf-idf: they show fit and calibration, "
            "not how it does on new comments, so no best is marked.",
            [q for q in report.quality if q.set not in fresh],
            mark=False,
        ),
        _thresholds(report),
        _flags(report),
        _fairness(report.fairness),
        _speed(report),
        _sets(report.sets),
    ]
    return [table for table in found if table.rows]


def _quality(title: str, note: str, found: Sequence[Quality], *, mark: bool) -> Table:
    columns = ("System", "AUC", "AP", "FPR", "Brier", "ECE", "Lead")
    return Table(title, note, columns, list(_quality_rows(found, mark=mark)))


def _quality_rows(found: Sequence[Quality], *, mark: bool) -> Iterator[Row]:
    for name, key in dict.fromkeys((q.set, q.key) for q in found):
        group = [q for q in found if (q.set, q.key) == (name, key)]
        most = [max(column) for column in zip(*map(_merits, group), strict=True)]
        for q in group:
            best = {
                column
                for column, merit in enumerate(_merits(q), start=1)
                if mark and len(group) > 1 and merit == most[column - 1]
            }
            figures = map(score, (q.auc, q.ap, q.fpr, q.calibration.brier))
            yield Row(
                (q.system, *figures, plain(q.calibration.error), _lead(q)),
                frozenset(best),
                f"{name}, {key} ({q.positives:,} of {q.positives + q.negatives:,})",
            )


def _merits(q: Quality) -> tuple[float, ...]:
    """More is better."""
    errors = (q.fpr.value, q.calibration.brier.value, q.calibration.error)
    return (q.auc.value, q.ap.value, *(-error for error in errors))


def _lead(q: Quality) -> str:
    if q.lead is None:
        return "" if q.system == OURS else NONE
    return f"{q.lead.value:+.3f} ({q.lead.low:+.2f} to {q.lead.high:+.2f})"


def _thresholds(report: Report) -> Table:
    natural = {info.name for info in report.sets if info.natural}
    rows = [
        Row(
            (
                t.code + ("" if t.action == "review" else f" ({t.action})"),
                t.set + ("" if t.set in natural else " *"),
                f"{t.now.threshold:.2f}",
                percent(t.now.precision),
                percent(t.now.recall),
                percent(t.now.flag_rate),
                *(_needed(t.for_precision[wanted]) for wanted in t.for_precision),
            )
        )
        for t in sorted(report.thresholds, key=lambda t: (t.code, t.set not in natural))
    ]
    wanted = next((tuple(t.for_precision) for t in report.thresholds), ())
    return Table(
        f"Thresholds of policy {report.policy}",
        "Precision, recall and share of all texts that the threshold flags. Then the lowest "
        "threshold that gives a precision, with the recall and flag rate that it brings. "
        "* the set's mix is not that of a stream of comments, so only recall carries over.",
        (
            *("Code", "Set", "Threshold", "Precision", "Recall", "Flags"),
            *(f"For precision {float(p):.0%}".replace("%", " %") for p in wanted),
        ),
        rows,
    )


def _needed(given: Operating | None) -> str:
    if given is None or given.recall is None:
        return NONE
    return (
        f"{given.threshold:.2f}: recall {100 * given.recall.value:.0f} %, "
        f"flags {100 * given.flag_rate.value:.1f} %"
    )


def _flags(report: Report) -> Table:
    rows = [
        Row(
            (
                f.set,
                f.who,
                f"{f.texts:,}",
                percent(f.flagged),
                ", ".join(
                    f"{code} {count:,}"
                    for code, count in sorted(f.codes.items(), key=lambda c: -c[1])[:_CODES]
                ),
            )
        )
        for f in report.flags
        if not f.who.startswith("section: ")
    ]
    return Table(
        "What the policy sends to moderators",
        "Share with its Wilson interval, and reasons by count. Harmless and wanted are the labels' "
        "word: comments that need no look, and comments that do.",
        ("Set", "Comments", "Texts", "Flagged", "Reasons"),
        rows,
    )


def _fairness(found: Sequence[Fairness]) -> Table:
    def worst(gaps: Identity) -> str:
        return ", ".join(f"{t.term} {plain(t.bpsn.value)}" for t in gaps.terms[:_WORST_TERMS])

    rows = [
        Row(
            (
                f.set,
                f.system,
                plain(f.gaps.subgroup),
                plain(f.gaps.bpsn),
                plain(f.gaps.bnsp),
                percent(f.gaps.false_flags),
                worst(f.gaps),
            )
        )
        for f in found
    ]
    return Table(
        "Identity gaps of toxicity",
        "Power means over the identity terms (Borkan et al. 2019), in which the worst terms weigh "
        "most: AUC within a term's texts; BPSN, low when harmless texts with the term score too "
        "high; BNSP, low when attacks with it score too low. False flags: harmless texts with a "
        "term that reach the policy's threshold.",
        ("Set", "System", "Subgroup", "BPSN", "BNSP", "False flags", "Lowest BPSN"),
        rows,
    )


def _speed(report: Report) -> Table:
    rows = [
        Row(
            (
                s.system,
                f"{s.texts:,}",
                f"{s.per_second:,.0f}",
                ", ".join(
                    f"{part} {1000 * took / s.texts:.1f} ms" for part, took in s.seconds.items()
                ),
                ", ".join(dict.fromkeys(s.versions.values())),
            )
        )
        for s in report.speed
    ]
    return Table(
        "Speed in this run",
        f"On {report.cores} cores, one system at a time. Peers read the comment alone; trollbridge "
        "reads article, parent and thread where the set has them.",
        ("System", "Texts", "Texts/s", "By scorer, a text", "Version"),
        rows,
    )


def _sets(sets: Sequence[SetInfo]) -> Table:
    rows = [
        Row(
            (
                s.name,
                f"{s.texts:,}" + (f" of {s.total:,}" if s.texts < s.total else ""),
                s.about,
                "yes" if s.natural else "no",
                s.seen or "nothing",
            )
        )
        for s in sets
    ]
    return Table(
        "Sets",
        "What of each trained the weights that ship, and whether its mix is that of a stream of "
        "comments.",
        ("Set", "Texts", "What", "Natural mix", "Trains"),
        rows,
    )


def score(given: Figure) -> str:
    """A figure between 0 and 1 with its interval."""
    return f"{plain(given.value)} ({_short(given.low)}-{_short(given.high)})"


def _short(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")


def plain(value: float) -> str:
    """A figure between 0 and 1."""
    return f"{value:.3f}"


def percent(given: Figure | None) -> str:
    """A share with its interval."""
    if given is None:
        return NONE
    return f"{100 * given.value:.1f} % ({100 * given.low:.1f}-{100 * given.high:.1f})"
