"""Scoring JSON lines without Kafka."""

from collections.abc import Callable, Iterator, Sequence
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
            async with ScoringProcess(
                settings.scorers, settings.scoring_options(), timeout=settings.scoring_timeout * 6
            ) as process:
                numbered = enumerate(lines, start=1)
                while batch := list(islice(_read(source, numbered), _BATCH)):
                    given = [line.to_input(policy) for line in batch]
                    findings, _ = await score_each(process, given)
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
