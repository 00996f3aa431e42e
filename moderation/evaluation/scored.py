"""What a system said of a set's texts."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from moderation.evaluation.metrics import Array

Scores = Sequence[Mapping[str, float]]
"""Scores by key for each text."""


def says(scores: Scores, key: str) -> bool:
    """Whether the system scored any of the texts for a key."""
    return any(key in given for given in scores)


def column(scores: Scores, key: str, rows: Iterable[int] | None = None) -> Array:
    """One key's scores of some rows, or all; a text on which the system was silent counts 0."""
    chosen = range(len(scores)) if rows is None else rows
    return np.array([scores[row].get(key, 0.0) for row in chosen])
