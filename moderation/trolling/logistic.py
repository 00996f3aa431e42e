"""A probability from named, hand-set contributions, so that each can be shown and switched off."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

_MOST_SHOWN: Final = 3
_LEAST_SHOWN: Final = 0.1
"""Log odds below which a contribution is not worth a moderator's time."""


class Contribution(msgspec.Struct, frozen=True):
    """What one signal adds to the log odds, or takes from them."""

    signal: str
    weight: float
    """Log odds; below 0 it speaks against."""
    detail: str
    """In plain words, for a moderator."""


def probability(log_odds: float) -> float:
    """The logistic function, 0..1."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    grown = math.exp(log_odds)
    return grown / (1 + grown)


def log_odds(chance: float) -> float:
    """The inverse of `probability`, for a chance between 0 and 1."""
    return math.log(chance / (1 - chance))


def ramp(value: float, low: float, high: float) -> float:
    """0 up to `low`, 1 from `high` on, straight between."""
    if value <= low:
        return 0.0
    return 1.0 if value >= high else (value - low) / (high - low)


def largest(contributions: Iterable[Contribution]) -> list[Contribution]:
    """The three that move the probability most, up or down, the strongest first."""
    worth = [each for each in contributions if abs(each.weight) >= _LEAST_SHOWN]
    return sorted(worth, key=lambda each: -abs(each.weight))[:_MOST_SHOWN]


def in_words(contributions: Sequence[Contribution]) -> str:
    """Contributions as a moderator reads them, those that speak against marked as such."""
    return "; ".join(
        each.detail if each.weight > 0 else f"in favour: {each.detail}" for each in contributions
    )
