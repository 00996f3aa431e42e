"""Whether a thread is about to burn, and which comment tipped it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.errors import SettingsError, StateError
from moderation.trolling import heat
from moderation.trolling.decay import DAY, HOUR
from moderation.trolling.heat import (
    EMPTY,
    EXPIRES_AFTER,
    HOT_AT,
    MOST_RECENT,
    PRIOR,
    SIGNALS,
    Event,
    Rejected,
    Said,
    ThreadState,
)
from moderation.trolling.rows import THREADS, ThreadRow
from tests.moderation.trolling.events import NOW, quickly

_times = st.floats(NOW, NOW + 2 * DAY)
_said = st.builds(
    Said,
    at=_times,
    comment=st.text(max_size=20),
    author=st.integers(0, 9),
    parent_author=st.none() | st.integers(0, 9),
    toxicity=st.none() | st.floats(0, 1),
)
_events = st.lists(_said | st.builds(Rejected, at=_times, comment=st.text(max_size=20)))


def after(*events: Event, state: ThreadState = EMPTY) -> ThreadState:
    """The state after events."""
    for event in events:
        state = heat.applied(state, event)
    return state


def talk(*toxicities: float, start: int = 0, pause: float = 60.0) -> list[Event]:
    """Comments of different people who answer nobody."""
    return [
        Said(at=NOW + pause * number, comment=f"c-{number}", author=number, toxicity=toxicity)
        for number, toxicity in enumerate(toxicities, start)
    ]


@quickly
@given(_events, st.floats(NOW - DAY, NOW + 9 * DAY))
def test_a_probability(events: list[Event], now: float) -> None:
    """Whatever is said, the forecast is a probability with at most three reasons."""
    found = heat.heat(after(*events), now)
    assert 0 <= found.score <= 1
    assert len(found.contributions) <= 3
    assert all(each.detail for each in found.contributions)


@quickly
@given(_events)
def test_threads_cool_down(events: list[Event]) -> None:
    """A thread in which nobody has written for a week is like a new one, and no comment tips it."""
    found = heat.heat(after(*events), NOW + 9 * DAY)
    assert found.score == pytest.approx(PRIOR, abs=1e-3)
    assert not found.tipped


@quickly
@given(_events)
def test_round_trip(events: list[Event]) -> None:
    """A state read back from a table or changelog is the one that was written."""
    state = after(*events)
    assert THREADS.decode(THREADS.encode(ThreadRow(state))).state == state


@quickly
@given(
    st.lists(_said, max_size=20, unique_by=lambda said: said.comment), st.randoms(), st.floats(0, 9)
)
def test_order_does_not_matter(events: list[Event], random: object, hours: float) -> None:
    """Comments that come late give the forecast that they would have given in time."""
    shuffled = sorted(events, key=lambda _: random.random())  # type: ignore[attr-defined]
    now = NOW + 2 * DAY + hours * HOUR
    one, other = (heat.heat(after(*order), now).score for order in (events, shuffled))
    assert one == pytest.approx(other)


def test_size_is_bounded() -> None:
    """A thread of ten thousand comments takes as much room as one of a hundred."""
    state = after(*talk(*([0.9] * 2_000)))
    assert len(state.recent) == MOST_RECENT
    assert len(THREADS.encode(ThreadRow(state))) < 2_500


def test_a_damaged_state_says_what_to_do() -> None:
    """Whoever meets a broken changelog entry reads one line that says how to go on."""
    with pytest.raises(StateError, match="delete it"):
        THREADS.decode(b"\x93broken")


def test_the_comment_that_tipped_it() -> None:
    """A moderator is shown, and goes on being shown, the comment that took the forecast up."""
    state, tipped = EMPTY, ""
    for event in talk(*([0.1] * 10), *([0.9] * 8)):
        before = heat.heat(state, event.at).score
        state = after(event, state=state)
        found = heat.heat(state, event.at)
        if before < HOT_AT <= found.score:
            tipped = event.comment
    assert tipped in {"c-11", "c-12", "c-13", "c-14"}
    assert tipped == found.tipped
    assert "8 of the last 10 comments hostile" in found.detail


def test_a_thread_may_burn_twice() -> None:
    """When a thread has calmed down, the comment that sets it on fire again is the one shown."""
    state = after(*talk(*([0.9] * 8)))
    first = heat.heat(state, NOW + 8 * 60).tipped
    state = after(*talk(*([0.1] * 20), start=8), state=state)
    assert not heat.heat(state, NOW + 28 * 60).tipped
    state = after(*talk(*([0.9] * 8), start=28), state=state)
    again = heat.heat(state, NOW + 36 * 60).tipped
    assert first.startswith("c-")
    assert again.startswith("c-3")


def test_one_insult_is_no_fire() -> None:
    """A single hostile comment, even the first one, leaves a thread below review."""
    assert heat.heat(after(*talk(1.0)), NOW).score < HOT_AT
    assert heat.heat(after(*talk(*([0.1] * 10), 1.0)), NOW + 600).score < HOT_AT


def test_a_busy_civil_thread_stays_calm() -> None:
    """Many people in a hurry, in pairs, are no sign of fire as long as they are civil."""
    events = [
        Said(
            at=NOW + 5 * n, comment=f"c-{n}", author=n % 2, parent_author=(n + 1) % 2, toxicity=0.2
        )
        for n in range(60)
    ]
    assert heat.heat(after(*events), NOW + 300).score == pytest.approx(PRIOR)


def test_deletions_are_a_warning() -> None:
    """Comments that moderators reject raise the forecast for those that follow."""
    quiet = after(*talk(0.1, 0.1, 0.1))
    warned = after(*(Rejected(at=NOW, comment=f"c-{n}") for n in range(3)), state=quiet)
    assert heat.heat(quiet, NOW).score < heat.heat(warned, NOW).score


def test_an_edit_takes_the_place_of_the_comment() -> None:
    """Who softens a comment lowers the heat, and edits do not count as further replies."""
    harsh = after(*talk(0.9, 0.9, 0.9))
    softened = Said(at=NOW + 300, comment="c-2", author=2, toxicity=0.1)
    edited = after(softened, state=harsh)
    assert len(edited.recent) == 3
    assert edited.rate == harsh.rate
    assert heat.heat(edited, NOW + 300).score < heat.heat(harsh, NOW + 300).score


def test_a_language_that_nobody_reads_is_not_calm() -> None:
    """Comments without a score neither heat nor cool a thread."""
    state = after(*talk(*([0.9] * 4)))
    more = [Said(at=NOW + 180, comment=f"d-{n}", author=50 + n, toxicity=None) for n in range(3)]
    unread = heat.heat(after(*more, state=state), NOW + 180)
    assert unread.score >= HOT_AT


def test_what_a_reply_answered() -> None:
    """Whether a reply was provoked is told by the heat before the comment that it answers."""
    state = after(*talk(*([0.1] * 3), *([0.9] * 6)))
    assert heat.heat_before(state, "c-1") == pytest.approx(PRIOR)
    assert (heat.heat_before(state, "c-8") or 0) > HOT_AT
    assert heat.heat_before(state, "unknown") is None


def test_forgetting_an_author() -> None:
    """When an author is erased the thread keeps its heat, and no comment in it is theirs."""
    events = [
        Said(
            at=NOW, comment=f"c-{n}", author=n % 3 + 1, parent_author=(n + 1) % 3 + 1, toxicity=0.9
        )
        for n in range(9)
    ]
    left = heat.without(after(*events), 2)
    assert not any(2 in {each.author, each.parent_author} for each in left.recent)
    assert len(left.recent) == 9
    assert heat.heat(left, NOW).score >= HOT_AT


def test_expiry() -> None:
    """A thread's state goes a week after the last comment, and not before."""
    state = after(*talk(0.1))
    assert not heat.expired(state, NOW + EXPIRES_AFTER)
    assert heat.expired(state, NOW + EXPIRES_AFTER + 1)


@pytest.mark.parametrize("name", sorted(SIGNALS - {"level"}))
def test_each_signal_can_be_switched_off(name: str) -> None:
    """A signal that a site does not want leaves no trace in the forecast; others stay."""
    calm = talk(*([0.1] * 10), pause=10)
    quarrel = [
        Said(
            at=NOW + 100 + n * 10,
            comment=f"d-{n}",
            author=n % 2 + 50,
            parent_author=(n + 1) % 2 + 50,
            toxicity=0.9,
        )
        for n in range(6)
    ]
    state = after(*calm, *quarrel, Rejected(at=NOW + 160, comment="d-0"))
    state = after(Rejected(at=NOW + 160, comment="d-1"), state=state)
    now = NOW + 160
    without = heat.heat(state, now, disabled={name})
    assert without.score < heat.heat(state, now).score
    assert name not in {each.signal for each in without.contributions}
    assert heat.heat(state, now, disabled=SIGNALS).score == pytest.approx(PRIOR)


def test_without_the_level_nobody_tips_a_thread() -> None:
    """What is switched off does not decide which comment tipped it either."""
    state = EMPTY
    for event in talk(*([0.9] * 10)):
        state = heat.applied(state, event, disabled=SIGNALS)
    assert not state.tipped


def test_unknown_names_are_refused() -> None:
    """A misspelt signal in the settings does not stay on unnoticed."""
    assert frozenset({"duels"}) == heat.known_signals(["duels"])
    with pytest.raises(SettingsError, match="no signal 'duel' of heat to switch off; there are"):
        heat.known_signals(["duel"])
