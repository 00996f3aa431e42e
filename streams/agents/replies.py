"""`replies`: what others answer to an author changes that author's state."""

import asyncio
from collections.abc import Sequence

from faust.types import Message

from moderation.trolling import messages
from moderation.trolling.messages import Forgotten, Replied
from streams.stage import Result
from streams.state.authors import Authors


class RepliesHandler:
    """From `trolling.replies` to the table of authors."""

    def __init__(self, authors: Authors) -> None:
        self._authors = authors

    def open(self, message: Message) -> Replied | Forgotten:
        """Decode a message; RecordError makes it a dead letter."""
        opened: Replied | Forgotten = messages.replies(message.value)
        return opened

    def awaits(self, _: Replied | Forgotten) -> asyncio.Future[None] | None:
        """Nothing to wait for."""
        return None

    async def handle(self, batch: Sequence[tuple[Message, Replied | Forgotten]]) -> list[Result]:
        """Change the answered authors' rows."""
        writes = self._authors.table.writes()
        for message, opened in batch:
            if isinstance(opened, Forgotten):
                await self._authors.forget(writes, message.partition, opened.author_id)
            else:
                self._authors.replied(writes, message.partition, opened)
        return [Result([], stored=writes) for _ in batch]
