"""Scorers that misbehave: the text that breaks one is dead-lettered, the rest is judged on time."""

import pytest

from tests.pipeline import Pipeline, comment

TOTAL = 2_000
POISONED = {500, 1_500}


@pytest.mark.parametrize("scorer", ["raising", "hanging", "nan", "dying"])
def test_one_text_fails_alone(embedded: Pipeline, scorer: str) -> None:
    """One text in a thousand that a scorer raises on, hangs on, calls NaN or dies of.

    It alone becomes `scoring_failed`; the others are judged, none twice.
    """
    embedded.articles(20)
    embedded.send(
        embedded.topics.comments,
        (comment(n, text=f"poison {n}") if n in POISONED else comment(n) for n in range(TOTAL)),
    )
    embedded.worker(scorers=(f"tests.scorers:{scorer}",), scoring_timeout=1.0)
    # A process that dies is replaced a dozen times until the text stands alone.
    embedded.wait_terminal(TOTAL, within=120)
    found = embedded.wait_balanced(within=30)
    assert (TOTAL - len(POISONED), len(POISONED), 0) == (
        found.allow,
        found.deadletters,
        found.duplicates,
    )
    letters = embedded.read(embedded.topics.deadletter)
    assert {f"c{n}#0" for n in POISONED} == {
        dict(letter.headers)["trollbridge.item_id"].decode() for letter in letters
    }
    assert {b"scoring_failed"} == {dict(letter.headers)["trollbridge.code"] for letter in letters}


def test_scorer_that_cannot_load(embedded: Pipeline) -> None:
    """A scorer that is not there ends the worker with one line that names it."""
    worker = embedded.worker(scorers=("tests.scorers:absent",))
    assert 1 == worker.process.wait(timeout=60)
    last = worker.log_text().strip().splitlines()[-1]
    assert "tests.scorers:absent" in last
    assert "Traceback" not in worker.log_text()
