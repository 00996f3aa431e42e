"""Acknowledging in order: the one rule that keeps a commit from passing an unfinished record.

Faust commits the first run of consecutive acknowledged offsets that it sees, so an
acknowledgement that overtakes an older record can commit past it. This window holds every record
from reading to confirmation and lets only the head of each partition go.
"""

from collections import deque
from typing import Generic, TypeVar

from faust.types import TP

Item = TypeVar("Item")


class _Slot(Generic[Item]):
    __slots__ = ("done", "item", "offset")

    def __init__(self, item: Item, offset: int) -> None:
        self.item = item
        self.offset = offset
        self.done = False


class AckWindow(Generic[Item]):
    """Records in flight by partition, in the order in which they were read."""

    def __init__(self) -> None:
        self._slots: dict[TP, deque[_Slot[Item]]] = {}
        self._positions: dict[TP, int] = {}

    def __len__(self) -> int:
        return sum(len(slots) for slots in self._slots.values())

    def enter(self, tp: TP, offset: int, item: Item) -> _Slot[Item]:
        """Hold a record that was just read."""
        slot = _Slot(item, offset)
        self._slots.setdefault(tp, deque()).append(slot)
        return slot

    def finish(self, tp: TP, slot: _Slot[Item]) -> list[Item]:
        """Mark a record finished; the items that may be acknowledged now, in order."""
        slot.done = True
        free: list[Item] = []
        slots = self._slots.get(tp, deque())
        while slots and slots[0].done:
            head = slots.popleft()
            self._positions[tp] = head.offset + 1
            free.append(head.item)
        return free

    def positions(self) -> dict[TP, int]:
        """By partition, the offset before which everything is finished."""
        return dict(self._positions)

    def oldest(self) -> list[Item]:
        """The first unfinished item of each partition."""
        return [slots[0].item for slots in self._slots.values() if slots]

    def clear(self) -> None:
        """Forget everything: the partitions were taken away and will be read anew."""
        self._slots.clear()
        self._positions.clear()
