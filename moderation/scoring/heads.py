"""Logistic regressions over a few named numbers."""

import io
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from moderation.errors import WeightsError
from moderation.scoring.encoder import Vector, read_weights

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


class Combination:
    """A logistic regression over a few named numbers; `moderation.training` fits it."""

    def __init__(self, name: str, features: Sequence[str]) -> None:
        weights = weights_of("context.npz")
        self._weights = weights[f"{name}.weights"]
        self._bias = float(weights[f"{name}.bias"][0])
        if self._weights.shape != (len(features),):
            raise WeightsError(f"weights for {name} do not fit its {len(features)} features")

    def logit(self, features: npt.ArrayLike) -> float:
        """Log odds for features in the order that they were fitted in."""
        return float(np.asarray(features, dtype=np.float32) @ self._weights) + self._bias


def probability(logit: float) -> float:
    """The logistic function, safe at both ends."""
    return 1 / (1 + math.exp(-max(-_LIMIT, min(_LIMIT, logit))))


@lru_cache(maxsize=16)
def weights_of(name: str) -> Weights:
    """Read a weights file once for a process; WeightsError when absent or damaged."""
    return Weights(name)
