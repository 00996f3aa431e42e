"""Faust tables that a micro-batch can write, confirmed like everything else that it sends.

Faust's own way is a write from within stream iteration, one record at a time, whose changelog
record nobody waits for. Here a write may come from any place that knows its partition, goes to the
store, and its changelog record through the outbox, so that the broker has confirmed it before the
source record is acknowledged. Restoring from the changelog, and the store, are Faust's.

A row that a micro-batch changes several times is sent once. What is sent is what the row holds when
it is sent, whoever changed it last, so whatever order writers have, the last record of a row in the
changelog is its last value.

Keys carry the partition in front: an article whose comments a producer spreads over several
partitions has a thread of its own in each, and every row tells who owns it.
"""

import asyncio
import contextlib
import time
import weakref
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from typing import Any, Final, Generic, NamedTuple, TypeVar

import faust
import structlog
from faust.streams import _current_event
from faust.types import TP

from moderation.errors import BrokerError, StateError
from moderation.trolling.rows import Codec
from streams import metrics
from streams.outbox import Delivery, Outbox, Outgoing, is_transient
from streams.topics import Topics

log = structlog.get_logger(__name__)

Row = TypeVar("Row")

_MOST_SECONDS: Final = 0.005
"""How long a walk over many rows may hold up everything else."""
_ROWS_AT_ONCE: Final = 500
"""Rows of a rewriting that are confirmed together."""

_ROCKSDB: Final = {
    "write_buffer_size": 8 * 2**20,
    "max_write_buffer_number": 2,
    "block_cache_size": 8 * 2**20,
}
"""Bytes for each partition of a table; Faust's own would come to gigabytes over all of them."""


class _Place(contextlib.AbstractContextManager[None]):
    """Lets a store believe that an event of a partition is being handled, which it asks about."""

    def __init__(self, topic: str, partition: int) -> None:
        self.message = TP(topic, partition)
        self._event: Any = weakref.ref(self)

    def __enter__(self) -> None:
        self._token = _current_event.set(self._event)

    def __exit__(self, *_: object) -> None:
        _current_event.reset(self._token)


class _Table(faust.Table[bytes, bytes]):
    """A table whose service says nothing of itself."""

    mundane_level = "debug"


class _Change(NamedTuple):
    table: "StateTable[Any]"
    stored: bytes
    deletes: bool


class Writes:
    """The changes that one micro-batch makes, on their way to the changelogs."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._made: dict[tuple[str, bytes], _Change] = {}
        """Not sent yet, in the order of their first change."""
        self._sent: list[_Change] = []
        self._delivery = Delivery()
        self._waiting: list[int] = []
        """For which the producer had no room."""
        self._confirming: asyncio.Task[None] | None = None

    def add(self, table: "StateTable[Any]", stored: bytes, *, deletes: bool) -> None:
        """Note a change; its record goes out as soon as whoever makes changes lets others work."""
        if not self._made:
            asyncio.get_running_loop().call_soon(self._send)
        self._made[table.name, stored] = _Change(table, stored, deletes)

    def _send(self) -> None:
        for change in self._made.values():
            record = _record(change)
            if record is None:
                continue
            if not self._outbox.hand_over(record, self._delivery, len(self._sent)):
                self._waiting.append(len(self._sent))
            self._sent.append(change)
        self._made.clear()

    async def confirmed(self) -> None:
        """Wait until the broker has every change; BrokerError when it refuses one."""
        self._send()
        if self._confirming is None:
            self._confirming = asyncio.ensure_future(self._confirm())
        await asyncio.shield(self._confirming)

    async def _confirm(self) -> None:
        delivery, again, wait = self._delivery, self._waiting, 0.1
        while True:
            delivery.seal()
            await delivery.done
            for table in {change.table for change in self._sent}:
                table.confirmed(delivery.offsets)
            for index, error in delivery.failed:
                if not is_transient(error):
                    topic = self._sent[index].table.changelog
                    raise BrokerError(f"cannot write to {topic}: {error.str()}")
                again.append(index)
            if not again:
                return
            metrics.retries.labels("state").inc(len(again))
            log.warning("state written again", records=len(again), wait_s=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, 5)
            delivery = await self._again(again)
            again = []

    async def _again(self, indexes: list[int]) -> Delivery:
        """Send what holds now: a later change may have been confirmed meanwhile."""
        delivery = Delivery()
        for index in indexes:
            record = _record(self._sent[index])
            if record is not None:
                await self._outbox.offer(record, delivery, index)
        return delivery


class StateTable(Generic[Row]):
    """A Faust table, by partition and key."""

    def __init__(
        self, app: faust.App, name: str, codec: Codec[Row], *, topics: Topics, outbox: Outbox
    ) -> None:
        self.name = name
        self._codec = codec
        self._outbox = outbox
        self._table: Any = _Table(
            app,
            name=name,
            beacon=app.tables.beacon,
            options=dict(_ROCKSDB),
            key_type=bytes,
            value_type=bytes,
            changelog_topic=app.topic(
                topics.state(name),
                key_type=bytes,
                value_type=bytes,
                key_serializer="raw",
                value_serializer="raw",
                compacting=True,
                allow_empty=True,
            ),
        )
        app.tables.add(self._table)
        self.changelog: str = self._table.changelog_topic_name
        self._places: dict[int, _Place] = {}

    def get(self, partition: int, key: str) -> Row | None:
        """A row, or None."""
        stored = _stored(partition, key)
        value = self.raw(stored)
        return None if value is None else self._decoded(value)

    def put(self, writes: Writes, partition: int, key: str, row: Row | None) -> None:
        """Change a row, or delete it with None; confirmed with the rest of `writes`.

        A row that has not changed is to be put as well: after a crash the changelog may lack what
        the store has.
        """
        stored = _stored(partition, key)
        with self._at(partition):
            if row is None:
                self._table.data.pop(stored, None)
            else:
                self._table.data[stored] = self._codec.encode(row)
        writes.add(self, stored, deletes=row is None)

    def raw(self, stored: bytes) -> bytes | None:
        """A row's bytes, by the key under which it is stored."""
        with self._at(_owner(stored)):
            found: bytes | None = self._table.data.get(stored)
            return found

    def writes(self) -> Writes:
        """For the changes of one micro-batch."""
        return Writes(self._outbox)

    def confirmed(self, offsets: Mapping[tuple[str, int], int]) -> None:
        """The broker has everything up to these offsets of topics, and so has the store."""
        for (topic, partition), offset in offsets.items():
            if topic == self.changelog:
                self._table.data.set_persisted_offset(TP(topic, partition), offset)

    async def walk(
        self, owned: Collection[int], *, rest: float = 0.0
    ) -> AsyncIterator[tuple[int, str, Row]]:
        """Go over the rows of these partitions, giving way to other work now and then.

        `rest` is for how long, in seconds. Yields partition, key and row. A row may be changed
        before the next one is asked for.
        """
        began = time.monotonic()
        for stored in list(self._table.data.keys()):
            if _owner(stored) not in owned:
                continue
            if time.monotonic() - began > _MOST_SECONDS:
                await asyncio.sleep(rest)
                began = time.monotonic()
            value = self.raw(stored)
            row = None if value is None else self._decoded(value)
            if row is not None:
                yield _owner(stored), stored.partition(b"/")[2].decode(), row

    async def erase(self, writes: Writes, partition: int, key: str) -> None:
        """Delete a row for good, readable or not; as `rewrite` does."""
        stored = _stored(partition, key)
        while (value := self.raw(stored)) is not None:
            await self._publish([Outgoing(self.changelog, stored, None, partition=partition)])
            if self.raw(stored) == value:
                self.put(writes, partition, key, None)

    async def rewrite(
        self, writes: Writes, partition: int, change: Callable[[Row], Row | None]
    ) -> None:
        """Change the rows of a partition for which `change` gives another; None deletes one.

        The changelog knows before the store: what asks for the change comes again after a crash,
        and must find the rows as they were until both have it. A row that somebody else changes
        meanwhile is changed again.
        """
        keys = [key async for _, key, row in self.walk({partition}) if change(row) != row]
        while keys:
            now, keys = keys[:_ROWS_AT_ONCE], keys[_ROWS_AT_ONCE:]
            changes: dict[str, tuple[bytes | None, Row | None]] = {}
            for key in now:
                row = self.get(partition, key)
                if row is not None and (changed := change(row)) != row:
                    changes[key] = self.raw(_stored(partition, key)), changed
            await self._publish(
                [
                    Outgoing(
                        self.changelog,
                        _stored(partition, key),
                        None if changed is None else self._codec.encode(changed),
                        partition=partition,
                    )
                    for key, (_, changed) in changes.items()
                ]
            )
            for key, (value, changed) in changes.items():
                if self.raw(_stored(partition, key)) == value:
                    self.put(writes, partition, key, changed)
                else:
                    keys.append(key)

    async def _publish(self, records: list[Outgoing]) -> None:
        refused = await self._outbox.publish(records) if records else {}
        for error in refused.values():
            raise error

    def disown(self, owned: Collection[int]) -> None:
        """Drop from memory what belongs to other workers; a store on disk keeps it apart."""
        data = getattr(self._table.data, "data", None)
        if isinstance(data, dict):
            for stored in [stored for stored in data if _owner(stored) not in owned]:
                del data[stored]

    def _at(self, partition: int) -> _Place:
        place = self._places.get(partition)
        if place is None:
            place = self._places[partition] = _Place(self.changelog, partition)
        return place

    def _decoded(self, value: bytes) -> Row | None:
        try:
            return self._codec.decode(value)
        except StateError as error:
            # One broken row must not stop the river: what it remembers begins anew.
            metrics.state_damaged.labels(self.name).inc()
            log.warning("row begins anew", table=self.name, error=str(error))
            return None


def _record(change: _Change) -> Outgoing | None:
    """The changelog's record of a row as it is now; None when it has gone without a deletion.

    It belongs to another worker then, and a tombstone would take it from that one as well.
    """
    table, stored, deletes = change
    value = table.raw(stored)
    if value is None and not deletes:
        return None
    return Outgoing(table.changelog, stored, value, partition=_owner(stored))


def _owner(stored: bytes) -> int:
    """The partition that a stored key belongs to."""
    return int(stored.partition(b"/")[0])


def _stored(partition: int, key: str) -> bytes:
    return b"%d/%s" % (partition, key.encode())
