"""A run: every system on every set, and the policy on what trollbridge scored."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import numpy as np

from moderation.evaluation.calibration import calibration
from moderation.evaluation.identity import identity_gaps
from moderation.evaluation.labelled import REVIEW, SEED, Item, LabelledSet
from moderation.evaluation.metrics import RESAMPLES, Array, Ranked, Resamples, figure
from moderation.evaluation.peers import OURS, Absent, System
from moderation.evaluation.policy_figures import flags, operating_points, sweep
from moderation.evaluation.report import (
    Fairness,
    Point,
    Quality,
    Report,
    SetInfo,
    Skipped,
    Speed,
)
from moderation.evaluation.scored import Scores, column, says
from moderation.policy import Policy

_BATCH: Final = 256
LEAST: Final = 10
"""Positives and negatives that figures need: with one positive a resample shows no doubt."""
_CURVE: Final = 60
"""Points of a curve that the report keeps."""
Progress = Callable[[str, int, int], None]
"""What is being done, how many texts are done, and of how many."""


class _Clock(NamedTuple):
    texts: int = 0
    seconds: float = 0.0


def evaluate(
    measured: System,
    peers: Iterable[Callable[[], System | Absent]],
    sets: Iterable[Callable[[], LabelledSet]],
    policy: Policy,
    *,
    limit: int = 0,
    skipped: Sequence[Skipped] = (),
    on_progress: Progress = lambda *_: None,
) -> Report:
    """Measure a system and its peers on sets, each read when its turn comes.

    `limit`: texts of each set, drawn by chance; 0: all. ScoringError when a scorer fails,
    SettingsError when a set cannot be read.
    """
    missing = list(skipped)
    systems: list[System] = [measured]
    for load in peers:
        on_progress("getting the peers ready", 0, 0)
        peer = load()
        if isinstance(peer, Absent):
            missing.append(Skipped(peer.name, peer.reason))
        else:
            systems.append(peer)
    clocks = {system.name: _Clock() for system in systems}
    report = Report(
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        policy=policy.version,
        seed=SEED,
        limit=limit,
        resamples=RESAMPLES,
        cores=os.cpu_count() or 1,
        systems=[system.name for system in systems],
        skipped=missing,
    )
    for read in sets:
        on_progress("reading the next set", 0, 0)
        found = read().sample(limit)
        info = SetInfo(
            found.name, found.about, found.seen, found.natural, len(found.items), found.total
        )
        report.sets.append(info)
        scored = {}
        for system in systems:
            if _can_say(system, found.items):
                started = time.perf_counter()
                scored[system.name] = _score(system, found, on_progress)
                texts, seconds = clocks[system.name]
                clocks[system.name] = _Clock(
                    texts + len(found.items), seconds + time.perf_counter() - started
                )
        on_progress(f"{found.name}: figures", 0, 0)
        _figures(report, info, found.items, scored, policy)
    report.speed.extend(
        Speed(
            system.name,
            dict(system.versions),
            clocks[system.name].texts,
            clocks[system.name].texts / max(clocks[system.name].seconds, 1e-9),
            dict(system.seconds),
        )
        for system in systems
        if clocks[system.name].texts
    )
    return report


def _can_say(system: System, items: Sequence[Item]) -> bool:
    return not system.keys or any(system.keys & item.labels.keys() for item in items)


def _score(system: System, found: LabelledSet, on_progress: Progress) -> Scores:
    scores: list[Mapping[str, float]] = []
    for start in range(0, len(found.items), _BATCH):
        on_progress(f"{found.name}: {system.name}", start, len(found.items))
        scores += system.score([item.comment for item in found.items[start : start + _BATCH]])
    return scores


def _figures(
    report: Report,
    info: SetInfo,
    items: Sequence[Item],
    scored: Mapping[str, Scores],
    policy: Policy,
) -> None:
    """Add what the scores of a set show."""
    ours = scored[report.systems[0]]
    rules = policy.rules("")
    _rankings(report, info, items, scored, policy)
    report.flags.extend(flags(info.name, items, ours, policy))
    if info.natural:
        report.sweeps.extend(
            sweep(info.name, code, rule, ours) for code, rule in rules.items() if says(ours, code)
        )
    if any(item.identity for item in items):
        threshold_now = rules["toxicity"].threshold if "toxicity" in rules else None
        report.fairness.extend(_fairness(info.name, items, scored, threshold_now))


def _rankings(
    report: Report,
    info: SetInfo,
    items: Sequence[Item],
    scored: Mapping[str, Scores],
    policy: Policy,
) -> None:
    """Add what the scores of each key show against its labels."""
    ours, rules = scored[report.systems[0]], policy.rules("")
    for key in sorted({key for item in items for key in item.labels} - {REVIEW}):
        given = [item.labels[key] for item in items if key in item.labels]
        few = min(sum(given), len(given) - sum(given))
        if few < LEAST:
            reason = (
                f"{sum(given):,} positives and {len(given) - sum(given):,} negatives; "
                f"{LEAST} of each are needed"
            )
            report.skipped.append(Skipped(f"{info.name}: {key}", reason))
            continue
        report.quality.extend(_quality(info.name, key, items, scored))
        if key in rules and says(ours, key):
            found = operating_points(info.name, key, rules[key], items, ours)
            report.thresholds.append(found)


def _fairness(
    name: str, items: Sequence[Item], scored: Mapping[str, Scores], threshold_now: float | None
) -> Iterator[Fairness]:
    """Each system's identity gaps; the policy's threshold is for trollbridge's scores alone."""
    rows = [row for row, item in enumerate(items) if "toxicity" in item.labels]
    labels = np.array([items[row].labels["toxicity"] for row in rows], dtype=bool)
    terms = [items[row].identity for row in rows]
    for system, scores in scored.items():
        if says(scores, "toxicity"):
            values = column(scores, "toxicity", rows)
            threshold = threshold_now if system == OURS else None
            gaps = identity_gaps(values, labels, terms, threshold=threshold)
            if gaps is not None:
                yield Fairness(name, system, gaps)


def _quality(
    name: str, key: str, items: Sequence[Item], scored: Mapping[str, Scores]
) -> list[Quality]:
    rows = [row for row, item in enumerate(items) if key in item.labels]
    labels = np.array([items[row].labels[key] for row in rows])
    positives = int(labels.sum())
    resamples = Resamples(labels, [items[row].group for row in rows])
    found = []
    first: tuple[float, Array] | None = None
    for system, scores in scored.items():
        if not says(scores, key):
            continue
        values = column(scores, key, rows)
        ranked = Ranked(values, labels)
        point = ranked.ranking(np.ones((1, len(rows))))
        samples = resamples.spread(ranked.ranking)
        auc = float(point.auc[0])
        lead = None
        if first is None:
            first = (auc, samples[0])
        else:
            lead = figure(first[0] - auc, first[1] - samples[0])
        recall, fpr, precision = ranked.curves()
        found.append(
            Quality(
                set=name,
                key=key,
                system=system,
                positives=positives,
                negatives=len(labels) - positives,
                auc=figure(auc, samples[0]),
                ap=figure(float(point.ap[0]), samples[1]),
                fpr=figure(float(point.fpr[0]), samples[2]),
                lead=lead,
                calibration=calibration(values, labels, resamples),
                roc=_thinned(np.append(0, fpr), np.append(0, recall)),
                pr=_thinned(recall, precision),
            )
        )
    return found


def _thinned(x: Array, y: Array) -> list[Point]:
    """A curve's points, evenly along its length where there are too many."""
    if len(x) > _CURVE:
        length = np.append(0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
        chosen = np.unique(np.searchsorted(length, np.linspace(0, length[-1], _CURVE)))
        x, y = x[chosen], y[chosen]
    return [Point(round(float(a), 4), round(float(b), 4)) for a, b in zip(x, y, strict=True)]
