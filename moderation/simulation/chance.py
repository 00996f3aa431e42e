"""Seeded chance that gives the same draws on every machine and Python version."""

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

_Item = TypeVar("_Item")


class Chance:
    """Draws that follow from a seed.

    Of `random.Random`, Python promises the same sequence in later versions for `random()` alone,
    so everything here is made of that and of arithmetic that IEEE 754 fixes to the last bit: no
    logarithm, no power. Seeds are names, hashed, so that each part of a simulation has draws of
    its own and does not move when another part takes more.
    """

    def __init__(self, *seed: str | int) -> None:
        digest = hashlib.sha256("/".join(map(str, seed)).encode()).digest()
        self.random = random.Random(int.from_bytes(digest, "big")).random
        """Uniform in [0, 1)."""

    def below(self, end: int) -> int:
        """One of 0 … `end` - 1."""
        return int(self.random() * end)

    def between(self, least: int, most: int) -> int:
        """One of `least` … `most`."""
        return least + int(self.random() * (most - least + 1))

    def happens(self, probability: float) -> bool:
        """True with this probability."""
        return self.random() < probability

    def pick(self, items: Sequence[_Item]) -> _Item:
        """One of the items."""
        return items[int(self.random() * len(items))]

    def sample(self, items: Sequence[_Item], count: int) -> list[_Item]:
        """`count` of the items, each at most once, in the order drawn."""
        left = list(items)
        for place in range(count):
            other = place + self.below(len(left) - place)
            left[place], left[other] = left[other], left[place]
        return left[:count]
