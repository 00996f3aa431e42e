"""`articles`: validates articles and dead-letters the broken ones, once for all workers.

The articles themselves reach every worker's shelf by its own reader (`streams.shelf`).
"""

import asyncio
from collections.abc import Sequence

from faust.types import Message

from moderation.records import Article, decode_article
from streams.stage import Result


class ArticlesHandler:
    """Lets good articles pass; a tombstone deletes one, as a compacted topic does."""

    def open(self, message: Message) -> Article | None:
        """Decode an article; RecordError makes it a dead letter."""
        return None if message.value is None else decode_article(message.value)

    def awaits(self, _: Article | None) -> asyncio.Future[None] | None:
        """Nothing to wait for."""
        return None

    async def handle(self, batch: Sequence[tuple[Message, Article | None]]) -> list[Result]:
        """Nothing more to do: the shelf has read them."""
        return [Result([]) for _ in batch]
