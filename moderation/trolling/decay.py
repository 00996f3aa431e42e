"""Counts, rates and shares that fade: what happened a half-life ago counts half.

Time is always handed in, in seconds since the epoch, so that a state depends on its events alone
and not on when they were processed. Events may come out of order: a late one is added as much as
is left of it, and the result is the same as if it had come in time.
"""

import math
from typing import Final

import msgspec

MINUTE: Final = 60.0
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


def fraction(elapsed: float, half_life: float) -> float:
    """What is left of 1 after `elapsed` seconds; 1 when nothing has elapsed yet."""
    return 0.5 ** (elapsed / half_life) if elapsed > 0 else 1.0


class Decayed(msgspec.Struct, frozen=True, array_like=True):
    """A count as it stood at `at`."""

    value: float = 0.0
    at: float = 0.0

    def plus(self, amount: float, *, at: float, half_life: float) -> "Decayed":
        """Add what happened at `at`, late or not."""
        if at >= self.at:
            return Decayed(self.value * fraction(at - self.at, half_life) + amount, at)
        return Decayed(self.value + amount * fraction(self.at - at, half_life), self.at)

    def value_at(self, now: float, half_life: float) -> float:
        """What is left of the count; before `at` it counts as if `now` were `at`."""
        return self.value * fraction(now - self.at, half_life)

    def rate_at(self, now: float, half_life: float) -> float:
        """Events per second: a steady stream of one a second settles at 1."""
        return self.value_at(now, half_life) * math.log(2) / half_life


class Share(msgspec.Struct, frozen=True, array_like=True):
    """Hits among cases, both fading alike."""

    hits: float = 0.0
    cases: float = 0.0
    at: float = 0.0

    def plus(self, hits: float, cases: float, *, at: float, half_life: float) -> "Share":
        """Add cases, and the hits among them, that happened at `at`, late or not."""
        if at >= self.at:
            left = fraction(at - self.at, half_life)
            return Share(self.hits * left + hits, self.cases * left + cases, at)
        left = fraction(self.at - at, half_life)
        return Share(self.hits + hits * left, self.cases + cases * left, self.at)

    def plain(self) -> float:
        """Hits by cases as they were seen, 0..1; 0 when there were none."""
        return self.hits / self.cases if self.cases > 0 else 0.0

    def shrunk(self, now: float, half_life: float, *, prior: float, strength: float) -> float:
        """Hits by cases, drawn towards `prior` as by `strength` cases seen before.

        With few cases, or old ones, it is near the prior (the mean of a beta distribution's
        posterior).
        """
        left = fraction(now - self.at, half_life)
        return (self.hits * left + prior * strength) / (self.cases * left + strength)
