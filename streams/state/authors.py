"""The table of authors: what each has done, and what that says now."""

from collections.abc import Collection
from typing import Final

import msgspec

from moderation.records import Decided, Source
from moderation.trolling import rows
from moderation.trolling.author import Posted
from moderation.trolling.messages import Replied
from moderation.trolling.pseudonym import pseudonym
from moderation.trolling.rows import AuthorRow
from moderation.trolling.troll import Troll, troll
from streams.state.tables import StateTable, Writes

_NOBODY: Final = AuthorRow()


class Authors:
    """Reads and changes the rows of authors."""

    def __init__(
        self, table: StateTable[AuthorRow], *, salt: bytes, disabled: Collection[str]
    ) -> None:
        self.table = table
        self._salt = salt
        self._disabled = disabled

    def number(self, author_id: str) -> int:
        """An author's pseudonym."""
        return pseudonym(author_id, self._salt)

    def posted(
        self, writes: Writes, partition: int, author_id: str, source: Source, event: Posted
    ) -> Troll:
        """Take in an author's comment; what the author's conduct says with it.

        A comment that comes again gets the score that it had, so that its outcome stays the same.
        """
        row = rows.posted(self._get(partition, author_id), source, event)
        found = troll(row.state, event.at, disabled=self._disabled)
        told = rows.reading(row, source)
        if told is None:
            row = rows.read(row, source, found.score)
        else:
            found = msgspec.structs.replace(found, score=told)
        self.table.put(writes, partition, author_id, row)
        return found

    def replied(self, writes: Writes, partition: int, reply: Replied) -> None:
        """Take in that somebody answered an author."""
        row = rows.replied(self._get(partition, reply.author_id), reply)
        self.table.put(writes, partition, reply.author_id, row)

    def decided(self, writes: Writes, partition: int, decision: Decided, at: float) -> None:
        """Take in what a moderator decided on an author's comment."""
        row = rows.decided(self._get(partition, decision.author_id), decision, at)
        self.table.put(writes, partition, decision.author_id, row)

    async def forget(self, writes: Writes, partition: int, author_id: str) -> None:
        """Erase an author, and what the rows of others say of him."""
        await self.erase(writes, partition, author_id)
        number = self.number(author_id)
        await self.table.rewrite(writes, partition, lambda row: rows.author_without(row, number))

    async def erase(self, writes: Writes, partition: int, author_id: str) -> None:
        """Erase an author's own row."""
        await self.table.erase(writes, partition, author_id)

    def _get(self, partition: int, author_id: str) -> AuthorRow:
        return self.table.get(partition, author_id) or _NOBODY
