"""A stage of the river: read, handle in micro-batches, send, confirm, acknowledge.

An agent only reads. Everything that can fail or wait happens here, after reading and before the
acknowledgement, so that nothing is committed that is not finished. Handling the next batch
overlaps sending the last one.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import structlog
from faust.types import TP, EventT, Message, StreamT
from mode import Service

from moderation.errors import BrokerError, RecordError
from moderation.records import Source
from streams import deadletters, metrics
from streams.deadletters import DeadLetterLimit
from streams.outbox import Outbox, Outgoing
from streams.settings import Settings
from streams.state.tables import Writes
from streams.window import AckWindow

log = structlog.get_logger(__name__)

Opened = TypeVar("Opened")

_HANDOVER_SECONDS = 5.0
"""How long a revoked partition's batch may take to finish; what takes longer is read again."""


class Result(NamedTuple):
    """What a handled record causes."""

    outgoing: Sequence[Outgoing]
    confirmed: Callable[[], None] | None = None
    """Called when the broker has all of it."""
    dead: RecordError | None = None
    source: Source | None = None
    """Where the comment first came in, when that is not where the record stands."""
    stored: Writes | None = None
    """Changes of state, on their way already."""


class Handler(Protocol[Opened]):
    """What one stage does with records; no Faust in it."""

    def open(self, message: Message) -> Opened:
        """Decode a record; RecordError makes it a dead letter."""
        ...

    def awaits(self, opened: Opened, /) -> asyncio.Future[None] | None:
        """What must come before this record can be handled, if anything."""
        ...

    async def handle(self, batch: Sequence[tuple[Message, Opened]]) -> Sequence[Result]:
        """Handle a micro-batch: one result for each record."""
        ...


class _Item(Generic[Opened]):
    __slots__ = ("epoch", "event", "opened", "read_at", "slot")

    def __init__(self, event: EventT[Any], epoch: int) -> None:
        self.event = event
        self.epoch = epoch
        self.read_at = time.time()
        self.opened: Opened | RecordError
        self.slot: Any = None

    @property
    def message(self) -> Message:
        return self.event.message


class Stage(Service, Generic[Opened]):
    """Carries one topic's records through a handler, losing none."""

    mundane_level = "debug"

    def __init__(  # the parts of a stage are few enough to name
        self,
        name: str,
        handler: Handler[Opened],
        *,
        outbox: Outbox,
        limit: DeadLetterLimit,
        deadletter_topic: str,
        on_fatal: Callable[[Exception], None],
        settings: Settings,
    ) -> None:
        super().__init__()
        self.name = name
        self._handler = handler
        self._outbox = outbox
        self._limit = limit
        self._deadletter_topic = deadletter_topic
        self._on_fatal = on_fatal
        self._batch_size = settings.batch_size
        self._batch_wait = settings.batch_wait
        self._window: AckWindow[_Item[Opened]] = AckWindow()
        self._ready: asyncio.Queue[_Item[Opened]] = asyncio.Queue()
        self._room = asyncio.Semaphore(settings.max_in_flight)
        self._epoch = 0
        self._is_open = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._sending: asyncio.Task[None] | None = None

    async def read(self, stream: StreamT[bytes]) -> None:
        """Take records from the stream without acknowledging them; waits when there is no room."""
        async for event in stream.noack().events():  # type: ignore[attr-defined]
            epoch = self._epoch
            await self._room.acquire()
            if not self._is_open or epoch != self._epoch:
                # The partition was taken away meanwhile; its new owner reads the record.
                self._room.release()
                continue
            self._accept(event)

    def _accept(self, event: EventT[Any]) -> None:
        item: _Item[Opened] = _Item(event, self._epoch)
        item.slot = self._window.enter(event.message.tp, event.message.offset, item)
        waiting: asyncio.Future[None] | None = None
        try:
            item.opened = self._handler.open(event.message)
            waiting = self._handler.awaits(item.opened)
        except RecordError as error:
            item.opened = error
        if waiting is None:
            self._ready.put_nowait(item)
        else:
            waiting.add_done_callback(lambda _: self._ready.put_nowait(item))

    @Service.task
    async def _run(self) -> None:
        try:
            await self._work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the process must end
            self._on_fatal(error)

    async def _work(self) -> None:
        while not self.should_stop:
            batch = await self._take()
            if not batch:
                self._idle.set()
                continue
            self._idle.clear()
            await self._outbox.room()
            results = await self._results(batch)
            if self._sending is not None:
                await self._sending
            self._sending = asyncio.create_task(self._settle(batch, results))

    async def _take(self) -> list[_Item[Opened]]:
        """A micro-batch of records whose partitions are still ours."""
        if self._ready.empty() and self._sending is not None:
            await self._sending
            self._sending = None
        if self._ready.empty():
            self._idle.set()
        items = [await self._ready.get()]
        deadline = time.monotonic() + self._batch_wait
        while len(items) < self._batch_size:
            if not self._ready.empty():
                items.append(self._ready.get_nowait())
                continue
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                items.append(await asyncio.wait_for(self._ready.get(), left))
            except TimeoutError:
                break
        return [item for item in items if item.epoch == self._epoch]

    async def _results(self, batch: list[_Item[Opened]]) -> list[Result]:
        metrics.batch_size.labels(self.name).observe(len(batch))
        good = [
            (item.message, item.opened)
            for item in batch
            if not isinstance(item.opened, RecordError)
        ]
        handled = iter(await self._handler.handle(good) if good else ())
        return [
            Result([], dead=item.opened) if isinstance(item.opened, RecordError) else next(handled)
            for item in batch
        ]

    async def _settle(self, batch: list[_Item[Opened]], results: list[Result]) -> None:
        """Send what a batch causes, wait for the broker's word, acknowledge."""
        if batch[0].epoch != self._epoch:
            return
        for result in results:
            self._limit.saw(result.dead)
        outgoing: list[Outgoing] = []
        owner: list[int] = []
        for index, (item, result) in enumerate(zip(batch, results, strict=True)):
            records = list(result.outgoing)
            if result.dead is not None and not records:
                records = [deadletters.letter(self._deadletter_topic, item.message, result.dead)]
            outgoing += records
            owner += [index] * len(records)
        refused = await self._outbox.publish(outgoing) if outgoing else {}
        for writes in {result.stored for result in results if result.stored is not None}:
            await writes.confirmed()
        if refused:
            await self._dead_letter_refused(
                {owner[i]: error for i, error in refused.items()}, batch, results
            )
        lost = {owner[i] for i in refused}
        for index, (item, result) in enumerate(zip(batch, results, strict=True)):
            if result.dead is not None:
                metrics.dead_letters.labels(result.dead.code).inc()
            if result.confirmed is not None and index not in lost:
                result.confirmed()
            self._acknowledge(item)

    async def _dead_letter_refused(
        self,
        refused: dict[int, BrokerError],
        batch: list[_Item[Opened]],
        results: list[Result],
    ) -> None:
        letters = [
            deadletters.letter(
                self._deadletter_topic,
                batch[index].message,
                RecordError("refused_by_broker", str(error)),
                source=results[index].source,
            )
            for index, error in refused.items()
        ]
        still_refused = await self._outbox.publish(letters)
        metrics.dead_letters.labels("refused_by_broker").inc(len(letters))
        if still_refused:
            raise BrokerError(
                f"{self._deadletter_topic} refuses a record: {next(iter(still_refused.values()))}"
            )

    def _acknowledge(self, item: _Item[Opened]) -> None:
        if item.epoch != self._epoch:
            return
        for free in self._window.finish(item.message.tp, item.slot):
            free.event.ack()
            self._room.release()

    def open(self) -> None:
        """Partitions were assigned: what is read from now on counts."""
        self._is_open = True

    async def close(self) -> dict[TP, int]:
        """Partitions are being taken away: finish what is being handled, drop the rest.

        Returns what may be committed: by partition, the offset before which all is finished.
        """
        self._is_open = False
        while not self._ready.empty():
            self._ready.get_nowait()
        deadline = time.monotonic() + _HANDOVER_SECONDS
        # Three things end the wait, so no single event can.
        while time.monotonic() < deadline and not self._is_settled():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        positions = self._window.positions()
        dropped = len(self._window)
        self._epoch += 1
        self._window.clear()
        for _ in range(dropped):
            self._room.release()
        log.debug("partitions handed over", stage=self.name, dropped=dropped)
        return positions

    def _is_settled(self) -> bool:
        return self._idle.is_set() and (self._sending is None or self._sending.done())

    def oldest_waiting(self) -> dict[str, float]:
        """By topic, when the oldest unfinished record came to Kafka (seconds since the epoch)."""
        oldest: dict[str, float] = {}
        for item in self._window.oldest():
            arrived = item.message.timestamp or item.read_at
            topic = item.message.topic
            oldest[topic] = min(oldest.get(topic, arrived), arrived)
        return oldest

    def positions(self) -> dict[TP, int]:
        """By partition, the offset before which everything is finished."""
        return self._window.positions()

    def in_flight(self) -> int:
        """Records read and not yet acknowledged."""
        return len(self._window)
