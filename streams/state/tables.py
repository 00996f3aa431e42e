"""Faust tables that a micro-batch can write, confirmed like everything else that it sends.

Faust's own way is a write from within stream iteration, one record at a time, whose changelog
record nobody waits for. Here a write may come from any place that knows its partition, and its
changelog record goes through the outbox at once, so that a change and its record have one order
whoever makes them, and the broker has confirmed them before the source record is acknowledged.
Restoring from the changelog, and the store, are Faust's.

Keys carry the partition in front: an article whose comments a producer spreads over several
partitions has a thread of its own in each, and every row tells who owns it.
"""

import asyncio
import contextlib
import time
import weakref
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from typing import Any, Final, Generic, TypeVar

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


class _Place:
    """What a table asks of the current event: where it stands."""

    def __init__(self, topic: str, partition: int) -> None:
        self.message = TP(topic, partition)


class _Table(faust.Table[bytes, bytes]):
    """A table whose changelog records are sent by `StateTable`."""

    mundane_level = "debug"

    def on_key_set(self, key: Any, value: Any) -> None:
        """Nothing: the record goes through the outbox."""

    def on_key_del(self, key: Any) -> None:
        """Nothing: the tombstone goes through the outbox."""


class Writes:
    """The changes that one micro-batch makes, on their way to the changelogs."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._delivery = Delivery()
        self._made: list[tuple[StateTable[Any], bytes]] = []
        self._waiting: list[int] = []
        """For which the producer had no room."""
        self._confirming: asyncio.Task[None] | None = None

    def add(self, table: "StateTable[Any]", stored: bytes, value: bytes | None) -> None:
        """Hand a change's record over at once."""
        record = Outgoing(table.changelog, stored, value, partition=_owner(stored))
        index = len(self._made)
        self._made.append((table, stored))
        if not self._outbox.hand_over(record, self._delivery, index):
            self._waiting.append(index)

    async def confirmed(self) -> None:
        """Wait until the broker has every change; BrokerError when it refuses one."""
        if self._confirming is None:
            self._confirming = asyncio.ensure_future(self._confirm())
        await asyncio.shield(self._confirming)

    async def _confirm(self) -> None:
        delivery, again, wait = self._delivery, self._waiting, 0.1
        while True:
            delivery.seal()
            await delivery.done
            for table in {table for table, _ in self._made}:
                table.confirmed(delivery.offsets)
            for index, error in delivery.failed:
                if not is_transient(error):
                    table = self._made[index][0]
                    raise BrokerError(f"cannot write to {table.changelog}: {error.str()}")
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
            table, stored = self._made[index]
            record = Outgoing(table.changelog, stored, table.raw(stored), partition=_owner(stored))
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
                self._table.pop(stored, None)
                value = None
            else:
                value = self._table[stored] = self._codec.encode(row)
        writes.add(self, stored, value)

    def raw(self, stored: bytes) -> bytes | None:
        """A row's bytes, by the key under which it is stored."""
        with self._at(_owner(stored)):
            found: bytes | None = self._table.get(stored)
            return found

    def writes(self) -> Writes:
        """For the changes of one micro-batch."""
        return Writes(self._outbox)

    def confirmed(self, offsets: Mapping[tuple[str, int], int]) -> None:
        """The broker has everything up to these offsets of topics, and so has the store."""
        for (topic, partition), offset in offsets.items():
            if topic == self.changelog:
                self._table.data.set_persisted_offset(TP(topic, partition), offset)

    async def walk(self, owned: Collection[int]) -> AsyncIterator[tuple[int, str, Row]]:
        """Go over the rows of these partitions, giving way to other work now and then.

        Yields partition, key and row. A row may be changed before the next one is asked for.
        """
        began = time.monotonic()
        for stored in list(self._table.keys()):
            if _owner(stored) not in owned:
                continue
            if time.monotonic() - began > _MOST_SECONDS:
                await asyncio.sleep(0)
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

    @contextlib.contextmanager
    def _at(self, partition: int) -> Iterator[None]:
        """Let the store believe that an event of this partition is being handled."""
        place = self._places.get(partition)
        if place is None:
            place = self._places[partition] = _Place(self.changelog, partition)
        token = _current_event.set(weakref.ref(place))  # type: ignore[arg-type]
        try:
            yield
        finally:
            _current_event.reset(token)

    def _decoded(self, value: bytes) -> Row | None:
        try:
            return self._codec.decode(value)
        except StateError as error:
            # One broken row must not stop the river: what it remembers begins anew.
            metrics.state_damaged.labels(self.name).inc()
            log.warning("row begins anew", table=self.name, error=str(error))
            return None


def _owner(stored: bytes) -> int:
    """The partition that a stored key belongs to."""
    return int(stored.partition(b"/")[0])


def _stored(partition: int, key: str) -> bytes:
    return b"%d/%s" % (partition, key.encode())
