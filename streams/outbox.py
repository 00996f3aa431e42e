"""Sending records and knowing that the broker has them."""

import asyncio
import threading
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from moderation.errors import BrokerError
from streams import metrics
from streams.clients import librdkafka_options
from streams.settings import Settings

log = structlog.get_logger(__name__)

Headers = list[tuple[str, str | bytes | None]]

_DELIVERY_TIMEOUT_MS = 60_000
_AS_KEYED = -1
_QUEUE = 100_000
"""Records that wait in the producer, at most."""
_TIMED_OUT = KafkaError._MSG_TIMED_OUT  # noqa: SLF001 - its public name
_REFUSED = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG_SIZE, KafkaError.INVALID_RECORD}


def is_transient(error: KafkaError) -> bool:
    """Whether sending the record again may help."""
    return bool(error.retriable()) or error.code() == _TIMED_OUT


class Outgoing(NamedTuple):
    """A record to send."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers | None = None
    partition: int | None = None
    """None: as the key says."""


class Delivery:
    """Counts the delivery reports of some records; wakes the waiting coroutine with the last."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._open = 1
        """Reports to come, and one more until the last record is handed over."""
        self.done: asyncio.Future[None] = self._loop.create_future()
        self.failed: list[tuple[int, KafkaError]] = []
        self.offsets: dict[tuple[str, int], int] = {}
        """By topic and partition, the highest offset that the broker gave."""

    def expect(self) -> None:
        """One more record is about to be handed over."""
        with self._lock:
            self._open += 1

    def seal(self) -> None:
        """All records are handed over."""
        with self._lock:
            self._count_down()

    def report(self, index: int, error: KafkaError | None, message: Message | None = None) -> None:
        """Take one report, from any thread."""
        with self._lock:
            if error is not None:
                self.failed.append((index, error))
            elif message is not None:
                place = str(message.topic()), int(message.partition() or 0)
                self.offsets[place] = max(self.offsets.get(place, -1), int(message.offset() or 0))
            self._count_down()

    def _count_down(self) -> None:
        self._open -= 1
        if self._open == 0:
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


class Outbox:
    """librdkafka's producer behind `await`: acks=all, idempotent, retried until confirmed."""

    def __init__(self, settings: Settings) -> None:
        self._producer = Producer(
            librdkafka_options(settings)
            | {
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 2,
                "message.timeout.ms": _DELIVERY_TIMEOUT_MS,
                # Java's partitioner, so that a key lands where other producers put it.
                "partitioner": "murmur2_random",
                "queue.buffering.max.messages": _QUEUE,
                "log_level": 2,
            }
        )
        self._closed = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="outbox", daemon=True)
        self._poller.start()

    def _poll(self) -> None:
        while not self._closed.is_set():
            self._producer.poll(0.1)

    async def publish(self, records: Sequence[Outgoing]) -> dict[int, BrokerError]:
        """Send and return when the broker has confirmed each record.

        Returns the records that the broker will never take, by index. Transient faults are
        retried without end; BrokerError when the broker refuses us as a whole.
        """
        refused: dict[int, BrokerError] = {}
        pending = list(range(len(records)))
        wait = 0.1
        while pending:
            failed = await self._send(records, pending)
            pending = []
            for index, error in failed:
                if error.code() in _REFUSED:
                    refused[index] = BrokerError(error.str())
                elif is_transient(error):
                    pending.append(index)
                else:
                    raise BrokerError(f"cannot write to {records[index].topic}: {error.str()}")
            if pending:
                metrics.retries.labels("publish").inc(len(pending))
                log.warning("publish retried", records=len(pending), wait_s=wait)
                await asyncio.sleep(wait)
                wait = min(wait * 2, 5)
        return refused

    async def _send(
        self, records: Sequence[Outgoing], indexes: Sequence[int]
    ) -> list[tuple[int, KafkaError]]:
        delivery = Delivery()
        for index in indexes:
            await self.offer(records[index], delivery, index)
        delivery.seal()
        await delivery.done
        return delivery.failed

    def hand_over(self, record: Outgoing, delivery: Delivery, index: int) -> bool:
        """Give a record to the producer at once; False when its queue is full.

        Records that are handed over one after another stand in that order in their partition.
        """

        def report(error: KafkaError | None, message: Message) -> None:
            delivery.report(index, error, message)

        delivery.expect()
        try:
            self._producer.produce(
                record.topic,
                record.value,
                record.key,
                on_delivery=report,
                headers=record.headers or None,
                partition=_AS_KEYED if record.partition is None else record.partition,
            )
        except BufferError:
            delivery.seal()
            return False
        except KafkaException as error:
            # Refused before it was sent, so no report will come from the poller.
            delivery.report(index, error.args[0])
        return True

    async def offer(self, record: Outgoing, delivery: Delivery, index: int) -> None:
        """Hand a record over as soon as there is room for it."""
        while not self.hand_over(record, delivery, index):  # noqa: ASYNC110 - as in `room`
            # The local queue is full: the broker is slower than we are.
            await asyncio.sleep(0.01)

    async def room(self) -> None:
        """Wait until the producer's queue can take what a micro-batch may cause."""
        # librdkafka has no event for a queue that empties.
        while len(self._producer) > _QUEUE // 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    def partitions(self, topics: Iterable[str]) -> dict[str, int]:
        """How many partitions topics have; BrokerError when it cannot be told. Blocks."""
        try:
            found = self._producer.list_topics(timeout=10).topics
        except KafkaException as error:
            raise BrokerError(f"cannot ask for the topics: {error.args[0].str()}") from error
        return {topic: len(found[topic].partitions) if topic in found else 0 for topic in topics}

    def close(self, timeout: float = 5) -> None:
        """Flush what is queued, for at most `timeout` seconds, and stop the polling thread."""
        self._producer.flush(timeout)
        self._closed.set()
        self._poller.join(timeout=1)
