"""What a policy's thresholds do on a labelled set."""

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np

from moderation.evaluation.labelled import REVIEW, Item
from moderation.evaluation.metrics import Ranked, proportion, wilson
from moderation.evaluation.report import Flags, Operating, Point, Sweep, Threshold
from moderation.evaluation.scored import Scores, column
from moderation.policy import Policy, Rule

PRECISIONS: Final = (0.5, 0.7, 0.9)
_LEAST: Final = 20
"""Texts that a section needs to have a row."""
_STEPS: Final = 50


def operating_points(
    name: str, code: str, rule: Rule, items: Sequence[Item], scores: Scores
) -> Threshold:
    """What a rule's threshold does, and what others would.

    There must be positives and negatives.
    """
    rows = [row for row, item in enumerate(items) if code in item.labels]
    labels = np.array([items[row].labels[code] for row in rows])
    every = column(scores, code)
    values = every[rows]

    def operating(at: float) -> Operating:
        reached = values >= at
        return Operating(
            at,
            proportion(int((reached & labels).sum()), int(reached.sum())),
            proportion(int((reached & labels).sum()), int(labels.sum())),
            wilson(int((every >= at).sum()), len(every)),
        )

    ranked = Ranked(values, labels)
    lowest = {f"{wanted:g}": ranked.lowest_threshold(wanted) for wanted in PRECISIONS}
    return Threshold(
        name,
        code,
        rule.action,
        operating(rule.threshold),
        {wanted: None if at is None else operating(at) for wanted, at in lowest.items()},
    )


def flags(name: str, items: Sequence[Item], scores: Scores, policy: Policy) -> list[Flags]:
    """How many comments go to review: of all, of the harmless, of the wanted, of each section."""
    verdicts = [
        policy.judge(given, section=item.comment.section)
        for item, given in zip(items, scores, strict=True)
    ]

    def row(who: str, chosen: Sequence[bool]) -> Flags | None:
        picked = list(itertools.compress(verdicts, chosen))
        share = proportion(sum(v.decision == "review" for v in picked), len(picked))
        if share is None:
            return None
        codes: dict[str, int] = {}
        for verdict in picked:
            for reason in verdict.reasons:
                codes[reason.code] = codes.get(reason.code, 0) + 1
        return Flags(name, who, len(picked), share, codes)

    found = [
        row("all", [True] * len(items)),
        row("harmless", [item.labels.get(REVIEW) is False for item in items]),
        row("wanted", [item.labels.get(REVIEW) is True for item in items]),
    ]
    sections = sorted({item.comment.section for item in items if item.comment.section})
    for section in sections:
        given = row(f"section: {section}", [i.comment.section == section for i in items])
        if given is not None and given.texts >= _LEAST:
            found.append(given)
    return [given for given in found if given is not None]


def sweep(name: str, code: str, rule: Rule, scores: Scores) -> Sweep:
    """Share of texts that reach each of some thresholds, 0..1."""
    values = column(scores, code)
    steps = np.linspace(0, 1, _STEPS + 1)
    rates = [Point(round(float(at), 4), float((values >= at).mean())) for at in steps]
    return Sweep(name, code, rule.threshold, rates)
