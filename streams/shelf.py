"""Recent articles at hand on each worker.

Comments are partitioned by producers that we do not control, so a worker cannot count on getting
the articles of its comments by partition: every worker reads them all (`streams.follow`).
"""

import asyncio
import time
from collections import OrderedDict

from moderation.errors import RecordError
from moderation.records import Article, decode_article
from streams import metrics

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
        waiting = self._waiting.get(article.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """Take a record of the topic `articles`; a tombstone deletes one."""
        if value is None:
            if key is not None:
                self.drop(key.decode("utf-8", "replace"))
            return
        try:
            self.put(decode_article(value))
        except RecordError:
            # The `articles` agent dead-letters it, once for all workers.
            return

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

        None when there is nothing to wait for: it is here, or it did not come a moment ago. What
        is done when it ends is done in the order of asking, for an edit must not overtake the
        comment: so whoever asks while others are still to be told gets their future.
        """
        waiting = self._waiting.get(article_id)
        if waiting is not None:
            return waiting
        if self._wait <= 0 or article_id in self._articles or self._is_absent(article_id):
            return None
        loop = asyncio.get_running_loop()
        waiting = self._waiting[article_id] = loop.create_future()
        # The first of its callbacks, so that none is left when it is taken away.
        waiting.add_done_callback(lambda _: self._waiting.pop(article_id))
        loop.call_later(self._wait, self._give_up, article_id, waiting)
        return waiting

    def _give_up(self, article_id: str, waiting: asyncio.Future[None]) -> None:
        if not waiting.done():
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
