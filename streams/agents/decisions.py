"""`decisions`: what moderators decide moves what is thought of an author, in both directions.

A tombstone erases the author's row: `trollbridge forget` sends one, behind whatever was decided
before.
"""

import asyncio
from collections.abc import Sequence

from faust.types import Message

from moderation.records import Decided, decode_decided
from moderation.trolling.messages import TakenBack, Turned, encode
from moderation.trolling.pseudonym import short_hash
from streams.outbox import Outgoing
from streams.stage import Result
from streams.state.authors import Authors
from streams.topics import Topics


class DecisionsHandler:
    """From `moderation.decisions` to the table of authors, and on to the comment's thread."""

    def __init__(self, authors: Authors, *, topics: Topics) -> None:
        self._authors = authors
        self._topics = topics

    def open(self, message: Message) -> Decided | None:
        """Decode a decision; RecordError makes it a dead letter. A tombstone deletes an author."""
        return None if message.value is None else decode_decided(message.value)

    def awaits(self, _: Decided | None) -> asyncio.Future[None] | None:
        """Nothing to wait for."""
        return None

    async def handle(self, batch: Sequence[tuple[Message, Decided | None]]) -> list[Result]:
        """Change the authors' rows; tell the threads of rejections, and of what no longer holds."""
        writes = self._authors.table.writes()
        results = []
        for message, decision in batch:
            outgoing: list[Outgoing] = []
            if decision is None:
                # Not by a message of `replies` alone: that topic may be ahead of this one.
                author_id = (message.key or b"").decode("utf-8", "replace")
                await self._authors.erase(writes, message.partition, author_id)
            else:
                at = message.timestamp
                self._authors.decided(writes, message.partition, decision, at)
                outgoing += self._turned(decision, at)
            results.append(Result(outgoing, stored=writes))
        return results

    def _turned(self, decision: Decided, at: float) -> list[Outgoing]:
        source = decision.source
        if source is None or source.topic != self._topics.comments:
            return []
        messages: list[Turned | TakenBack] = []
        if decision.takes_back:
            number = short_hash(decision.takes_back)
            messages.append(TakenBack(article_id=decision.article_id, decision=number, at=at))
        if decision.decision in {"reject", "ban_suggest"}:
            number = short_hash(decision.decision_id)
            messages.append(
                Turned(
                    article_id=decision.article_id,
                    comment_id=decision.id,
                    decision=number,
                    at=at,
                )
            )
        # The thread's row stands where the comment came in, wherever its producer put it.
        return [
            Outgoing(self._topics.rejections, None, encode(message), partition=source.partition)
            for message in messages
        ]
