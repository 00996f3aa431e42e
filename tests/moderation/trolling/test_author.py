"""What is kept of an author: little, without others' names, and the same in any order."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.errors import StateError
from moderation.trolling import author
from moderation.trolling.author import EMPTY, EXPIRES_AFTER, Accused, Answered, Event, Posted
from moderation.trolling.decay import DAY
from moderation.trolling.rows import AUTHORS, AuthorRow
from moderation.trolling.signature import SIZE, signature
from moderation.trolling.troll import troll
from tests.moderation.trolling.events import NOW, after, any_events, few_events, quickly
from tests.moderation.trolling.scenes import text


@quickly
@given(any_events)
def test_round_trip(events: list[Event]) -> None:
    """A state read back from a table or changelog is the one that was written."""
    state = after(*events)
    assert AUTHORS.decode(AUTHORS.encode(AuthorRow(state))).state == state


def test_a_damaged_state_says_what_to_do() -> None:
    """Whoever meets a broken changelog entry reads one line that says how to go on."""
    with pytest.raises(StateError, match="delete it"):
        AUTHORS.decode(b"\x93broken")


def test_size_is_bounded() -> None:
    """Nobody can fill a worker's memory: an author who does everything stays under 3 kilobytes."""
    rng = Random(1)
    state, sizes = EMPTY, []
    for number in range(3_000):
        at = NOW + number * 20
        number_of = rng.getrandbits(32)
        state = after(
            Posted(
                at=at,
                comment=number_of,
                thread=number_of,
                signature=signature(text(rng, 40)),
                toxicity=rng.random(),
                off_topic=rng.random(),
                parent_author=number_of,
                account_age=at,
            ),
            Answered(at=at, replier=number_of, thread=number_of, toxicity=rng.random()),
            Accused(at=at, accuser=number_of),
            state=state,
        )
        sizes.append(len(AUTHORS.encode(AuthorRow(state))))
    assert len(state.texts[0].signature) == SIZE
    assert max(sizes) < 3_000
    assert max(sizes[-100:]) <= max(sizes[:1_000]) + 100


@quickly
@given(few_events, st.randoms())
def test_order_does_not_matter(events: list[Event], random: object) -> None:
    """Partitions are read at different speeds, and the same events give the same score."""
    shuffled = sorted(events, key=lambda _: random.random())  # type: ignore[attr-defined]
    one, other = (troll(after(*order), NOW + 40 * DAY) for order in (events, shuffled))
    assert one.score == pytest.approx(other.score, abs=1e-6)
    assert one.nature == other.nature


def test_the_first_wording_stands_for_the_others() -> None:
    """A text and its copy are kept in the words that were written first, whichever came first."""
    words = "one two three four five six seven eight"
    first = Posted(at=NOW, comment=1, thread=1, signature=signature(words))
    copy = Posted(at=NOW + 9, comment=2, thread=2, signature=signature(f"{words} nine"))
    one, other = after(first, copy).texts, after(copy, first).texts
    assert one == other
    assert [(first.signature, 2)] == [(each.signature, each.times) for each in one]


def test_an_edit_is_no_second_comment() -> None:
    """Mending a typing error ten times is neither haste nor repetition."""
    posted = Posted(at=NOW, comment=1, thread=1, signature=signature("one two three four five"))
    once = after(posted)
    edits = [Posted(at=NOW + n, comment=1, thread=1, signature=(n,)) for n in range(1, 10)]
    assert after(*edits, state=once).recent == once.recent
    assert after(*edits, state=once).texts == once.texts


def test_accusers_are_counted_not_accusations() -> None:
    """One enemy who shouts "troll" every day is one voice."""
    state = after(*(Accused(at=NOW + day * DAY, accuser=7) for day in range(20)))
    assert [7] == [each.accuser for each in state.accusers]


def test_forgetting_somebody_else() -> None:
    """When an author is erased, nothing of them is left in what is kept about others."""
    gone, stays = 11, 12
    state = after(
        Accused(at=NOW, accuser=gone),
        Accused(at=NOW, accuser=stays),
        Answered(at=NOW, replier=gone, thread=1, toxicity=0.9),
        Posted(at=NOW, comment=1, thread=1, toxicity=0.9, parent_author=gone),
    )
    left = author.without(state, gone)
    assert ([stays], (), ()) == (
        [each.accuser for each in left.accusers],
        left.targets,
        left.partners,
    )
    assert left.calm == state.calm


def test_expiry() -> None:
    """A state goes when nothing has been heard of its author for 120 days, and not before."""
    state = after(Posted(at=NOW, comment=1, thread=1))
    assert not author.expired(state, NOW + EXPIRES_AFTER)
    assert author.expired(state, NOW + EXPIRES_AFTER + 1)


def test_an_unread_language_is_no_good_conduct() -> None:
    """A comment that no scorer could read counts neither for nor against its author's tone."""
    state = after(Posted(at=NOW, comment=1, thread=1, toxicity=None, off_topic=None))
    assert EMPTY.calm == state.calm
    assert EMPTY.off_topic == state.off_topic
