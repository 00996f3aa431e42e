"""Sending records and knowing that the broker has them."""

import asyncio
import threading
from collections.abc import Sequence
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
_TIMED_OUT = KafkaError._MSG_TIMED_OUT  # noqa: SLF001 - its public name
_REFUSED = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG_SIZE, KafkaError.INVALID_RECORD}


class Outgoing(NamedTuple):
    """A record to send."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers | None = None


class _Delivery:
    """Counts the delivery reports of one publish; wakes the waiting coroutine with the last."""

    def __init__(self, count: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._open = count
        self.done: asyncio.Future[None] = self._loop.create_future()
        self.failed: list[tuple[int, KafkaError]] = []

    def report(self, index: int, error: KafkaError | None) -> None:
        """Take one report, from any thread."""
        with self._lock:
            if error is not None:
                self.failed.append((index, error))
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
                "queue.buffering.max.messages": 100_000,
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
                elif error.retriable() or error.code() == _TIMED_OUT:
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
        delivery = _Delivery(len(indexes))
        for index in indexes:
            record = records[index]

            def report(error: KafkaError | None, _: Message, index: int = index) -> None:
                delivery.report(index, error)

            while True:
                try:
                    self._producer.produce(
                        record.topic,
                        record.value,
                        record.key,
                        on_delivery=report,
                        headers=record.headers or None,
                    )
                except BufferError:
                    # The local queue is full: the broker is slower than we are.
                    await asyncio.sleep(0.01)
                    continue
                except KafkaException as error:
                    # Refused before it was sent, so no report will come from the poller.
                    delivery.report(index, error.args[0])
                break
        await delivery.done
        return delivery.failed

    def close(self, timeout: float = 5) -> None:
        """Flush what is queued, for at most `timeout` seconds, and stop the polling thread."""
        self._producer.flush(timeout)
        self._closed.set()
        self._poller.join(timeout=1)
