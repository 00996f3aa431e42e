"""`rejections`: what moderators reject in a thread heats its forecast, as long as it holds.

Who is to be forgotten goes from the threads here, from their state and from the latest comments
that the worker has at hand.
"""

import asyncio
from collections.abc import Sequence

from faust.types import Message

from moderation.trolling import messages
from moderation.trolling.heat import encode_record
from moderation.trolling.messages import Forgotten, TakenBack, Turned
from streams.outbox import Outgoing
from streams.stage import Result
from streams.state.threads import ThreadRows
from streams.threads import Threads
from streams.topics import Topics

_Told = Turned | TakenBack | Forgotten


class RejectionsHandler:
    """From `trolling.rejections` to the table of threads, and `threads.heat`."""

    def __init__(self, threads: ThreadRows, latest: Threads, *, topics: Topics) -> None:
        self._threads = threads
        self._latest = latest
        self._topics = topics

    def open(self, message: Message) -> _Told:
        """Decode a message; RecordError makes it a dead letter."""
        opened: _Told = messages.rejections(message.value)
        return opened

    def awaits(self, _: _Told) -> asyncio.Future[None] | None:
        """Nothing to wait for."""
        return None

    async def handle(self, batch: Sequence[tuple[Message, _Told]]) -> list[Result]:
        """Change the threads' rows."""
        writes = self._threads.table.writes()
        results = []
        for message, opened in batch:
            outgoing = []
            if isinstance(opened, Forgotten):
                self._latest.forget(opened.author_id)
                await self._threads.forget(writes, message.partition, opened.author_id)
            else:
                told = self._threads.turned(writes, message.partition, opened)
                if told is not None:
                    key = opened.article_id.encode()
                    outgoing.append(Outgoing(self._topics.heat, key, encode_record(told)))
            results.append(Result(outgoing, stored=writes))
        return results
