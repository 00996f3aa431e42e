"""Rows: what comes twice counts once, what is taken back is gone, what is damaged is said to be."""

import contextlib
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.errors import StateError
from moderation.records import Anchor, Decided, Source
from moderation.trolling import heat, rows
from moderation.trolling.author import Posted
from moderation.trolling.heat import Said
from moderation.trolling.messages import Replied, TakenBack, Turned
from moderation.trolling.rows import AUTHORS, THREADS, AuthorRow, ThreadRow
from moderation.trolling.troll import troll
from tests.moderation.trolling.events import NOW, quickly

_MINUTE = 60.0
_Decision = Literal["approve", "reject", "ban_suggest", "reopen"]


def _source(offset: int) -> Source:
    return Source("comments", 0, offset)


def _posted(number: int, **changes: Any) -> Posted:
    given: dict[str, Any] = {
        "at": NOW + number * _MINUTE,
        "comment": number,
        "thread": number % 4,
        "toxicity": 0.9,
        "signature": (1, 2, 3),
    }
    return Posted(**(given | changes))


def _replied(offset: int, **changes: Any) -> Replied:
    given: dict[str, Any] = {
        "author_id": "u",
        "source": _source(offset),
        "at": NOW + offset * _MINUTE,
        "replier": offset,
        "thread": 1,
        "toxicity": 0.9,
        "accuses": True,
    }
    return Replied(**(given | changes))


def _decided(name: str, decision: _Decision, takes_back: str = "", heat: float = 0.1) -> Decided:
    return Decided(
        decision_id=name,
        id="c",
        item_id="c#0",
        revision=0,
        article_id="a",
        author_id="u",
        decision=decision,
        moderator="m",
        decided_at="",
        heat_before=heat,
        takes_back=takes_back,
        log=Anchor(0, ""),
    )


def _said(number: int, toxicity: float = 0.9) -> Said:
    return Said(at=NOW + number, comment=f"c{number}", author=number, toxicity=toxicity)


def _author_of(*decisions: Decided) -> AuthorRow:
    row = AuthorRow()
    for number in range(4):
        row = rows.posted(row, _source(number), _posted(number))
    for number, decision in enumerate(decisions):
        row = rows.decided(row, decision, NOW + (10 + number) * _MINUTE)
    return row


def test_an_authors_events_count_once() -> None:
    """A record that is read again after a crash changes nothing of what is thought of its author.

    Nor does a decision that the queue sends twice, which is another record each time.
    """
    once = _author_of(_decided("d1", "reject"))
    once = rows.replied(once, _replied(7))
    again = rows.posted(once, _source(2), _posted(2, at=NOW + 90 * _MINUTE, toxicity=0.1))
    again = rows.replied(again, _replied(7, replier=99))
    again = rows.decided(again, _decided("d1", "reject"), NOW + 50 * _MINUTE)
    assert once == again
    assert once != rows.replied(once, _replied(8))
    assert once != rows.posted(once, _source(4), _posted(4))


def test_an_answer_is_no_comment_of_the_same_place() -> None:
    """Comments and answers are counted apart, though one record may be both to different people."""
    row = rows.posted(AuthorRow(), _source(5), _posted(5))
    row = rows.replied(row, _replied(5))
    assert (1, 1) == (len(row.state.recent), len(row.state.accusers))


def test_a_threads_events_count_once() -> None:
    """A comment or a rejection that comes again does not heat its thread again."""
    row = rows.said(ThreadRow(), _source(0), _said(0), "u0")
    row = rows.said(row, _source(1), _said(1), "u1")
    rejection = Turned(article_id="a", comment_id="c1", decision=3, at=NOW + 5)
    row = rows.turned(row, rejection)
    again = rows.turned(row, msgspec.structs.replace(rejection, at=NOW + 90))
    again = rows.said(again, _source(0), _said(0, 0.1), "u0")
    assert row == again
    assert 1 == row.state.deletions.value


def test_a_rejection_that_is_taken_back_leaves_no_heat() -> None:
    """A moderator's mistake does not burn on in the thread, even when both are told again."""
    rejection = Turned(article_id="a", comment_id="c1", decision=3, at=NOW + 5)
    taken_back = TakenBack(article_id="a", decision=3, at=NOW + 70 * _MINUTE)
    never = rows.said(ThreadRow(), _source(0), _said(0), "u0")
    turned = rows.turned(never, rejection)
    later = NOW + 80 * _MINUTE
    assert heat.heat(turned.state, later).score > heat.heat(never.state, later).score
    back = rows.turned_back(turned, taken_back)
    assert heat.heat(never.state, later).score == pytest.approx(heat.heat(back.state, later).score)
    assert back == rows.turned_back(rows.turned(back, rejection), taken_back)
    assert never == rows.turned_back(never, taken_back)


@pytest.mark.parametrize("decision", ["approve", "reject", "ban_suggest"])
@pytest.mark.parametrize("heat", [0.0, 0.4, 0.9])
def test_what_is_reopened_was_never_decided(decision: _Decision, heat: float) -> None:
    """A moderator's mistake leaves no mark on the author, however hot the thread was."""
    never = _author_of(_decided("d0", "reject"))
    decided = _author_of(_decided("d0", "reject"), _decided("d1", decision, heat=heat))
    later = NOW + 100 * _MINUTE
    assert abs(troll(never.state, later).score - troll(decided.state, later).score) > 1e-3
    back = _author_of(
        _decided("d0", "reject"),
        _decided("d1", decision, heat=heat),
        _decided("d2", "reopen", takes_back="d1"),
    )
    for now in (later, later + 30 * 86_400):
        assert troll(never.state, now).score == pytest.approx(troll(back.state, now).score)


def test_another_decision_takes_the_place_of_the_first() -> None:
    """Who rejects first and approves then has only approved."""
    turned = _author_of(_decided("d1", "reject"), _decided("d2", "approve", takes_back="d1"))
    approved = _author_of(_decided("d2", "approve"))
    later = NOW + 100 * _MINUTE
    assert troll(approved.state, later).score == pytest.approx(
        troll(turned.state, later).score, rel=0.01
    )
    assert troll(turned.state, later).score < troll(_author_of().state, later).score


def test_what_is_taken_back_stays_so_when_it_is_told_again() -> None:
    """A decision that the queue sends again after it was taken back does not return."""
    reject, reopen = _decided("d1", "reject"), _decided("d2", "reopen", takes_back="d1")
    row = _author_of(reject, reopen)
    assert row == rows.decided(row, reject, NOW + 90 * _MINUTE)
    assert row == rows.decided(row, reopen, NOW + 91 * _MINUTE)


def test_a_decision_that_is_not_known_cannot_be_taken_back() -> None:
    """The first of the two may be from before there was any state; the second counts alone."""
    row = _author_of(_decided("d2", "approve", takes_back="d1"))
    assert _author_of(_decided("d2", "approve")).state == row.state


def test_who_wrote_is_known_until_others_have_written() -> None:
    """A reply finds whom it answers, also after an edit."""
    row = ThreadRow()
    for number in range(60):
        row = rows.said(row, _source(number), _said(number), f"u{number}")
    row = rows.said(row, _source(60), _said(59), "u59")
    assert ("u59", "u10", "") == tuple(rows.writer(row, f"c{n}") for n in (59, 10, 9))
    assert heat.MOST_RECENT == len(row.writers)


def test_nothing_is_left_of_the_erased() -> None:
    """Erasing an author takes him out of the rows of others and of threads."""
    row = rows.replied(AuthorRow(), _replied(0, replier=7))
    without = rows.author_without(row, 7)
    assert ((), ()) == (without.state.accusers, without.state.partners)
    thread = rows.said(ThreadRow(), _source(0), _said(7), "u7")
    thread = rows.thread_without(thread, "u7", 7)
    assert () == thread.writers
    assert {0} == {each.author for each in thread.state.recent}


@quickly
@given(
    place=st.floats(0, 1, exclude_max=True),
    byte=st.integers(0, 255),
    cut=st.booleans(),
    codec=st.sampled_from([AUTHORS, THREADS]),
)
def test_a_damaged_row_is_said_to_be(place: float, byte: int, *, cut: bool, codec: Any) -> None:
    """Whatever a disk does to a row, it is a row or a StateError, and never stops the worker."""
    row: Any = _author_of(_decided("d1", "reject"))
    if codec is THREADS:
        row = rows.said(ThreadRow(), _source(0), _said(0), "Übermut")
    value = codec.encode(row)
    assert row == codec.decode(value)
    where = int(place * len(value))
    damaged = value[:where] + (b"" if cut else bytes([byte]) + value[where + 1 :])
    with contextlib.suppress(StateError):
        codec.decode(damaged)


def test_a_name_that_is_not_utf_8_is_damage() -> None:
    """The decoder's own complaint about a name is a StateError as well."""
    value = THREADS.encode(rows.said(ThreadRow(), _source(0), _said(0), "name"))
    with pytest.raises(StateError, match="a thread cannot be read"):
        THREADS.decode(value.replace(b"name", b"na\xffe"))
