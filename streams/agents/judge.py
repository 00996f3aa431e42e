"""`judge`: adds what the author's conduct says, applies the policy, writes the ledger."""

import asyncio
import datetime as dt
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

import msgspec
from faust.types import Message

from moderation.policy import Policy, Verdict
from moderation.records import Conduct, Context, Judged, Scored, Source, decode_scored, encode
from moderation.trolling.author import Posted
from moderation.trolling.pseudonym import short_hash
from moderation.trolling.signature import signature
from moderation.trolling.toxicity import highest_toxicity
from moderation.trolling.troll import Troll
from streams import metrics
from streams.outbox import Outgoing
from streams.stage import Result
from streams.state.authors import Authors
from streams.state.tables import Writes
from streams.topics import Topics

_REMEMBERED = 50_000
"""Sources remembered, to recognise a record that the hop before sent twice."""


class JudgeHandler:
    """From `comments.scored` to `comments.judged`, and `comments.review` for flagged ones."""

    def __init__(self, policy: Callable[[], Policy], authors: Authors, *, topics: Topics) -> None:
        self._policy = policy
        self._authors = authors
        self._topics = topics
        self._judged: OrderedDict[Source, None] = OrderedDict()

    def open(self, message: Message) -> Scored:
        """Decode a scored comment; RecordError makes it a dead letter."""
        return decode_scored(message.value)

    def awaits(self, _: Scored) -> asyncio.Future[None] | None:
        """Nothing to wait for."""
        return None

    async def handle(self, batch: Sequence[tuple[Message, Scored]]) -> list[Result]:
        """Judge a micro-batch."""
        policy = self._policy()
        now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        writes = self._authors.table.writes()
        return [
            self._judge(scored, policy, now, message.partition, writes) for message, scored in batch
        ]

    def _judge(
        self, scored: Scored, policy: Policy, now: str, partition: int, writes: Writes
    ) -> Result:
        if scored.source in self._judged:
            metrics.duplicates.inc()
            return Result([])
        judged = judge(scored, policy, now, self._conduct(scored, policy, partition, writes))
        value = encode(judged)
        outgoing = [Outgoing(self._topics.judged, judged.article_id.encode(), value)]
        if judged.decision == "review":
            outgoing.append(Outgoing(self._topics.review, judged.id.encode(), value))
        return Result(
            outgoing,
            confirmed=lambda: self._confirmed(judged),
            source=judged.source,
            stored=writes,
        )

    def _conduct(self, scored: Scored, policy: Policy, partition: int, writes: Writes) -> Troll:
        """What the author's conduct says, with this comment in it."""
        comment = scored.comment
        parent = scored.parent_author
        event = Posted(
            at=scored.arrived_at,
            comment=short_hash(comment.id),
            thread=short_hash(comment.article_id),
            signature=signature(comment.text),
            toxicity=highest_toxicity(scored.scores),
            off_topic=scored.scores.get("off_topic"),
            # Of the comment alone: a reputation must not feed on itself.
            flagged=_verdict(scored, policy, own=True).decision == "review",
            heat=scored.forecast.before if scored.forecast else 0.0,
            parent_author=self._authors.number(parent) if parent else None,
            account_age=account_age(comment.author_since, scored.arrived_at),
        )
        found = self._authors.posted(writes, partition, comment.author_id, scored.source, event)
        metrics.troll.observe(found.score)
        return found

    def _confirmed(self, judged: Judged) -> None:
        # Only now: what was judged and not sent must be judged again when it is read again.
        self._judged[judged.source] = None
        if len(self._judged) > _REMEMBERED:
            self._judged.popitem(last=False)
        _count(judged)


def judge(scored: Scored, policy: Policy, now: str, conduct: Troll | None = None) -> Judged:
    """The ledger's record for a scored comment under a policy; `conduct` is the author's."""
    comment = scored.comment
    if conduct is not None:
        scored = msgspec.structs.replace(
            scored,
            scores=scored.scores | {"troll": round(conduct.score, 4)},
            details=scored.details | {"troll": conduct.detail},
        )
    verdict = _verdict(scored, policy)
    flagged = {reason.code for reason in (*verdict.reasons, *verdict.shown)}
    return Judged(
        id=comment.id,
        item_id=comment.item_id,
        article_id=comment.article_id,
        author_id=comment.author_id,
        text=comment.text,
        author_name=comment.author_name,
        parent_id=comment.parent_id,
        parent_text=comment.parent_text,
        created_at=comment.created_at,
        section=comment.section,
        lang=comment.lang,
        revision=comment.revision,
        scores=scored.scores,
        detected_lang=scored.detected_lang,
        unsupported=scored.unsupported,
        decision=verdict.decision,
        reasons=verdict.reasons,
        shown=verdict.shown,
        evidence=[span for span in scored.evidence if span.code in flagged],
        priority=verdict.priority,
        conduct=Conduct(conduct.nature, conduct.contributions) if conduct else None,
        forecast=scored.forecast,
        campaign=scored.campaign,
        models=scored.models,
        policy=policy.version,
        context=_told(scored.context, verdict),
        source=scored.source,
        arrived_at=scored.arrived_at,
        judged_at=now,
    )


def _verdict(scored: Scored, policy: Policy, *, own: bool = False) -> Verdict:
    """What the policy says; `own`: without what others have to do with it."""
    scores = scored.scores
    if own:
        scores = {code: score for code, score in scores.items() if code != "campaign"}
    return policy.judge(
        scores,
        section=scored.comment.section,
        details=scored.details,
        lang=scored.detected_lang,
        unsupported=scored.unsupported,
        possible_bias=scored.possible_bias,
        passages=scored.passages,
    )


def _told(context: Context, verdict: Verdict) -> Context:
    """What the record says of its surroundings: what others said only where somebody reads it."""
    if verdict.decision == "review":
        return context
    return msgspec.structs.replace(context, conversation=[])


def account_age(author_since: str, now: float) -> float | None:
    """Seconds since an account was made; None when that is not said, or not in RFC 3339."""
    try:
        since = dt.datetime.fromisoformat(author_since)
    except ValueError:
        return None
    if since.tzinfo is None:
        since = since.replace(tzinfo=dt.UTC)
    return max(0.0, now - since.timestamp())


def _count(judged: Judged) -> None:
    metrics.comments.labels(judged.decision, metrics.section_label(judged.section)).inc()
    if judged.unsupported:
        metrics.unsupported.labels(metrics.language_label(judged.detected_lang)).inc()
    for reason in judged.reasons:
        metrics.reasons.labels(reason.code).inc()
        if reason.possible_bias:
            metrics.possible_bias.labels(reason.code).inc()
    metrics.outcome_seconds.observe(max(0.0, time.time() - judged.arrived_at))
