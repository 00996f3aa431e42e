"""Linear heads over a window's embedding and n-grams."""

import io
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from moderation.errors import WeightsError
from moderation.scoring.encoder import Vector, read_weights
from moderation.scoring.ngrams import BUCKETS, Counts, count
from moderation.scoring.reading import Window

_LIMIT: Final = 30.0


class Weights:
    """Arrays of an `.npz` file of `moderation/weights`."""

    def __init__(self, name: str) -> None:
        self._name = name
        try:
            with np.load(io.BytesIO(read_weights(name)), allow_pickle=False) as arrays:
                self._arrays = {key: arrays[key] for key in arrays.files}
        except (ValueError, OSError, EOFError) as error:
            raise WeightsError(f"weights {name} are damaged: {error}") from error

    def __getitem__(self, key: str) -> Vector:
        try:
            return np.asarray(self._arrays[key], dtype=np.float32)
        except KeyError as error:
            raise WeightsError(f"weights {self._name} lack {key}") from error


class Heads:
    """Several logistic regressions over the same features."""

    def __init__(self, file: str) -> None:
        weights = weights_of(file)
        self._embedding = weights["embedding"]
        """Shape (768, heads)."""
        self._ngrams = weights["ngrams"]
        """Shape (buckets, heads)."""
        self._bias = weights["bias"]
        self._rarity = weights_of("ngrams.npz")["rarity"]
        if self._ngrams.shape != (BUCKETS, len(self._bias)):
            raise WeightsError(f"weights {file} have the wrong shape")

    def logits(self, window: Window) -> Vector:
        """Log odds of each head for a window: float32 of shape (heads,)."""
        dense = window.embedding @ self._embedding
        return np.asarray(dense + self._weigh(window.ngrams) + self._bias, dtype=np.float32)

    def sparse(self, text: str) -> Vector:
        """What the n-grams of a text alone add to the log odds: float32 of shape (heads,)."""
        return self._weigh(count(text))

    def _weigh(self, counts: Counts) -> Vector:
        buckets, values = weigh(counts, self._rarity)
        return np.asarray(values @ self._ngrams[buckets], dtype=np.float32)


class Combination:
    """A logistic regression over a few named numbers, fitted by `moderation.training`."""

    def __init__(self, name: str, features: Sequence[str]) -> None:
        weights = weights_of("context.npz")
        self._weights = weights[f"{name}.weights"]
        self._bias = float(weights[f"{name}.bias"][0])
        if self._weights.shape != (len(features),):
            raise WeightsError(f"weights for {name} do not fit its {len(features)} features")

    def logit(self, features: npt.ArrayLike) -> float:
        """Log odds for features in the order that they were fitted in."""
        return float(np.asarray(features, dtype=np.float32) @ self._weights) + self._bias


def weigh(counts: Counts, rarity: Vector) -> Counts:
    """TF-IDF: weight counts by rarity (`rarity` has shape (buckets,)), to a vector of length 1."""
    values = counts.values * rarity[counts.buckets]
    norm = float(np.linalg.norm(values))
    return Counts(counts.buckets, values / norm if norm else values)


def probability(logit: float) -> float:
    """The logistic function, safe at both ends."""
    return float(1 / (1 + np.exp(-np.clip(logit, -_LIMIT, _LIMIT))))


@lru_cache(maxsize=16)
def weights_of(name: str) -> Weights:
    """Read a weights file once for a process; WeightsError when absent or damaged."""
    return Weights(name)
