"""`score`: joins a comment with its article, parent and thread, and scores it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

import structlog
from faust.types import Message

from moderation.errors import RecordError, ScoringError
from moderation.policy import Policy
from moderation.records import Article, Comment, Context, Scored, Source, decode_comment, encode
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
        policy: Callable[[], Policy],
        *,
        topics: Topics,
        attempts: int,
        articles_ready: Callable[[], Awaitable[object]],
    ) -> None:
        self._process = process
        self._shelf = shelf
        self._threads = threads
        self._policy = policy
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
        # Judge may know a newer policy when the record arrives there: docs/policy.md says what
        # that means for the evidence.
        policy = self._policy()
        joined = [join(comment, self._shelf, self._threads, policy) for _, comment in batch]
        missing = sum(1 for _, context in joined if context.article == "missing")
        metrics.articles_missing.inc(missing)
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

    def _result(
        self, message: Message, comment: Comment, context: Context, found: Finding | ScoringError
    ) -> Result:
        source = Source(message.topic, message.partition, message.offset)
        if isinstance(found, ScoringError):
            # A scorer's message may quote the text, which must not get into a log.
            kind = str(found).partition(":")[0]
            log.warning("comment cannot be scored", item_id=comment.item_id, error=kind)
            error = RecordError("scoring_failed", str(found))
            letter = deadletters.letter(
                self._topics.deadletter, message, error, item_id=comment.item_id
            )
            return Result([letter], dead=error)
        scored = Scored(
            comment=comment,
            scores=found.scores,
            models=self._process.models,
            source=source,
            arrived_at=message.timestamp,
            context=context,
            evidence=found.evidence,
            details=found.details,
            detected_lang=found.lang,
            unsupported=found.unsupported,
            possible_bias=found.possible_bias,
            passages=found.passages,
        )
        key = comment.author_id.encode()
        return Result([Outgoing(self._topics.scored, key, encode(scored))])


def join(
    comment: Comment, shelf: Shelf, threads: Threads, policy: Policy
) -> tuple[ScoringInput, Context]:
    """What the scorers are shown of a comment; the comment is part of its thread from now on.

    A comment without a section gets its article's. The policy says what is to be explained.
    """
    found = shelf.get(comment.article_id)
    article = found or Article(id=comment.article_id)
    parent = threads.parent(comment)
    thread = threads.before(comment)
    threads.add(comment)
    comment.section = comment.section or article.section
    parent_state: Literal["present", "missing", "none"] = "none"
    if comment.parent_id or comment.parent_text:
        parent_state = "present" if parent else "missing"
    given = ScoringInput(
        text=comment.text,
        article_title=article.title,
        article_text=article.text,
        parent_text=parent,
        thread=thread,
        section=comment.section,
        lang=comment.lang,
        limits=policy.limits(comment.section),
        asides=policy.asides(comment.section),
    )
    context = Context(
        article="present" if found else "missing", parent=parent_state, thread=len(thread)
    )
    return given, context
