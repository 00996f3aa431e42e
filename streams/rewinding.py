"""Faust's consumer, less one way in which it loses records.

When Faust throws away what it has read, around a rebalance, it seeks the committed offsets to read
it again. A partition of which nothing is committed yet it leaves where it stands, behind what it
has thrown away; and the next commit passes that.
"""

from collections.abc import Mapping

from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP


class RewindingConsumer(Consumer):
    """Seeks the beginning of partitions of which nothing is committed."""

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Go to the committed offsets; what they are, None where there is none."""
        committed = await super().seek_to_committed()
        # Where a changelog stands is for the recovery to say.
        fresh = [tp for tp, at in committed.items() if not at and not self._is_changelog_tp(tp)]
        if fresh:
            # Where the beginning is gone, `consumer_auto_offset_reset` leads to what is left.
            await self.seek_wait(dict.fromkeys(fresh, 0))
        return committed
