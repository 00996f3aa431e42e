"""Scoring JSON lines without Kafka."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec

from moderation.errors import ScoringError, TrollbridgeError
from moderation.policy import Policy
from moderation.records import Reason
from moderation.scoring.process import ScoringProcess, score_each
from moderation.scoring.protocol import Finding, ScoringInput, Span
from streams.settings import Settings

_BATCH = 256


class _Article(msgspec.Struct):
    title: str = ""
    text: str = ""


class _Line(msgspec.Struct):
    id: str | int
    text: Annotated[str, msgspec.Meta(max_length=10_000)]
    article: _Article | None = None
    parent_text: str | None = None
    thread: tuple[str, ...] | None = None
    section: str | None = None
    lang: str | None = None

    def to_input(self, policy: Policy) -> ScoringInput:
        """What the scorers are shown; the policy says what is to be explained."""
        article = self.article or _Article()
        return ScoringInput(
            text=self.text,
            article_title=article.title,
            article_text=article.text,
            parent_text=self.parent_text or "",
            thread=self.thread or (),
            section=self.section or "",
            lang=self.lang or "",
            limits=policy.limits(self.section or ""),
            asides=policy.asides(self.section or ""),
        )


class _Scored(msgspec.Struct, omit_defaults=True):
    id: str | int
    scores: dict[str, float]
    decision: str
    reasons: list[Reason]
    evidence: list[Span] = []
    detected_lang: str = ""
    unsupported: list[str] = []


async def score_file(
    settings: Settings,
    policy: Policy,
    source: Path,
    target: Path,
    *,
    on_batch: Callable[[int], None] = lambda _: None,
) -> int:
    """Score a file of JSON lines into another, in the same order; how many were scored.

    TrollbridgeError names the line that is wrong; the target is then not written.
    """
    unfinished = target.with_name(target.name + ".part")
    count = 0
    try:
        with source.open("rb") as lines, unfinished.open("wb") as output:
            async for batch, findings in _scored(settings, policy, _batches(source, lines)):
                for scored in _judged(source, batch, findings, policy):
                    output.write(msgspec.json.encode(scored) + b"\n")
                count += len(batch)
                on_batch(count)
        unfinished.replace(target)
    except OSError as error:
        raise TrollbridgeError(f"{error.filename}: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return count


async def _scored(
    settings: Settings, policy: Policy, batches: Iterator[list[_Line]]
) -> AsyncIterator[tuple[list[_Line], list[Finding | ScoringError]]]:
    """Score batches in their order, by one process for each thread that the models may use.

    Several processes gain more than several threads of one: half of the work is Python's.
    """
    options = settings.scoring_options()
    alone = msgspec.structs.replace(options, threads=1)
    async with AsyncExitStack() as stack:
        idle: asyncio.Queue[ScoringProcess] = asyncio.Queue()
        processes = [
            ScoringProcess(settings.scorers, alone, timeout=settings.scoring_timeout * 6)
            for _ in range(options.threads)
        ]
        for process in processes:
            stack.push_async_callback(process.close)
        await asyncio.gather(*(process.start() for process in processes))
        for process in processes:
            idle.put_nowait(process)

        async def score(batch: list[_Line]) -> list[Finding | ScoringError]:
            process = await idle.get()
            try:
                findings, _ = await score_each(process, [line.to_input(policy) for line in batch])
            finally:
                idle.put_nowait(process)
            return findings

        running: deque[tuple[list[_Line], asyncio.Task[list[Finding | ScoringError]]]] = deque()
        try:
            for batch in batches:
                running.append((batch, asyncio.create_task(score(batch))))
                if len(running) > len(processes):
                    first, task = running.popleft()
                    yield first, await task
            while running:
                first, task = running.popleft()
                yield first, await task
        finally:
            for _, task in running:
                task.cancel()
            await asyncio.gather(*(task for _, task in running), return_exceptions=True)


def _batches(source: Path, lines: Iterable[bytes]) -> Iterator[list[_Line]]:
    parsed = _read(source, enumerate(lines, start=1))
    while batch := list(islice(parsed, _BATCH)):
        yield batch


def _read(source: Path, numbered: "enumerate[bytes]") -> Iterator[_Line]:
    for number, raw in numbered:
        if raw.strip():
            try:
                yield msgspec.json.decode(raw, type=_Line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise TrollbridgeError(f"{source}, line {number}: {error}") from error


def _judged(
    source: Path,
    batch: Sequence[_Line],
    findings: Sequence[Finding | ScoringError],
    policy: Policy,
) -> Iterator[_Scored]:
    for line, found in zip(batch, findings, strict=True):
        if isinstance(found, ScoringError):
            raise ScoringError(f"{source}, id {line.id}: {found}") from found
        verdict = policy.judge(
            found.scores,
            section=line.section or "",
            details=found.details,
            possible_bias=found.possible_bias,
            passages=found.passages,
            lang=found.lang,
            unsupported=found.unsupported,
        )
        codes = {reason.code for reason in verdict.reasons}
        yield _Scored(
            line.id,
            found.scores,
            verdict.decision,
            verdict.reasons,
            [span for span in found.evidence if span.code in codes],
            found.lang,
            found.unsupported,
        )
