"""How many different things were seen: exactly while they are few, nearly when they are many.

This is the theta sketch of Dasgupta, Lang, Rhodes and Thaler (2016), "A Framework for Estimating
Stream Expression Cardinalities": the lowest hashes, and a limit below which none is missing.
"""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import msgspec

SIZE: Final = 256
"""Things that are counted exactly; beyond, the standard error is 1 in the root of this, 6 %."""
_ALL: Final = 2**63


@lru_cache(maxsize=16_384)
def hash63(name: str) -> int:
    """A number from 0 to 2**63 - 1 that is the same in every process and version (BLAKE2b)."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


class Distinct(msgspec.Struct, frozen=True, array_like=True):
    """A set of names of which only the count is of interest.

    Joining is commutative, associative and idempotent, so neither order nor repetition matters.
    """

    hashes: tuple[int, ...] = ()
    """Sorted; every hash of the set that is lower than `limit`."""
    limit: int = _ALL

    @staticmethod
    def of(names: Iterable[str]) -> "Distinct":
        """The set of these names."""
        return _lowest({hash63(name) for name in names}, _ALL)

    @property
    def exact(self) -> bool:
        """Whether `count` is the true one."""
        return self.limit == _ALL

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.hashes) if self.exact else round(len(self.hashes) * _ALL / self.limit)

    def joined(self, other: "Distinct") -> "Distinct":
        """The union."""
        if self.limit <= other.limit and self._has(other):
            return self
        return _lowest({*self.hashes, *other.hashes}, min(self.limit, other.limit))

    def without(self, names: Iterable[str]) -> "Distinct":
        """The set less some names."""
        gone = {hash63(name) for name in names}
        return Distinct(tuple(n for n in self.hashes if n not in gone), self.limit)

    def _has(self, other: "Distinct") -> bool:
        return {n for n in other.hashes if n < self.limit} <= set(self.hashes)


def _lowest(hashes: set[int], limit: int) -> Distinct:
    below = sorted(number for number in hashes if number < limit)
    if len(below) <= SIZE:
        return Distinct(tuple(below), limit)
    return Distinct(tuple(below[:SIZE]), below[SIZE])
