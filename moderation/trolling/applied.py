"""Which source records a state has taken in, so that one that comes twice counts once."""

from typing import Final

import msgspec

KEPT: Final = 16
"""Offsets remembered one by one."""


class Applied(msgspec.Struct, frozen=True, array_like=True):
    """Offsets of source records by partition; bounded.

    Whatever stands below an offset that is no longer remembered one by one counts as taken in. So
    it is exact as long as each record comes before `KEPT` others have followed one that overtook it
    in its partition.
    """

    latest: tuple[tuple[int, int], ...] = ()
    """(partition, offset), in the order in which they came.

    Not in that of the offsets: those of a young partition would be the first to go.
    """
    floors: tuple[tuple[int, int], ...] = ()
    """By partition, the highest offset that is no longer remembered."""

    def has(self, partition: int, offset: int) -> bool:
        """Whether this record was taken in."""
        if (partition, offset) in self.latest:
            return True
        return any(each == partition and offset <= floor for each, floor in self.floors)

    def plus(self, partition: int, offset: int) -> "Applied":
        """The same with another record taken in."""
        latest = (*self.latest, (partition, offset))
        if len(latest) <= KEPT:
            return Applied(latest, self.floors)
        floors = dict(self.floors)
        gone, below = latest[0]
        floors[gone] = max(below, floors.get(gone, below))
        return Applied(latest[1:], tuple(sorted(floors.items())))
