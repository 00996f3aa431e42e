"""What an author's conduct does to the ledger's record, and what it never does."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from moderation.policy import Policy, load_policy
from moderation.records import Comment, Context, Forecast, Judged, Scored, Source, decode_judged
from moderation.trolling.rows import AuthorRow
from moderation.trolling.toxicity import highest_toxicity
from moderation.trolling.troll import Troll
from streams.agents.judge import JudgeHandler, account_age, judge
from tests.streams.state.at_hand import AtHand

_NOW = 1_764_000_000.0
_DAY = 86_400.0


def _scored(number: int = 0, author: str = "u", **changes: Any) -> Scored:
    comment = Comment(
        id=f"c{number}",
        article_id=f"a{number % 3}",
        author_id=author,
        text=f"They measured the bridge {number} times.",
    )
    given: dict[str, Any] = {
        "comment": comment,
        "scores": {"toxicity": 0.1},
        "models": {},
        "source": Source("comments", 0, number),
        "arrived_at": _NOW + number,
        "context": Context(),
    }
    return Scored(**(given | changes))


class _Judge:
    """The handler over tables in memory."""

    def __init__(self, folder: Path, policy: Policy, **changes: Any) -> None:
        self.at_hand = AtHand(folder, **changes)
        self._authors = self.at_hand.state.authors
        self._policy = policy
        self.restart()

    def restart(self) -> None:
        """As a new process: only the tables are left."""
        topics = self.at_hand.topics
        self._handler = JudgeHandler(lambda: self._policy, self._authors, topics=topics)

    async def __call__(self, *batch: Scored) -> list[Judged]:
        messages: list[Any] = [(SimpleNamespace(partition=1), scored) for scored in batch]
        results = await self._handler.handle(messages)
        for result in results:
            if result.confirmed is not None:
                result.confirmed()
        return [
            decode_judged(record.value)
            for result in results
            for record in result.outgoing
            if record.topic == self.at_hand.topics.judged
        ]

    def row(self, author: str = "u") -> AuthorRow:
        row = self._authors.table.get(1, author)
        assert row is not None
        return row


@pytest.mark.parametrize("score", [0.49, 0.5, 0.8, 1.0])
def test_troll_never_weighs_more_than_its_rule_says(score: float) -> None:
    """A reputation alone sends to review, low in the queue, and adds little to other reasons.

    Authors who are treated harshly write worse afterwards.
    """
    policy = load_policy()
    conduct = Troll(score, [], "habit")
    judged = judge(_scored(), policy, "", conduct)
    assert ("review" if score >= 0.5 else "allow") == judged.decision
    weight = policy.rules("")["troll"].weight
    assert weight <= 0.25
    assert judged.priority <= weight * score + 1e-4
    toxic = _scored(scores={"toxicity": 0.9})
    alone, both = judge(toxic, policy, ""), judge(toxic, policy, "", conduct)
    assert alone.priority <= both.priority <= 1 - (1 - alone.priority) * (1 - weight) + 1e-4
    assert "toxicity" == both.reasons[0].code


def test_campaign_never_weighs_more_than_its_rule_says() -> None:
    """A copied text goes to review with what is known of its campaign, and no higher."""
    policy = load_policy()
    scored = _scored(scores={"campaign": 1.0}, details={"campaign": "8 times"}, campaign="first#0")
    judged = judge(scored, policy, "")
    assert ("review", "first#0") == (judged.decision, judged.campaign)
    assert [("campaign", "8 times")] == [(each.code, each.detail) for each in judged.reasons]
    assert judged.priority <= policy.rules("")["campaign"].weight <= 0.4


async def test_a_reputation_does_not_feed_on_itself(tmp_path: Path) -> None:
    """What goes to review for its campaign or its author is not held against the author."""
    judge_ = _Judge(tmp_path, load_policy())
    flood = [_scored(n, scores={"toxicity": 0.1, "campaign": 1.0}) for n in range(12)]
    judged = await judge_(*flood)
    assert {"review"} == {each.decision for each in judged}
    assert "troll" in {reason.code for reason in judged[-1].reasons}
    assert 0 == judge_.row().state.flagged.hits
    await judge_(_scored(12, scores={"toxicity": 0.9}))
    assert 1 == pytest.approx(judge_.row().state.flagged.hits)


async def test_the_record_says_why(tmp_path: Path) -> None:
    """`troll` is in the scores, with its three largest contributions in words and its nature."""
    judge_ = _Judge(tmp_path, load_policy())
    judged = await judge_(*(_scored(n) for n in range(7)))
    scores = [each.scores["troll"] for each in judged]
    assert scores == sorted(scores)
    assert scores[0] < 0.1
    assert scores[5] > 0.5
    assert judged[-1].conduct is not None
    assert "habit" == judged[-1].conduct.nature
    assert "pace" == judged[-1].conduct.contributions[0].signal
    (reason,) = (each for each in judged[-1].reasons if each.code == "troll")
    assert "7 comments within" in reason.detail


async def test_a_record_that_comes_again_counts_once(tmp_path: Path) -> None:
    """Neither a repetition in the same batch nor one after a restart makes a flood of a comment."""
    judge_ = _Judge(tmp_path, load_policy())
    await judge_(_scored(0), _scored(0), _scored(1))
    assert [] == await judge_(_scored(0))
    assert 2 == len(judge_.row().state.recent)


async def test_a_record_that_comes_again_has_the_same_outcome(tmp_path: Path) -> None:
    """Its author has gone on meanwhile; consumers may take either of two equal records."""
    judge_ = _Judge(tmp_path, load_policy())
    first = await judge_(*(_scored(number) for number in range(10)))
    judge_.restart()
    again = await judge_(*(_scored(number) for number in range(10)))
    outcomes = [(judged.decision, judged.scores["troll"]) for judged in first]
    assert outcomes == [(judged.decision, judged.scores["troll"]) for judged in again]
    assert len({score for _, score in outcomes}) > 3


async def test_every_change_goes_to_the_changelog(tmp_path: Path) -> None:
    """Also that of a record that changes nothing: after a crash the changelog may lack the row."""
    judge_ = _Judge(tmp_path, load_policy())
    for batch in ((_scored(0), _scored(1)), (_scored(0),)):
        judge_.restart()
        await judge_(*batch)
        # A batch's changes go out when it lets others work.
        await asyncio.sleep(0)
    changes = judge_.at_hand.sent.changes
    assert [(b"1/u", 1)] * 2 == [(change.key, change.partition) for change in changes]
    assert {"state.authors"} == {change.topic for change in changes}


async def test_signals_that_are_off_leave_no_trace(tmp_path: Path) -> None:
    """Who switches `pace` off sees no flooder."""
    on = await _Judge(tmp_path / "on", load_policy())(*(_scored(n) for n in range(8)))
    signals = ("pace", "repeats", "spread")
    off = await _Judge(tmp_path / "off", load_policy(), troll_signals_off=signals)(
        *(_scored(n) for n in range(8))
    )
    assert on[-1].scores["troll"] > 0.5 > off[-1].scores["troll"]


async def test_a_burning_thread_is_a_circumstance(tmp_path: Path) -> None:
    """The forecast before the comment decides whether its tone is held against the author."""
    judge_ = _Judge(tmp_path, load_policy())
    hot = Forecast(heat=0.9, before=0.9)
    for n in range(6):
        await judge_(
            _scored(n, "calm", scores={"toxicity": 0.9}, arrived_at=_NOW + n * _DAY),
            _scored(
                n,
                "hot",
                scores={"toxicity": 0.9},
                arrived_at=_NOW + n * _DAY,
                forecast=hot,
                source=Source("comments", 1, n),
            ),
        )
    calm, burning = judge_.row("calm").state, judge_.row("hot").state
    assert calm.calm.hits > 3
    assert burning.calm.hits < 1e-9
    assert burning.hot.hits > 3


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("2025-11-24T16:00:00Z", 0.0),
        ("2025-11-23T16:00:00Z", _DAY),
        ("2025-11-23T18:00:00+02:00", _DAY),
        ("2025-11-23T16:00:00", _DAY),
        ("2025-11-23", _DAY + 16 * 3_600),
        ("2030-01-01T00:00:00Z", 0.0),
        ("", None),
        ("yesterday", None),
        ("1764000000", None),
        ("2025-13-40T00:00:00Z", None),
    ],
)
def test_account_age(said: str, expected: float | None) -> None:
    """The site's date, in whichever zone; what is no date says nothing, and the future is today."""
    assert expected == account_age(said, _NOW)


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_account_age_of_no_time_at_all(said: str) -> None:
    """Dates at the ends of the calendar stop no worker."""
    age = account_age(said, _NOW)
    assert age is not None
    assert age >= 0


def test_highest_toxicity() -> None:
    """The highest of the toxic scores; where none could be read it is unknown, and not 0."""
    assert 0.7 == highest_toxicity(
        {"toxicity": 0.2, "threat": 0.7, "sarcasm": 0.9, "off_topic": 1.0}
    )
    assert highest_toxicity({"sarcasm": 0.9}) is None
    assert highest_toxicity({}) is None
