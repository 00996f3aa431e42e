"""Whose conduct is a troll's, in scenes that a moderator would recognise."""

from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.errors import SettingsError
from moderation.trolling.author import EMPTY, Accused, Answered, AuthorState, Decided, Event, Posted
from moderation.trolling.decay import DAY, HOUR
from moderation.trolling.signals import SIGNALS
from moderation.trolling.signature import signature
from moderation.trolling.troll import PRIOR, REVIEW_AT, known_signals, troll
from tests.moderation.trolling.events import NOW, after, any_event, any_events, quickly

_ids = count()
TEXT = signature("buy the miracle cure for gout at my cousin's shop, half the price today only")


def comment(at: float, thread: int, toxicity: float = 0.1, **more: object) -> Posted:
    """A comment like others."""
    return Posted(at=at, comment=next(_ids), thread=thread, toxicity=toxicity, **more)  # type: ignore[arg-type]


def angry(heat: float) -> list[Event]:
    """Twelve hostile comments in six threads of one heat, two an hour, one thread a day."""
    return [
        comment(NOW + day * DAY + half * HOUR / 2, day, 0.9, heat=heat, flagged=True)
        for day in range(6)
        for half in range(2)
    ]


def last(events: Sequence[Event]) -> float:
    """When the last of them happened."""
    return max(event.at for event in events)


@quickly
@given(any_events, st.floats(NOW - DAY, NOW + 500 * DAY))
def test_a_probability(events: list[Event], now: float) -> None:
    """Whatever happens, the score is a probability with at most three reasons, largest first."""
    found = troll(after(*events), now)
    weights = [abs(each.weight) for each in found.contributions]
    assert 0 <= found.score <= 1
    assert len(weights) <= 3
    assert weights == sorted(weights, reverse=True)
    assert all(each.detail for each in found.contributions)
    assert found.nature != "none" or found.score < REVIEW_AT


@quickly
@given(any_events)
def test_everything_fades(events: list[Event]) -> None:
    """Who has been silent for three years is a stranger again."""
    assert troll(after(*events), NOW + 3 * 365 * DAY).score == pytest.approx(PRIOR, abs=1e-3)


@quickly
@given(any_event)
def test_one_event_is_no_pattern(event: Event) -> None:
    """Nobody comes near review by one comment, reply, accusation or decision."""
    assert troll(after(event), NOW).score < 0.2


@quickly
@given(any_events, st.floats(0, 1))
def test_decisions_move_it_both_ways(events: list[Event], heat: float) -> None:
    """Each approval lowers the score of whoever it is, and each rejection raises it."""
    state, now = after(*events), NOW + 41 * DAY
    before = troll(state, now).score
    approved = after(Decided(at=now, approved=True, heat=heat), state=state)
    rejected = after(Decided(at=now, approved=False, heat=heat), state=state)
    assert troll(approved, now).score < before < troll(rejected, now).score


def test_pace_in_words() -> None:
    """Six different comments in three minutes are enough, and a moderator reads that they were."""
    state = after(*(comment(NOW + 30 * number, 1) for number in range(6)))
    found = troll(state, NOW + 150)
    assert found.score >= REVIEW_AT
    assert "6 comments within 3 minutes (habit)" == found.detail


def test_haste_is_soon_forgotten() -> None:
    """A quarter of an hour after a run of comments nothing is held against its author."""
    state = after(*(comment(NOW + 30 * number, 1) for number in range(6)))
    assert troll(state, NOW + HOUR / 4).score < 0.1


def test_a_conversation_is_no_flood() -> None:
    """Two people who answer each other once a minute stay far below review."""
    state = EMPTY
    for minute in range(15):
        at = NOW + 60 * minute
        state = after(
            comment(at, 1, parent_author=5),
            Answered(at=at + 30, replier=5, thread=1, toxicity=0.1),
            state=state,
        )
    assert troll(state, NOW + 14 * 60).score < 0.2


def test_the_same_text_in_words() -> None:
    """A text pasted hour after hour is found without any haste."""
    state = after(*(comment(NOW + HOUR * n, n, signature=TEXT) for n in range(5)))
    found = troll(state, NOW + 4 * HOUR)
    assert found.score >= REVIEW_AT
    assert "the same text 5 times within 4 hours" == found.contributions[0].detail


def test_a_double_post_is_a_slip() -> None:
    """Who sends a comment twice by mistake is not told so."""
    state = after(*(comment(NOW + n, 1, signature=TEXT) for n in range(2)))
    assert [] == troll(state, NOW + 1).contributions


def test_habit_or_circumstance() -> None:
    """The same twelve hostile comments are a habit in calm threads, a circumstance in hot ones."""
    calm, hot = (troll(after(*angry(heat)), NOW + 5 * DAY + HOUR) for heat in (0.05, 0.9))
    assert ("habit", "circumstance") == (calm.nature, hot.nature)
    assert hot.score < PRIOR < calm.score
    assert "hostile where threads were heated already" in hot.detail


def test_one_bad_day_is_no_habit() -> None:
    """Twelve hostile comments in one calm thread weigh less than in six."""
    one = [comment(NOW + HOUR * n, 1, 0.9) for n in range(12)]
    six = [comment(NOW + HOUR * n, n % 6, 0.9) for n in range(12)]
    assert troll(after(*one), last(one)).score < troll(after(*six), last(six)).score / 2


def provocateur() -> AuthorState:
    """Hostile in five calm threads, each of which turns hostile upon it."""
    events: list[Event] = []
    for day in range(5):
        at = NOW + day * DAY
        events.append(comment(at, day, 0.9, flagged=True))
        events += [
            Answered(at=at + 300 * n, replier=100 * day + n, thread=day, toxicity=0.9)
            for n in range(1, 4)
        ]
    return after(*events)


def test_provocation_in_words() -> None:
    """Who makes calm threads burn is found, and a moderator reads how."""
    found = troll(provocateur(), NOW + 4 * DAY + HOUR)
    assert found.score >= REVIEW_AT
    assert "habit" == found.nature
    assert "replies turned hostile in 5 of 5 calm threads" in found.detail


def test_approvals_clear_somebody() -> None:
    """Five approvals take a provocateur back below review."""
    at = NOW + 4 * DAY + HOUR
    state = after(*(Decided(at=at, approved=True) for _ in range(5)), state=provocateur())
    assert troll(state, at).score < REVIEW_AT


def test_a_mob_makes_no_troll() -> None:
    """Accusations and hostile replies by any number of people stay below review by themselves.

    Even against an account of today: otherwise a brigade could have anybody reviewed.
    """
    events: list[Event] = []
    for thread in range(5):
        at = NOW + HOUR * thread
        events.append(comment(at, thread, account_age=at - NOW))
        for enemy in range(20):
            events.append(Accused(at=at, accuser=enemy))
            events.append(Answered(at=at, replier=enemy, thread=thread, toxicity=1.0))
    assert 0.4 < troll(after(*events), last(events)).score < REVIEW_AT


def test_tone_alone_is_left_to_the_comments_scores() -> None:
    """However hostile, an author whom nobody answers or rejects stays below review as an author."""
    events = [comment(NOW + HOUR * n, n, 1.0, flagged=True) for n in range(60)]
    only = SIGNALS.keys() - {"tone", "flagged"}
    assert 0.4 < troll(after(*events), last(events), disabled=only).score < REVIEW_AT


def test_pursuit_in_words() -> None:
    """Hostility to the same person through several threads is shown to a moderator."""
    events = [comment(NOW + HOUR * n, n, 0.9, parent_author=5) for n in range(3)]
    found = troll(after(*events), NOW + 2 * HOUR, disabled={"tone"})
    assert "hostile to the same person in 3 threads" == found.contributions[0].detail


@pytest.mark.parametrize("name", sorted(SIGNALS))
def test_each_signal_can_be_switched_off(name: str) -> None:
    """A signal that a site does not want leaves no trace in score or reasons; others stay."""
    state, now = _everything(), NOW + 5 * DAY + HOUR
    weight = SIGNALS[name](state, now)[0]
    assert weight, f"{name} does not show in this scene"
    others = SIGNALS.keys() - {name}
    alone = troll(state, now, disabled=others)
    assert (alone.score > PRIOR) == (weight > 0)
    assert alone.score != pytest.approx(PRIOR)
    assert troll(state, now, disabled=others | {name}).score == pytest.approx(PRIOR)


def _everything() -> AuthorState:
    """An author who shows every signal at once."""
    events = angry(0.0) + angry(1.0)
    end = NOW + 5 * DAY + HOUR
    for number in range(100):
        events.append(comment(end - 2 * DAY + number * 300, 1, off_topic=1.0, account_age=DAY))
    events += [comment(end - 60 + n, 1 if n < 14 else n, signature=TEXT) for n in range(18)]
    events += [comment(end - DAY, n, 0.9, parent_author=5, flagged=True) for n in range(4)]
    for number in range(4):
        events += [comment(end - DAY, number, 0.9, flagged=True) for _ in range(20)]
        events.append(Accused(at=end, accuser=number))
        events.append(Answered(at=end, replier=number, thread=number, toxicity=0.9))
        events.append(Decided(at=end, approved=False))
    return after(*events)


def test_unknown_names_are_refused() -> None:
    """A misspelt signal in the settings does not stay on unnoticed."""
    assert frozenset({"pace"}) == known_signals(["pace"])
    with pytest.raises(SettingsError, match="no signal 'paces' to switch off; there are accus"):
        known_signals(["paces"])
