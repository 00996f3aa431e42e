"""Which source records a state has taken in, so that one that comes twice counts once."""

from typing import Final

import msgspec

_KEPT: Final = 16
"""Offsets remembered one by one."""


class Applied(msgspec.Struct, frozen=True, array_like=True):
    """Offsets of source records by partition; bounded.

    Exact as long as no record comes later than `_KEPT` others of its partition: whatever stands
    below the offsets that are remembered one by one counts as taken in.
    """

    latest: tuple[tuple[int, int], ...] = ()
    """(partition, offset), sorted."""
    floors: tuple[tuple[int, int], ...] = ()
    """By partition, the highest offset that is no longer remembered."""

    def has(self, partition: int, offset: int) -> bool:
        """Whether this record was taken in."""
        if (partition, offset) in self.latest:
            return True
        return any(each == partition and offset <= floor for each, floor in self.floors)

    def plus(self, partition: int, offset: int) -> "Applied":
        """The same with another record taken in."""
        latest = sorted({*self.latest, (partition, offset)}, key=lambda each: each[1])
        if len(latest) <= _KEPT:
            return Applied(tuple(latest), self.floors)
        floors = dict(self.floors)
        gone, offset = latest.pop(0)
        floors[gone] = max(offset, floors.get(gone, offset))
        return Applied(tuple(latest), tuple(sorted(floors.items())))
