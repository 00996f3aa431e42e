"""The table of threads: how heated each is, and who wrote its latest comments."""

from collections.abc import Collection
from typing import Final, NamedTuple

from moderation.records import Comment, Forecast, Source
from moderation.trolling import rows
from moderation.trolling.heat import Heat, HeatRecord, Said, heat, heat_before
from moderation.trolling.messages import TakenBack, Turned
from moderation.trolling.pseudonym import pseudonym
from moderation.trolling.rows import ThreadRow
from streams import metrics
from streams.state.tables import StateTable, Writes

_EMPTY: Final = ThreadRow()
_STEP: Final = 0.05
"""A change of the forecast that others are told of."""


class Seen(NamedTuple):
    """What a comment meets in its thread."""

    forecast: Forecast
    parent_author: str
    """Id of who wrote the comment that it answers; empty when that is not known."""
    parent_heat: float
    """The forecast before that comment."""
    told: HeatRecord | None
    """For the topic `threads.heat`, when the forecast has changed enough."""


class ThreadRows:
    """Reads and changes the rows of threads."""

    def __init__(
        self, table: StateTable[ThreadRow], *, salt: bytes, disabled: Collection[str]
    ) -> None:
        self.table = table
        self._salt = salt
        self._disabled = disabled

    def number(self, author_id: str) -> int:
        """An author's pseudonym."""
        return pseudonym(author_id, self._salt)

    def said(
        self,
        writes: Writes,
        comment: Comment,
        source: Source,
        *,
        at: float,
        toxicity: float | None,
    ) -> Seen:
        """Take in a comment."""
        row = self._get(source.partition, comment.article_id)
        parent_author = rows.writer(row, comment.parent_id) if comment.parent_id else ""
        event = Said(
            at=at,
            comment=comment.id,
            author=self.number(comment.author_id),
            parent_author=self.number(parent_author) if parent_author else None,
            toxicity=toxicity,
        )
        grown = rows.said(row, source, event, comment.author_id, disabled=self._disabled)
        before = heat_before(grown.state, comment.id)
        found = heat(grown.state, at, disabled=self._disabled)
        forecast = Forecast(
            heat=found.score,
            before=found.score if before is None else before,
            tipped=found.tipped,
            detail=found.detail,
        )
        parent_heat = heat_before(grown.state, comment.parent_id) if comment.parent_id else None
        metrics.heat.observe(found.score)
        told = self._tell(writes, source.partition, comment.article_id, grown, found=found, now=at)
        return Seen(forecast, parent_author, parent_heat or 0.0, told)

    def turned(self, writes: Writes, partition: int, told: Turned | TakenBack) -> HeatRecord | None:
        """Take in that a moderator rejected a comment of a thread, or that this no longer holds."""
        row = self._get(partition, told.article_id)
        if isinstance(told, TakenBack):
            row = rows.turned_back(row, told)
        else:
            row = rows.turned(row, told, disabled=self._disabled)
        found = heat(row.state, told.at, disabled=self._disabled)
        return self._tell(writes, partition, told.article_id, row, found=found, now=told.at)

    def cooled(
        self, writes: Writes, partition: int, article_id: str, row: ThreadRow, now: float
    ) -> HeatRecord | None:
        """Tell others of a thread that has cooled down by itself."""
        if row.told < _STEP:
            return None
        found = heat(row.state, now, disabled=self._disabled)
        if abs(found.score - row.told) < _STEP and found.tipped == row.told_tipped:
            return None
        return self._tell(writes, partition, article_id, row, found=found, now=now)

    def score(self, row: ThreadRow, now: float) -> float:
        """The forecast of a row."""
        return heat(row.state, now, disabled=self._disabled).score

    async def forget(self, writes: Writes, partition: int, author_id: str) -> None:
        """Erase what tells which comments are an author's."""
        number = self.number(author_id)
        await self.table.rewrite(
            writes, partition, lambda row: rows.thread_without(row, author_id, number)
        )

    def _tell(
        self,
        writes: Writes,
        partition: int,
        article_id: str,
        row: ThreadRow,
        *,
        found: Heat,
        now: float,
    ) -> HeatRecord | None:
        """Store a row; what others are to be told of it, if anything."""
        told = None
        if abs(found.score - row.told) >= _STEP or found.tipped != row.told_tipped:
            if found.tipped and found.tipped != row.told_tipped:
                metrics.threads_tipped.inc()
            row = rows.told(row, found)
            told = HeatRecord(
                article_id=article_id,
                heat=found.score,
                tipped=found.tipped,
                contributions=found.contributions,
                at=now,
            )
        self.table.put(writes, partition, article_id, row)
        return told

    def _get(self, partition: int, article_id: str) -> ThreadRow:
        return self.table.get(partition, article_id) or _EMPTY
