"""Thresholds from decisions: a promise that holds, a refusal where it cannot be given."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from moderation.errors import SettingsError
from moderation.policy import Policy, load_policy, parse_policy
from moderation.review import evidence
from moderation.review.calibration import (
    Arrival,
    Seen,
    capacity,
    fit_staff,
    keep_precision,
    lower_bound,
)
from moderation.review.intake import take_in
from moderation.review.policy_diff import policy_diff
from tests.moderation.review.desk import Desk, judged

POLICY = """
name = "courier"

[reasons.toxicity]      # a remark that stays
threshold = 0.60

[reasons.sarcasm]
threshold = 0.50

[reasons.joke]
threshold = 0.80
action = "show"

[sections.Sports.reasons.toxicity]
threshold = 0.70
"""


@pytest.fixture
def policy() -> Policy:
    """Two reasons that send to review, one section that differs."""
    return parse_policy(POLICY, origin="test")


def _seen(
    count: int, *, code: str = "toxicity", section: str = "", above: float = 0.0, seed: int = 1
) -> list[Seen]:
    """Decisions on scores over the threshold; a score is confirmed as often as it says."""
    draw = random.Random(seed)
    threshold = 0.7 if section == "sports" else 0.6
    found = []
    for _ in range(count):
        score = draw.uniform(max(threshold, above), 1)
        found.append(Seen(section, code, score, threshold, draw.random() < score))
    return found


@given(st.integers(1, 300), st.data())
def test_bound_is_exact(count: int, data: st.DataObject) -> None:
    """At the bound, so many hits or more are as rare as the confidence says (Clopper-Pearson)."""
    hits = data.draw(st.integers(1, count))
    bound = lower_bound(hits, count, 0.05)
    assert 0.05 == pytest.approx(binom.sf(hits - 1, count, bound), abs=1e-6)


def test_promise_is_kept(policy: Policy) -> None:
    """The proposed threshold is the lowest that keeps the precision for certain."""
    (proposal,) = keep_precision(_seen(5_000), policy, precision=0.85)
    assert proposal.threshold is not None
    assert proposal.bound is not None
    # Above t the true precision is (1 + t) / 2: 0.85 is kept from 0.70 on.
    assert 0.70 < proposal.threshold <= 0.78
    assert 0.85 <= proposal.bound < (proposal.precision or 0)
    assert (0.6, 5_000) == (proposal.now, proposal.decisions)


def test_promise_holds_as_often_as_said(policy: Policy) -> None:
    """Over many small newsrooms, a threshold below the true one is as rare as promised."""
    wrong = 0
    for seed in range(200):
        (proposal,) = keep_precision(_seen(300, seed=seed), policy, precision=0.85)
        wrong += proposal.threshold is not None and (1 + proposal.threshold) / 2 < 0.85
    assert 200 * 0.05 >= wrong


def test_present_threshold_that_keeps_it(policy: Policy) -> None:
    """What is good enough stays as it is: thresholds never fall, since nobody looked below."""
    (proposal,) = keep_precision(_seen(5_000, above=0.9), policy, precision=0.5)
    assert 0.6 == proposal.threshold == proposal.now


def test_thin_or_hopeless_data_is_refused(policy: Policy) -> None:
    """Few decisions, or a reason that people do not confirm, get no threshold but a reason."""
    (few,) = keep_precision(_seen(49), policy, precision=0.5)
    assert (None, "49 decisions are too few: 50 are needed") == (few.threshold, few.refused)
    never = [one._replace(confirmed=False) for one in _seen(500)]
    (hopeless,) = keep_precision(never, policy, precision=0.5)
    assert hopeless.threshold is None
    assert "no threshold keeps 0.5" in hopeless.refused
    assert [] == keep_precision(_seen(500, code="joke"), policy, precision=0.5)


def test_sections(policy: Policy) -> None:
    """A section with enough decisions stands alone, the small ones are taken together."""
    seen = [
        *_seen(400, section="sports"),
        *_seen(400, section="local", seed=2),
        *_seen(30, section="food", seed=3),
        *_seen(30, section="", seed=4),
    ]
    found = keep_precision(seen, policy, precision=0.8)
    assert [("local", 400, 0.6), ("sports", 400, 0.7), ("", 60, 0.6)] == [
        (one.section, one.decisions, one.now) for one in found
    ]


def test_scores_under_an_older_threshold(policy: Policy) -> None:
    """What was never looked at proves nothing: high scores of a stricter time say little of 0.6."""
    strict = [one._replace(threshold=0.9) for one in _seen(2_000, above=0.9)]
    (proposal,) = keep_precision(strict, policy, precision=0.9)
    assert proposal.threshold is not None
    assert 0.9 <= proposal.threshold


def _fortnight(per_day: int) -> list[Arrival]:
    draw = random.Random(2)
    return [
        Arrival(day * 86_400 + draw.random() * 86_400, "", {"toxicity": draw.uniform(0.6, 1)})
        for day in range(15)
        for _ in range(per_day + draw.randint(-5, 5))
    ]


def test_staff(policy: Policy) -> None:
    """Three people for two hours decide so many; thresholds rise until the days fit."""
    able = capacity(3, 2, [20.0, 28.0] * 50)
    assert 900 == able
    fit = fit_staff(_fortnight(1_800), policy, capacity=able)
    assert fit.kept < fit.bound <= able < fit.arriving
    # Half of the scores have to go: from 0.6 to about 0.8.
    assert 0.4 < fit.lift <= 0.6
    assert 0.78 < fit.thresholds["", "toxicity"] <= 0.86
    assert ("", "joke") not in fit.thresholds


def test_staff_that_suffices(policy: Policy) -> None:
    """Who can look at everything gets no change."""
    fit = fit_staff(_fortnight(100), policy, capacity=500)
    assert (0.0, {}) == (fit.lift, fit.thresholds)


def test_staff_refused(policy: Policy) -> None:
    """A week is needed, decisions that were timed, and a staff that can do anything at all."""
    week = [one for one in _fortnight(50) if one.at < 6.5 * 86_400]
    with pytest.raises(SettingsError, match="6 whole days"):
        fit_staff(week, policy, capacity=10)
    with pytest.raises(SettingsError, match="too few for any threshold"):
        fit_staff(_fortnight(1_000), policy, capacity=1)
    with pytest.raises(SettingsError, match="timed decisions are too few"):
        capacity(1, 1, [10.0] * 49)


def test_diff(tmp_path: Path) -> None:
    """The diff changes thresholds alone: remarks, order and spelling of the file stay."""
    file = tmp_path / "policy.toml"
    file.write_text(POLICY)
    diff = policy_diff(
        str(file),
        {("", "sarcasm"): 0.66, ("sports", "toxicity"): 0.8, ("local", "sarcasm"): 0.9},
    )
    changed = [
        line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in {"+++", "---"}
    ]
    assert [
        "-threshold = 0.50", "+threshold = 0.66",
        "-threshold = 0.70", "+threshold = 0.8",
        "+[sections.local.reasons.sarcasm]", "+threshold = 0.9",
    ] == [line for line in changed if line != "+"]  # fmt: skip
    assert POLICY == file.read_text()


def test_diff_of_the_shipped_policy() -> None:
    """Without a file of one's own the diff is against the policy that ships."""
    assert "+threshold = 0.91" in policy_diff("", {("", "toxicity"): 0.91})
    assert "" == policy_diff("", {})
    assert load_policy("").version


def test_evidence(desk: Desk) -> None:
    """Rejections confirm the reasons of their family, approvals and other reasons do not."""
    take_in(
        desk.store,
        [
            judged("c1", reasons={"toxicity": 0.9, "sarcasm": 0.7}, section="Sports"),
            judged("c2", reasons={"toxicity": 0.8}),
            judged("c3", reasons={"toxicity": 0.7}),
            judged("c4", reasons={"toxicity": 0.6}),
        ],
    )
    desk.decide("c1", "reject", reason="insult")
    desk.decide("c2", "approve")
    desk.decide("c3", "reject", reason="spam")
    found = {(one.score, one.code): one for one in evidence.seen(desk.store)}
    assert {
        (0.9, "toxicity"): True,
        (0.7, "sarcasm"): False,
        (0.8, "toxicity"): False,
        (0.7, "toxicity"): False,
    } == {key: one.confirmed for key, one in found.items()}
    assert ("sports", 0.5) == (found[0.9, "toxicity"].section, found[0.9, "toxicity"].threshold)
    assert [{"toxicity": 0.9, "sarcasm": 0.7}, {"toxicity": 0.8}, {"toxicity": 0.7}] == [
        one.scores for one in evidence.arrivals(desk.store)
    ][:3]
