"""Topics that every worker reads as a whole, outside of the consumer group."""

import asyncio
from collections.abc import Callable

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from mode import Service

from streams import metrics
from streams.clients import client_options
from streams.settings import Settings

log = structlog.get_logger(__name__)


class Follower(Service):
    """Reads a whole topic, from its beginning and then as records come.

    `take` gets the key and value of each.
    """

    mundane_level = "debug"

    def __init__(
        self,
        topic: str,
        take: Callable[[bytes | None, bytes | None], None],
        *,
        settings: Settings,
        on_fatal: Callable[[Exception], None],
    ) -> None:
        super().__init__()
        self._topic = topic
        self._take = take
        self._settings = settings
        self._on_fatal = on_fatal
        self.caught_up = asyncio.Event()
        """Set once everything that stood in the topic at the start has been taken."""

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            try:
                await self._follow()
            except KafkaError as error:
                # What is followed is context: comments go on without it while the broker is away.
                metrics.retries.labels("follow").inc()
                log.warning("topic cannot be read", topic=self._topic, error=str(error))
                await self.sleep(2)
            except Exception as error:  # noqa: BLE001 - whatever it is, the process must end
                self._on_fatal(error)
                return

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(
            **client_options(self._settings),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            partitions = [
                TopicPartition(self._topic, number)
                for number in sorted(consumer.partitions_for_topic(self._topic) or ())
            ]
            if not partitions:
                partitions = await self._found(consumer)
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            ends = await consumer.end_offsets(partitions)
            while not self.should_stop:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        self._take(record.key, record.value)
                if not self.caught_up.is_set():
                    positions = {tp: await consumer.position(tp) for tp in partitions}
                    if all(positions[tp] >= end for tp, end in ends.items()):
                        self.caught_up.set()
        finally:
            await consumer.stop()

    async def _found(self, consumer: AIOKafkaConsumer) -> list[TopicPartition]:
        """The topic's partitions, which a client without subscription has to ask for."""
        while not self.should_stop:
            numbers = await consumer._client._wait_on_metadata(self._topic)  # noqa: SLF001
            if numbers:
                return [TopicPartition(self._topic, number) for number in sorted(numbers)]
        return []
