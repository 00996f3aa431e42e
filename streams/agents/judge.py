"""`judge`: applies the policy, writes the ledger and the review topic."""

import asyncio
import datetime as dt
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from faust.types import Message

from moderation.policy import Policy
from moderation.records import Judged, Scored, Source, decode_scored, encode
from streams import metrics
from streams.outbox import Outgoing
from streams.stage import Result
from streams.topics import Topics

_REMEMBERED = 50_000
"""Sources remembered, to recognise a record that the hop before sent twice."""


class JudgeHandler:
    """From `comments.scored` to `comments.judged`, and `comments.review` for flagged ones."""

    def __init__(self, policy: Callable[[], Policy], *, topics: Topics) -> None:
        self._policy = policy
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
        return [self._judge(scored, policy, now) for _, scored in batch]

    def _judge(self, scored: Scored, policy: Policy, now: str) -> Result:
        if scored.source in self._judged:
            metrics.duplicates.inc()
            return Result([])
        judged = judge(scored, policy, now)
        value = encode(judged)
        outgoing = [Outgoing(self._topics.judged, judged.article_id.encode(), value)]
        if judged.decision == "review":
            outgoing.append(Outgoing(self._topics.review, judged.id.encode(), value))
        return Result(outgoing, confirmed=lambda: self._confirmed(judged), source=judged.source)

    def _confirmed(self, judged: Judged) -> None:
        # Only now: what was judged and not sent must be judged again when it is read again.
        self._judged[judged.source] = None
        if len(self._judged) > _REMEMBERED:
            self._judged.popitem(last=False)
        _count(judged)


def judge(scored: Scored, policy: Policy, now: str) -> Judged:
    """The ledger's record for a scored comment under a policy."""
    comment = scored.comment
    verdict = policy.judge(
        scored.scores,
        section=comment.section,
        details=scored.details,
        lang=scored.detected_lang,
        unsupported=scored.unsupported,
        possible_bias=scored.possible_bias,
        passages=scored.passages,
    )
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
        models=scored.models,
        policy=policy.version,
        context=scored.context,
        source=scored.source,
        arrived_at=scored.arrived_at,
        judged_at=now,
    )


def _count(judged: Judged) -> None:
    metrics.comments.labels(judged.decision, metrics.section_label(judged.section)).inc()
    if judged.unsupported:
        metrics.unsupported.labels(metrics.language_label(judged.detected_lang)).inc()
    for reason in judged.reasons:
        metrics.reasons.labels(reason.code).inc()
        if reason.possible_bias:
            metrics.possible_bias.labels(reason.code).inc()
    metrics.outcome_seconds.observe(max(0.0, time.time() - judged.arrived_at))
