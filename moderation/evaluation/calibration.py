"""Whether a score is the share of texts that it claims to be."""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from moderation.evaluation.metrics import Array, Figure, Resamples, figure, wilson

_SHARE: Final = 4
"""Each bin takes one in four of the texts that are left: most scores are low, yet the high ones,
where thresholds lie, get bins of their own."""
_LEAST: Final = 30
"""Texts in a bin, if there are so many."""


class Bin(msgspec.Struct, frozen=True):
    """Texts of like score."""

    count: int
    score: float
    """Mean score: what the scorer claims."""
    observed: Figure
    """Share of positives: what is so, with its Wilson interval."""


class Calibration(msgspec.Struct, frozen=True):
    """How far scores are from probabilities."""

    brier: Figure
    """Mean squared distance of score and label (Brier 1950)."""
    error: float
    """Expected calibration error: mean distance of claim and share over the bins, by count. It
    has no interval, since resampling adds to it; the bins have theirs."""
    bins: list[Bin]


def calibration(scores: Array, labels: npt.NDArray[np.bool_], resamples: Resamples) -> Calibration:
    """Brier score, expected calibration error and reliability bins, lowest scores first."""
    squares = (scores - labels) ** 2
    (brier,) = resamples.spread(lambda weights: [weights @ squares / weights.sum(1)])
    bins = reliability(scores, labels)
    error = sum(b.count * abs(b.score - b.observed.value) for b in bins) / len(scores)
    return Calibration(figure(float(squares.mean()), brier), error, bins)


def reliability(scores: Array, labels: npt.NDArray[np.bool_]) -> list[Bin]:
    """Texts in bins by score; equal scores share a bin."""
    order = np.argsort(scores, kind="stable")
    ordered, said = scores[order], labels[order]
    bins = []
    start, count = 0, len(ordered)
    while start < count:
        end = start + max(_LEAST, -(-(count - start) // _SHARE))
        end = int(np.searchsorted(ordered, ordered[min(end, count) - 1], side="right"))
        if count - end < _LEAST:
            end = count
        observed = wilson(int(said[start:end].sum()), end - start)
        bins.append(Bin(end - start, float(ordered[start:end].mean()), observed))
        start = end
    return bins
