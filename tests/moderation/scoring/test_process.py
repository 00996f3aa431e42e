"""Scoring in a process of its own: isolation of one bad text, hangs, death."""

from collections.abc import Sequence

import pytest

from moderation.errors import ScoringError, WeightsError
from moderation.scoring.process import Scores, ScoringHungError, ScoringProcess, score_each
from moderation.scoring.protocol import Finding, ScoringInput, ScoringOptions

BATCH = [ScoringInput(text="poison" if n == 5 else f"text {n}") for n in range(16)]


def _process(scorer: str, *, timeout: float = 10) -> ScoringProcess:
    return ScoringProcess([f"tests.scorers:{scorer}"], ScoringOptions(), timeout=timeout)


async def test_models_are_known() -> None:
    """A judged record can say which scorer of which version ran."""
    async with _process("quick") as process:
        assert {"quick": "1"} == process.models


@pytest.mark.parametrize("scorer", ["raising", "nan", "dying", "hanging"])
async def test_one_text_fails_alone(scorer: str) -> None:
    """Whatever a scorer does to one text, the fifteen others of the batch get their findings."""
    async with _process(scorer, timeout=0.5 if scorer == "hanging" else 10) as process:
        found, seconds = await score_each(process, BATCH, backoff=0.001)
    assert [5] == [n for n, each in enumerate(found) if isinstance(each, ScoringError)]
    assert Finding({"toxicity": 0.01}) == found[0]
    assert {scorer} == seconds.keys()


async def test_hang_is_told_apart() -> None:
    """A hang costs its time limit and no more, and the next batch is scored."""
    async with _process("hanging", timeout=0.3) as process:
        with pytest.raises(ScoringHungError, match=r"no answer within 0\.3 s"):
            await process.score([BATCH[5]])
        assert 1 == len((await process.score([BATCH[0]])).findings)


async def test_transient_failure_is_tried_again() -> None:
    """A text that fails once and then works is scored, not dead-lettered."""
    calls: list[int] = []

    class Flaky(ScoringProcess):
        async def score(self, inputs: Sequence[ScoringInput]) -> Scores:
            calls.append(len(inputs))
            if len(calls) == 1:
                raise ScoringError("out of memory")
            return await super().score(inputs)

    async with Flaky(["tests.scorers:quick"], ScoringOptions()) as process:
        found, _ = await score_each(process, BATCH[:1], attempts=2, backoff=0.001)
    assert [Finding({"toxicity": 0.01})] == found
    assert [1, 1] == calls


async def test_unknown_scorer() -> None:
    """A scorer that is not there is named in one line."""
    with pytest.raises(WeightsError, match=r"tests\.scorers:absent"):
        await _process("absent").start()
