"""What another policy or another model would change: read, score again, compare, write nothing."""

import asyncio
from collections import Counter
from collections.abc import Iterable

import msgspec

from moderation.errors import RecordError, ScoringError
from moderation.policy import Policy
from moderation.records import (
    Comment,
    Context,
    Judged,
    Scored,
    Source,
    decode_article,
    decode_comment,
    decode_judged,
)
from moderation.scoring.process import ScoringProcess, score_each
from streams.agents.judge import judge
from streams.agents.score import join
from streams.audit import read_all
from streams.clients import consumer, reaching
from streams.settings import Settings
from streams.shelf import Shelf
from streams.threads import Threads
from streams.topics import Topics

_BATCH = 64


class Change(msgspec.Struct):
    """A comment that would come to another decision, or to other reasons."""

    item_id: str
    author_name: str
    text: str
    before: str
    after: str
    reasons_before: list[str]
    reasons_after: list[str]


class Replay(msgspec.Struct):
    """A replay's result."""

    policy: str
    models: dict[str, str]
    comments: int = 0
    not_judged: int = 0
    """Comments of the span that have no judged record to compare with."""
    decisions: dict[str, int] = {}
    """Counts by `before -> after`."""
    changes: list[Change] = []


def replay(
    settings: Settings,
    policy: Policy,
    *,
    since: int = 0,
    last: int = 0,
    rescore: bool = True,
) -> Replay:
    """Compare the ledger with what `policy` and the configured models make of the same comments.

    `since` (milliseconds since the epoch) and `last` (a number of comments) narrow the span.
    Without `rescore` the recorded scores are judged anew, which takes no model.
    """
    topics = Topics(settings.topic_prefix)
    with reaching(settings), consumer(settings) as client:
        before: dict[Source, Judged] = {}
        for record in read_all(client, topics.judged):
            judged = decode_judged(record.value)
            before.setdefault(judged.source, judged)
        shelf = Shelf(keep=settings.articles_kept, wait=0)
        for record in read_all(client, topics.articles) if rescore else ():
            try:
                shelf.put(decode_article(record.value))
            except RecordError:
                # A tombstone or a dead letter of the live run; there is no article to join.
                continue
        comments: list[tuple[Source, float, Comment]] = []
        for record in read_all(client, topics.comments):
            try:
                comment = decode_comment(record.value)
            except RecordError:
                # A dead letter of the live run.
                continue
            if record.timestamp >= since:
                source = Source(record.topic, record.partition, record.offset)
                comments.append((source, record.timestamp / 1000, comment))
    comments.sort(key=lambda entry: entry[1])
    comments = comments[-last:] if last else comments
    if rescore:
        threads = Threads(keep=settings.threads_kept, length=settings.thread_length)
        scored = asyncio.run(_scored(settings, policy, shelf, threads, comments))
    else:
        scored = [
            _recorded(before[source], comment)
            for source, _, comment in comments
            if source in before
        ]
    return _compare(scored, before, policy, missing=len(comments))


async def _scored(
    settings: Settings,
    policy: Policy,
    shelf: Shelf,
    threads: Threads,
    comments: list[tuple[Source, float, Comment]],
) -> list[Scored]:
    done: list[Scored] = []
    async with ScoringProcess(
        settings.scorers, settings.scoring_options(), timeout=settings.scoring_timeout
    ) as process:
        for start in range(0, len(comments), _BATCH):
            batch = comments[start : start + _BATCH]
            joined = [join(comment, shelf, threads, policy) for _, _, comment in batch]
            findings, _ = await score_each(process, [given for given, _ in joined])
            for (source, arrived, comment), (_, context), found in zip(
                batch, joined, findings, strict=True
            ):
                if isinstance(found, ScoringError):
                    continue
                done.append(
                    Scored(
                        comment=comment,
                        scores=found.scores,
                        models=process.models,
                        source=source,
                        arrived_at=arrived,
                        context=context,
                        evidence=found.evidence,
                        details=found.details,
                        detected_lang=found.lang,
                        unsupported=found.unsupported,
                        possible_bias=found.possible_bias,
                        passages=found.passages,
                    )
                )
    return done


def _recorded(judged: Judged, comment: Comment) -> Scored:
    comment.section = judged.section
    return Scored(
        comment=comment,
        scores=judged.scores,
        models=judged.models,
        source=judged.source,
        arrived_at=judged.arrived_at,
        context=Context(),
        detected_lang=judged.detected_lang,
        unsupported=judged.unsupported,
    )


def _compare(
    scored: Iterable[Scored], before: dict[Source, Judged], policy: Policy, *, missing: int
) -> Replay:
    result = Replay(policy.version, {})
    decisions: Counter[str] = Counter()
    for entry in scored:
        missing -= 1
        old = before.get(entry.source)
        if old is None:
            result.not_judged += 1
            continue
        new = judge(entry, policy, "")
        result.comments += 1
        result.models = entry.models
        decisions[f"{old.decision} -> {new.decision}"] += 1
        codes = [[reason.code for reason in judged.reasons] for judged in (old, new)]
        if old.decision != new.decision or set(codes[0]) != set(codes[1]):
            result.changes.append(
                Change(new.item_id, new.author_name, new.text, old.decision, new.decision, *codes)
            )
    result.not_judged += missing
    result.decisions = dict(decisions)
    return result
