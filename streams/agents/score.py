"""`score`: joins a comment with its article, parent and thread, and scores it.

What follows from it for others goes out here as well, since article and parent are at hand: how
heated the thread is, that somebody was answered, and the signature by which copies are found.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final, Literal

import structlog
from faust.types import Message

from moderation.errors import RecordError, ScoringError
from moderation.policy import Policy
from moderation.records import Article, Comment, Context, Scored, Source, decode_comment, encode
from moderation.scoring.process import ScoringProcess, score_each
from moderation.scoring.protocol import Finding, ScoringInput
from moderation.trolling import messages
from moderation.trolling.accusation import accuses
from moderation.trolling.bands import Sighting, sighting
from moderation.trolling.campaigns import Member
from moderation.trolling.heat import encode_record
from moderation.trolling.messages import Replied, Sighted
from moderation.trolling.minhash import Signature, signature
from moderation.trolling.pseudonym import short_hash
from moderation.trolling.toxicity import highest_toxicity
from streams import deadletters, metrics
from streams.campaign_shelf import CampaignShelf
from streams.outbox import Outgoing
from streams.shelf import Shelf
from streams.stage import Result
from streams.state.campaigns import spread
from streams.state.tables import Writes
from streams.state.threads import Seen, ThreadRows
from streams.threads import Threads
from streams.topics import Topics

log = structlog.get_logger(__name__)

_SIGHTINGS_AT_ONCE: Final = 64
"""In a record: with the longest texts that is a third of what Kafka takes."""


class ScoreHandler:
    """From `comments` to `comments.scored`."""

    def __init__(
        self,
        process: ScoringProcess,
        shelf: Shelf,
        threads: Threads,
        policy: Callable[[], Policy],
        *,
        heats: ThreadRows,
        campaigns: CampaignShelf,
        topics: Topics,
        attempts: int,
        articles_ready: Callable[[], Awaitable[object]],
        sighting_partitions: Callable[[], int],
    ) -> None:
        self._heats = heats
        self._campaigns = campaigns
        self._sighting_partitions = sighting_partitions
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
        # From here to the end nothing waits, so that threads see their comments in order.
        writes = self._heats.table.writes()
        sighted: list[Sighting] = []
        results = [
            self._result(message, comment, given, context, finding, writes=writes, sighted=sighted)
            for (message, comment), (given, context), finding in zip(
                batch, joined, findings, strict=True
            )
        ]
        if sighted:
            # All of a batch is sent before any of it is acknowledged, so any result will do.
            last = results[-1]
            results[-1] = last._replace(outgoing=[*last.outgoing, *self._sightings(sighted)])
        return results

    def _result(
        self,
        message: Message,
        comment: Comment,
        given: ScoringInput,
        context: Context,
        found: Finding | ScoringError,
        *,
        writes: Writes,
        sighted: list[Sighting],
    ) -> Result:
        if isinstance(found, ScoringError):
            # A scorer's message may quote the text, which must not get into a log.
            kind = str(found).partition(":")[0]
            log.warning("comment cannot be scored", item_id=comment.item_id, error=kind)
            error = RecordError("scoring_failed", str(found))
            letter = deadletters.letter(
                self._topics.deadletter, message, error, item_id=comment.item_id
            )
            return Result([letter], dead=error)
        source = Source(message.topic, message.partition, message.offset)
        seen = self._heats.said(
            writes, comment, source, at=message.timestamp, toxicity=highest_toxicity(found.scores)
        )
        parent_author = "" if seen.parent_author == comment.author_id else seen.parent_author
        signed = signature(given.text, (given.article_title, given.article_text, given.parent_text))
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
            forecast=seen.forecast,
            parent_author=parent_author,
        )
        if signed is not None:
            self._campaigns.mark(scored, signed)
        outgoing = [Outgoing(self._topics.scored, comment.author_id.encode(), encode(scored))]
        if seen.told is not None:
            key = comment.article_id.encode()
            outgoing.append(Outgoing(self._topics.heat, key, encode_record(seen.told)))
        if parent_author:
            reply = self._reply(scored, seen)
            outgoing.append(
                Outgoing(self._topics.replies, parent_author.encode(), messages.encode(reply))
            )
        if signed is not None:
            sighted.append(self._sighting(scored, signed))
        return Result(outgoing, stored=writes)

    def _reply(self, scored: Scored, seen: Seen) -> Replied:
        comment = scored.comment
        return Replied(
            author_id=scored.parent_author,
            source=scored.source,
            at=scored.arrived_at,
            replier=self._heats.number(comment.author_id),
            thread=short_hash(comment.article_id),
            toxicity=highest_toxicity(scored.scores),
            heat=seen.parent_heat,
            accuses=accuses(comment.text),
        )

    def _sighting(self, scored: Scored, signed: Signature) -> Sighting:
        comment = scored.comment
        member = Member(
            comment.item_id,
            self._heats.number(comment.author_id),
            comment.article_id,
            scored.arrived_at,
        )
        return sighting(member, signed, comment.text)

    def _sightings(self, sighted: list[Sighting]) -> Iterator[Outgoing]:
        """A record for each partition: a record for each comment would cost far more to read."""
        for partition, parts in spread(sighted, self._sighting_partitions()):
            for start in range(0, len(parts), _SIGHTINGS_AT_ONCE):
                some = parts[start : start + _SIGHTINGS_AT_ONCE]
                value = messages.encode(Sighted(tuple(some)))
                yield Outgoing(self._topics.sightings, None, value, partition=partition)


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
    conversation = threads.conversation(comment)
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
        article="present" if found else "missing",
        parent=parent_state,
        thread=len(thread),
        conversation=conversation,
    )
    return given, context
