"""`score`: joins a comment with its article, parent and thread, and scores it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from faust.types import Message

from moderation.errors import RecordError, ScoringError
from moderation.records import Comment, Context, Scored, Source, decode_comment, encode
from moderation.scoring.process import ScoringProcess, score_each
from moderation.scoring.protocol import Finding, ScoringInput
from streams import deadletters, metrics
from streams.outbox import Outgoing
from streams.shelf import Shelf
from streams.stage import Result
from streams.threads import Threads
from streams.topics import Topics

log = structlog.get_logger(__name__)


class ScoreHandler:
    """From `comments` to `comments.scored`."""

    def __init__(
        self,
        process: ScoringProcess,
        shelf: Shelf,
        threads: Threads,
        *,
        topics: Topics,
        attempts: int,
        articles_ready: Callable[[], Awaitable[object]],
    ) -> None:
        self._process = process
        self._shelf = shelf
        self._threads = threads
        self._topics = topics
        self._attempts = attempts
        self._articles_ready = articles_ready

    def open(self, message: Message) -> Comment:
        """Decode a comment; RecordError makes it a dead letter."""
        return decode_comment(message.value)

    def awaits(self, opened: Comment) -> asyncio.Future[None] | None:
        """The article, if it is not here yet."""
        return self._shelf.awaits(opened.article_id)

    async def handle(self, batch: Sequence[tuple[Message, Comment]]) -> list[Result]:
        """Score a micro-batch."""
        await self._articles_ready()
        joined = [self._join(comment) for _, comment in batch]
        findings, seconds = await score_each(
            self._process, [given for given, _ in joined], attempts=self._attempts
        )
        for scorer, took in seconds.items():
            metrics.scoring_seconds.labels(scorer).observe(took)
        return [
            self._result(message, comment, context, finding)
            for (message, comment), (_, context), finding in zip(
                batch, joined, findings, strict=True
            )
        ]

    def _join(self, comment: Comment) -> tuple[ScoringInput, Context]:
        article = self._shelf.get(comment.article_id)
        parent = self._threads.parent(comment)
        thread = self._threads.before(comment)
        self._threads.add(comment)
        if article is None:
            metrics.articles_missing.inc()
        if comment.parent_id or comment.parent_text:
            parent_state = "present" if parent else "missing"
        else:
            parent_state = "none"
        return (
            ScoringInput(
                text=comment.text,
                article_title=article.title if article else "",
                article_text=article.text if article else "",
                parent_text=parent,
                thread=thread,
                section=comment.section or (article.section if article else ""),
                lang=comment.lang,
            ),
            Context(
                article="present" if article else "missing",
                parent=parent_state,  # type: ignore[arg-type]  # one of the three above
                thread=len(thread),
            ),
        )

    def _result(
        self, message: Message, comment: Comment, context: Context, found: Finding | ScoringError
    ) -> Result:
        source = Source(message.topic, message.partition, message.offset)
        if isinstance(found, ScoringError):
            log.warning("comment cannot be scored", item_id=comment.item_id, error=str(found))
            error = RecordError("scoring_failed", str(found))
            letter = deadletters.letter(
                self._topics.deadletter, message, error, item_id=comment.item_id
            )
            return Result([letter], dead=error)
        scored = Scored(
            comment=self._with_section(comment),
            scores=found.scores,
            models=self._process.models,
            source=source,
            arrived_at=message.timestamp,
            context=context,
            evidence=found.evidence,
            details=found.details,
        )
        key = comment.author_id.encode()
        return Result([Outgoing(self._topics.scored, key, encode(scored))])

    def _with_section(self, comment: Comment) -> Comment:
        """A comment without a section is in its article's."""
        article = self._shelf.get(comment.article_id)
        if not comment.section and article is not None:
            comment.section = article.section
        return comment
