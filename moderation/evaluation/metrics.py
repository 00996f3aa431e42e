"""Figures of a score against labels, with bootstrap intervals.

All of them are computed for many resamples at once: a resample is a row of whole-number weights,
one for each text.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from moderation.evaluation.labelled import SEED

Array = npt.NDArray[np.float64]
RESAMPLES: Final = 1_000
RECALL: Final = 0.8
"""Recall at which the rate of false positives is given."""
_LEAST_FLAGGED: Final = 10
"""A precision that fewer texts show is chance."""
_BLOCK: Final = 2_000_000
"""Weights that are held at a time."""
_Z: Final = 1.959964
"""Normal quantile of a 95 % interval."""


class Figure(msgspec.Struct, frozen=True):
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


class Ranking(NamedTuple):
    """What does not change when scores are stretched; arrays have one entry for each resample."""

    auc: Array
    """Chance that a positive scores higher than a negative, ties counting half."""
    ap: Array
    """Average precision: precision weighed by the recall that each threshold adds."""
    fpr: Array
    """Share of the negatives that score at least what `RECALL` of the positives reach."""


class Resamples:
    """Bootstrap resamples of labelled texts (Efron 1979), the same for every system.

    Whole groups are drawn with replacement, so that texts of one thread stay together; a text
    without a group is one. Groups with a positive and groups without are drawn apart, so that no
    resample of a set with few positives goes without.
    """

    def __init__(
        self,
        labels: npt.NDArray[np.bool_],
        groups: Sequence[str] = (),
        *,
        count: int = RESAMPLES,
    ) -> None:
        self._count = count
        names = [group or f"\0{row}" for row, group in enumerate(groups or [""] * len(labels))]
        _, self._group = np.unique(np.array(names, dtype=object), return_inverse=True)
        positive = np.zeros(self._group.max(initial=-1) + 1, dtype=bool)
        positive[self._group[labels]] = True
        self._strata = [np.flatnonzero(positive), np.flatnonzero(~positive)]

    def __iter__(self) -> Iterator[Array]:
        """Blocks of weights, shape (resamples of the block, texts)."""
        draw = np.random.default_rng(SEED)
        groups = sum(len(stratum) for stratum in self._strata)
        rows = max(1, min(self._count, _BLOCK // max(1, len(self._group))))
        for start in range(0, self._count, rows):
            size = min(rows, self._count - start)
            weights = np.zeros((size, groups))
            for stratum in self._strata:
                if len(stratum):
                    drawn = draw.integers(len(stratum), size=(size, len(stratum)))
                    cells = drawn + np.arange(size)[:, None] * len(stratum)
                    counts = np.bincount(cells.ravel(), minlength=size * len(stratum))
                    weights[:, stratum] = counts.reshape(size, -1)
            yield weights[:, self._group]

    def spread(self, statistic: Callable[[Array], Sequence[Array]]) -> list[Array]:
        """What a statistic gives for each resample: arrays of shape (resamples,)."""
        blocks = [statistic(weights) for weights in self]
        return [np.concatenate(parts) for parts in zip(*blocks, strict=True)]


def figure(value: float, samples: Array) -> Figure:
    """A value with the middle 95 % of its resamples, widened where it lies outside them."""
    low, high = np.nanquantile(samples, [0.025, 0.975]) if len(samples) else (value, value)
    return Figure(value, float(min(low, value)), float(max(high, value)))


def proportion(hits: int, count: int) -> Figure | None:
    """A share with its Wilson interval; None of nothing."""
    return wilson(hits, count) if count else None


def wilson(hits: int, count: int) -> Figure:
    """A share of at least one with its interval (Wilson 1927), which is right for none of few.

    A bootstrap would say of no hit among forty that the share is certainly nought.
    """
    share, spread = hits / count, _Z**2 / count
    middle = share + spread / 2
    reach = _Z * float(np.sqrt(share * (1 - share) / count + spread / (4 * count)))
    low, high = (middle - reach) / (1 + spread), (middle + reach) / (1 + spread)
    return Figure(share, max(0.0, min(low, share)), min(1.0, max(high, share)))


class Ranked:
    """Scores in falling order, ties together."""

    def __init__(self, scores: Array, labels: npt.NDArray[np.bool_]) -> None:
        self._order = np.argsort(-scores, kind="stable")
        ordered = scores[self._order]
        self._labels = labels[self._order].astype(np.float64)
        self._starts = np.flatnonzero(np.append(True, ordered[1:] < ordered[:-1]))
        self.levels = ordered[self._starts]
        """Distinct scores, falling."""

    def counts(self, weights: Array) -> tuple[Array, Array]:
        """Positives and negatives that score at least each level: shape (resamples, levels)."""
        ordered = weights[:, self._order]
        positive = ordered * self._labels
        return self._at_least(positive), self._at_least(ordered - positive)

    def _at_least(self, weights: Array) -> Array:
        found: Array = np.cumsum(np.add.reduceat(weights, self._starts, axis=1), axis=1)
        return found

    def _once(self) -> tuple[Array, Array]:
        """The counts of the texts as they are."""
        hits, alarms = self.counts(np.ones((1, len(self._order))))
        return hits[0], alarms[0]

    def ranking(self, weights: Array) -> Ranking:
        """AUC, average precision and false positives; nan where a class is absent."""
        hits, alarms = self.counts(weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            recall, fpr = hits / hits[:, -1:], alarms / alarms[:, -1:]
            gained = np.diff(recall, axis=1, prepend=0)
            # Below each level, ties by half: the area under the curve, turned on its side.
            missed = 1 - fpr + np.diff(fpr, axis=1, prepend=0) / 2
            precision = np.where(hits + alarms > 0, hits / (hits + alarms), 0)
        # The smallest error in the last digit must not send it to the next level.
        reached = np.argmax(recall >= RECALL - 1e-9, axis=1)
        return Ranking(
            auc=(gained * missed).sum(1),
            ap=(gained * precision).sum(1),
            fpr=np.take_along_axis(fpr, reached[:, None], 1)[:, 0],
        )

    def curves(self) -> tuple[Array, Array, Array]:
        """Recall, false-positive rate and precision at each level, first the highest."""
        hits, alarms = self._once()
        return hits / hits[-1], alarms / alarms[-1], hits / (hits + alarms)

    def lowest_threshold(self, precision: float) -> float | None:
        """The lowest score from which on `precision` of the texts are positive, if there is one.

        At least ten texts must reach it.
        """
        hits, alarms = self._once()
        flagged = hits + alarms
        enough = (hits >= precision * flagged) & (flagged >= _LEAST_FLAGGED)
        return float(self.levels[np.flatnonzero(enough)[-1]]) if enough.any() else None
