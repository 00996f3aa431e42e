"""Recent articles at hand on each worker.

Comments are partitioned by producers that we do not control, so a worker cannot count on getting
the articles of its comments by partition: every worker reads the whole compacted topic, outside
the consumer group.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from mode import Service

from moderation.errors import RecordError
from moderation.records import Article, decode_article
from streams import metrics
from streams.clients import client_options
from streams.settings import Settings

log = structlog.get_logger(__name__)

_ABSENT_SECONDS = 60.0
"""How long an article that did not come is not waited for again."""


class Shelf:
    """The most recently written or used articles, and who waits for one."""

    def __init__(self, *, keep: int, wait: float) -> None:
        self._keep = keep
        self._wait = wait
        self._articles: OrderedDict[str, Article] = OrderedDict()
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._absent: dict[str, float] = {}

    def put(self, article: Article) -> None:
        """Keep an article; whoever waits for it goes on."""
        self._articles[article.id] = article
        self._articles.move_to_end(article.id)
        self._absent.pop(article.id, None)
        while len(self._articles) > self._keep:
            self._articles.popitem(last=False)
        metrics.articles_kept.set(len(self._articles))
        waiting = self._waiting.pop(article.id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def drop(self, article_id: str) -> None:
        """An article was deleted."""
        self._articles.pop(article_id, None)
        metrics.articles_kept.set(len(self._articles))

    def get(self, article_id: str) -> Article | None:
        """The article, if it is at hand."""
        article = self._articles.get(article_id)
        if article is not None:
            self._articles.move_to_end(article_id)
        return article

    def awaits(self, article_id: str) -> asyncio.Future[None] | None:
        """A future that ends when the article is here or has been waited for long enough.

        None when there is nothing to wait for: it is here, or it did not come a moment ago.
        """
        if self._wait <= 0 or article_id in self._articles or self._is_absent(article_id):
            return None
        waiting = self._waiting.get(article_id)
        if waiting is None:
            loop = asyncio.get_running_loop()
            waiting = self._waiting[article_id] = loop.create_future()
            loop.call_later(self._wait, self._give_up, article_id)
        return waiting

    def _give_up(self, article_id: str) -> None:
        waiting = self._waiting.pop(article_id, None)
        if waiting is not None and not waiting.done():
            self._absent[article_id] = time.monotonic() + _ABSENT_SECONDS
            while len(self._absent) > self._keep:
                del self._absent[next(iter(self._absent))]
            waiting.set_result(None)

    def _is_absent(self, article_id: str) -> bool:
        until = self._absent.get(article_id)
        if until is None:
            return False
        if time.monotonic() < until:
            return True
        del self._absent[article_id]
        return False


class ShelfReader(Service):
    """Fills a shelf from the articles topic, from its beginning and then as articles come."""

    mundane_level = "debug"

    def __init__(
        self,
        shelf: Shelf,
        topic: str,
        *,
        settings: Settings,
        on_fatal: Callable[[Exception], None],
    ) -> None:
        super().__init__()
        self._shelf = shelf
        self._topic = topic
        self._settings = settings
        self._on_fatal = on_fatal
        self.caught_up = asyncio.Event()
        """Set once everything that stood in the topic at the start is on the shelf."""

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            try:
                await self._follow()
            except KafkaError as error:
                # Articles are context: comments go on without them while the broker is away.
                metrics.retries.labels("articles").inc()
                log.warning("articles cannot be read", error=str(error))
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

    def _take(self, key: bytes | None, value: bytes | None) -> None:
        if value is None:
            if key is not None:
                self._shelf.drop(key.decode("utf-8", "replace"))
            return
        try:
            self._shelf.put(decode_article(value))
        except RecordError:
            # The `articles` agent dead-letters it, once for all workers.
            return
