"""Restoring tables from their changelogs, by the thousand.

Faust hands each record of a changelog from task to task, which takes longer than all else that
happens to it: a state of a million comments would take minutes. Here what stands in the changelogs
when a worker gets its partitions is read by a consumer of its own, and Faust, told how far that
went, reads the rest, and does everything else.
"""

import logging
import time
from collections import Counter
from collections.abc import Collection
from typing import Any, Final, NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from faust.tables.recovery import Recovery
from faust.types import TP

from streams.clients import client_options
from streams.settings import Settings

log = structlog.get_logger(__name__)

_STALLED_SECONDS: Final = 20.0
"""Nothing came for so long: Faust shall read the rest."""
_AT_ONCE: Final = 2_000


class _Message(NamedTuple):
    tp: TP
    partition: int
    offset: int
    key: bytes
    value: bytes | None


class _Event(NamedTuple):
    """What a store looks at when it takes in a record of a changelog."""

    message: _Message
    key: bytes
    value: bytes | None


class BulkRecovery(Recovery):
    """Faust's recovery, with most of the reading done before it begins."""

    def __init__(self, app: Any, *, settings: Settings) -> None:
        super().__init__(app, app.tables, beacon=app.tables.beacon, loop=app.tables.loop)
        self._settings = settings

    async def _build_offsets(
        self, consumer: Any, tps: set[TP], destination: "Counter[TP]", title: str
    ) -> None:
        """Find out from which offsets to read; `destination` has the last ones taken in."""
        await super()._build_offsets(consumer, tps, destination, title)
        behind = [tp for tp in tps if destination[tp] < self.active_highwaters.get(tp, -1)]
        if title != "active" or not behind:
            return
        try:
            await self._read(behind, destination)
        except KafkaError as error:
            log.warning("changelogs cannot be read in bulk", error=str(error))

    async def _wait(self, coro: Any, timeout: Any = None) -> None:  # noqa: ARG002
        """Wait for a step, as long as it takes.

        One that takes longer than Faust expects would end the restoring without an error.
        """
        await super()._wait(coro)

    async def _read(self, tps: Collection[TP], done: "Counter[TP]") -> None:
        consumer = AIOKafkaConsumer(
            **client_options(self._settings),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            consumer.assign([TopicPartition(tp.topic, tp.partition) for tp in tps])
            for tp in tps:
                consumer.seek(TopicPartition(tp.topic, tp.partition), done[tp] + 1)
            left, heard_at = set(tps), time.monotonic()
            while left and time.monotonic() - heard_at < _STALLED_SECONDS:
                found = await consumer.getmany(timeout_ms=200, max_records=_AT_ONCE)
                heard_at = time.monotonic() if found else heard_at
                for place, records in found.items():
                    self._take(TP(place.topic, place.partition), records)
                for tp in list(left):
                    # The last offsets may be none of a record, so it is the position that counts.
                    place = TopicPartition(tp.topic, tp.partition)
                    done[tp] = max(done[tp], await consumer.position(place) - 1)
                    if done[tp] >= self.active_highwaters[tp]:
                        left.discard(tp)
                        consumer.pause(place)
        finally:
            await consumer.stop()

    def _take(self, tp: TP, records: Collection[Any]) -> None:
        messages = [
            _Message(tp, tp.partition, record.offset, record.key, record.value)
            for record in records
        ]
        events: Any = [_Event(message, message.key, message.value) for message in messages]
        self.tp_to_table[tp].apply_changelog_batch(events)


# As talkative as Faust's own, which is silenced where its modules are.
BulkRecovery.logger = logging.getLogger(Recovery.__module__)
