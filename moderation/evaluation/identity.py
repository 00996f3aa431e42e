"""Whether a score is fair to the groups of people that a text speaks of.

The three AUCs are those of Borkan, Dixon, Sorensen, Thain and Vasserman (2019), "Nuanced metrics
for measuring unintended bias with real data for text classification".
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from moderation.evaluation.metrics import (
    Array,
    Figure,
    Ranked,
    Resamples,
    figure,
    proportion,
)

_POWER: Final = -5
"""Exponent of the mean over terms, as in the paper: the worst terms weigh most."""
_LEAST: Final = 5
"""Positives and negatives that a term needs."""


class Term(msgspec.Struct, frozen=True):
    """How a score does on texts with one identity term; the background is all other texts."""

    term: str
    texts: int
    subgroup: Figure
    """AUC among the texts with the term."""
    bpsn: Figure
    """AUC of the background's positives against the term's negatives: low when harmless texts
    with the term score too high."""
    bnsp: Figure
    """AUC of the term's positives against the background's negatives: low when attacks with the
    term score too low."""
    false_flags: Figure | None
    """Share of harmless texts with the term that reach the threshold; None without a threshold."""


class Identity(msgspec.Struct, frozen=True):
    """Terms, the worst (lowest BPSN AUC) first, and power means over them."""

    terms: list[Term]
    subgroup: float
    bpsn: float
    bnsp: float
    false_flags: Figure | None
    """Over all harmless texts that have any term."""


def identity_gaps(
    scores: Array,
    labels: npt.NDArray[np.bool_],
    terms: Sequence[Sequence[str]],
    *,
    threshold: float | None = None,
    resamples: int = 200,
) -> Identity | None:
    """Figures for each term that has enough texts; None when none has."""
    known = sorted({term for given in terms for term in given})
    found = []
    for term in known:
        has = np.array([term in given for given in terms])
        counts = [int((has & labels).sum()), int((has & ~labels).sum())]
        outside = [int((~has & labels).sum()), int((~has & ~labels).sum())]
        if min(*counts, *outside) < _LEAST:
            continue
        auc = {
            name: _auc(scores[chosen], labels[chosen], resamples)
            for name, chosen in (
                ("subgroup", has),
                ("bpsn", np.where(has, ~labels, labels)),
                ("bnsp", np.where(has, labels, ~labels)),
            )
        }
        flags = _false_flags(scores, has & ~labels, threshold)
        found.append(Term(term, int(has.sum()), auc["subgroup"], auc["bpsn"], auc["bnsp"], flags))
    if not found:
        return None
    found.sort(key=lambda term: term.bpsn.value)
    named = np.array([bool(given) for given in terms])
    means = {
        name: _power_mean([getattr(term, name).value for term in found])
        for name in ("subgroup", "bpsn", "bnsp")
    }
    return Identity(found, **means, false_flags=_false_flags(scores, named & ~labels, threshold))


def _auc(scores: Array, labels: npt.NDArray[np.bool_], count: int) -> Figure:
    ranked = Ranked(scores, labels)
    value = float(ranked.ranking(np.ones((1, len(scores)))).auc[0])
    samples = Resamples(labels, count=count).spread(lambda weights: [ranked.ranking(weights).auc])
    return figure(value, samples[0])


def _false_flags(
    scores: Array, harmless: npt.NDArray[np.bool_], threshold: float | None
) -> Figure | None:
    if threshold is None:
        return None
    return proportion(int((scores[harmless] >= threshold).sum()), int(harmless.sum()))


def _power_mean(values: Sequence[float]) -> float:
    # A term that is always wrong would make the mean infinite.
    raised = np.maximum(values, 1e-6) ** float(_POWER)
    return float(raised.mean() ** (1 / _POWER))
