"""Figures about the queue, and the log of decisions, the same on both databases."""

import pytest

from moderation.review import decided, quality
from moderation.review.decided import Asked, Place
from moderation.review.deeds import Receipt
from moderation.review.queue import claim_next
from moderation.review.taking_back import reopen, undo
from tests.moderation.review.desk import ANNA, BEN, LEAD, START, Desk

HOUR = 3_600.0
DAY = 24 * HOUR


def _names(desk: Desk, asked: Asked | None = None) -> list[str]:
    page = decided.decided(desk.store, ANNA, asked or Asked())
    return [entry.decision.comment_id for entry in page.entries]


def test_precision_is_what_people_confirm(desk: Desk) -> None:
    """Rejections for the reason or its family confirm it; approvals and other reasons do not."""
    desk.add("family", "exact", "approved", reasons={"insult": 0.9})
    desk.add("spam", reasons={"insult": 0.9, "sarcasm": 0.8})
    desk.decide("exact", "reject", reason="insult")
    desk.decide("family", "reject", reason="threat")
    desk.decide("approved", "approve")
    desk.decide("spam", "reject", reason="spam")
    insult, sarcasm = quality.precision(desk.store)
    assert ("insult", 4, 2) == (insult.reason, insult.flagged, insult.confirmed)
    assert ("sarcasm", 1, 0) == (sarcasm.reason, sarcasm.flagged, sarcasm.confirmed)
    assert 0.5 == insult.precision.value
    assert 0 < insult.precision.low < 0.5 < insult.precision.high < 1


def test_what_was_taken_back_confirms_nothing(desk: Desk) -> None:
    """Undone decisions, and those whose item a lead opened again, are no evidence."""
    desk.add("undone", "reopened", "stands")
    receipt = desk.decide("undone", "reject")
    undo(desk.store, ANNA, receipt.decision_id)
    desk.decide("reopened", "reject")
    reopen(desk.store, LEAD, "reopened")
    desk.decide("stands", "approve")
    (found,) = quality.precision(desk.store)
    assert (1, 0) == (found.flagged, found.confirmed)
    desk.time += 30 * DAY
    assert [] == quality.precision(desk.store)


def test_waiting_by_age(desk: Desk) -> None:
    """Open and escalated items are counted by their age; decided ones are not."""
    desk.time = START + 4 * DAY
    for name, age in {"new": 60.0, "hours": 5 * HOUR, "old": 3.5 * DAY, "done": 2 * DAY}.items():
        desk.add(name, arrived_at=desk.time - age)
    desk.decide("hours", "escalate")
    desk.decide("done")
    found = quality.waiting(desk.store)
    assert (2, 1, 3.5 * DAY) == (found.open, found.escalated, found.oldest)
    assert [1, 0, 1, 0, 0, 1] == [count for _, count in found.ages]


def test_empty_queue(desk: Desk) -> None:
    """Every figure has a value before anything has happened."""
    assert 0.0 == quality.waiting(desk.store).oldest
    assert quality.pace(desk.store).answering is None
    assert {(0, 0)} == {(day.arrivals, day.decisions) for day in quality.by_day(desk.store)}
    assert [] == quality.precision(desk.store)
    assert [] == decided.decided(desk.store, ANNA, Asked()).entries


def test_pace(desk: Desk) -> None:
    """Handling is counted from the claim, answering from the comment's arrival."""
    desk.add("c")
    desk.time += HOUR
    assert claim_next(desk.store, ANNA) is not None
    desk.time += 20
    desk.decide("c")
    found = quality.pace(desk.store)
    assert found.handling is not None
    assert found.answering is not None
    assert (20.0, HOUR + 20) == (found.handling.median, found.answering.median)


def test_arrivals_and_decisions_by_day(desk: Desk) -> None:
    """Each comment arrives once, however often its record comes; days are UTC."""
    midnight = START // DAY * DAY
    desk.time = midnight + 2 * DAY + HOUR
    desk.add("c1", "c2", arrived_at=midnight + 1)
    desk.add("c1", "c3", arrived_at=midnight - 1)
    desk.add("c4", arrived_at=midnight + DAY)
    desk.decide("c1")
    desk.decide("c2", "skip")
    undo(desk.store, ANNA, desk.decide("c3").decision_id)
    days = quality.by_day(desk.store, days=4)
    assert [(1, 0), (2, 0), (1, 0), (0, 1)] == [(day.arrivals, day.decisions) for day in days]


def test_decisions_since(desk: Desk) -> None:
    """A counter goes up by each decision once, also by those between two looks."""
    desk.add("c1", "c2", "c3")
    desk.decide("c1")
    last = quality.last_decision(desk.store)
    desk.decide("c2")
    desk.decide("c3", "escalate")
    last, made = quality.decided_since(desk.store, last)
    assert {"approve": 1, "escalate": 1} == dict(made)
    assert (last, {}) == quality.decided_since(desk.store, last)


def test_decisions_are_narrowed_down(desk: Desk) -> None:
    """By person, action, reason, section, author and time, alone and together."""
    desk.add("c1", section="Sports", author_id="u1")
    desk.add("c2", "c3")
    desk.decide("c1", "reject", reason="spam")
    desk.time += DAY
    desk.decide("c2", person=BEN)
    desk.decide("c3", "reject")
    assert ["c3", "c2", "c1"] == _names(desk)
    assert ["c2"] == _names(desk, Asked(person="ben"))
    assert ["c3", "c1"] == _names(desk, Asked(action="reject"))
    assert ["c1"] == _names(desk, Asked(reason="spam"))
    assert ["c1"] == _names(desk, Asked(section="SPORTS"))
    assert ["c1"] == _names(desk, Asked(author_id="u1"))
    assert ["c3", "c2"] == _names(desk, Asked(since=START + 1))
    assert ["c1"] == _names(desk, Asked(until=START + 1))
    assert ["c3"] == _names(desk, Asked(action="reject", since=START + 1))


def test_pages_of_decisions_are_complete(desk: Desk) -> None:
    """Decisions made at the same moment are neither skipped nor shown twice between pages."""
    names = [f"c{number:02}" for number in range(11)]
    desk.add(*names)
    for name in names[:5]:
        desk.decide(name)
    desk.time += 0.1
    for name in names[5:]:
        desk.decide(name)
    found: list[str] = []
    after: Place | None = None
    while True:
        page = decided.decided(desk.store, ANNA, Asked(), limit=3, after=after)
        found += [entry.decision.comment_id for entry in page.entries]
        after = page.next
        if after is None:
            break
    assert names[::-1] == found
    entries = decided.every(desk.store, ANNA, Asked(), most=7)
    assert names[:3:-1] == [entry.decision.comment_id for entry in entries]


def test_what_was_taken_back_says_so(desk: Desk) -> None:
    """Nobody takes a decision for standing that was undone, or whose item was opened again."""
    desk.add("c1", "c2")
    undo(desk.store, ANNA, desk.decide("c1").decision_id)
    desk.decide("c2", "reject")
    reopen(desk.store, LEAD, "c2")
    again, rejected, undone = decided.decided(desk.store, ANNA, Asked()).entries
    assert ("reopen", "") == (again.decision.action, again.reopened_by)
    assert ("lea", START) == (rejected.reopened_by, rejected.reopened_at)
    assert (True, "") == (undone.decision.undone, undone.reopened_by)


@pytest.fixture
def looked_at(desk: Desk) -> Receipt:
    """A decision of Ben's, whose item Anna has claimed for a blind second look."""
    desk.luck = 0.0
    desk.add("c")
    receipt = desk.decide("c", "reject", person=BEN)
    assert claim_next(desk.store, ANNA) is not None
    return receipt


def test_second_look_stays_blind(desk: Desk, looked_at: Receipt) -> None:
    """Who looks again cannot look up what the first one decided; all others can."""
    assert [] == _names(desk)
    (entry,) = decided.decided(desk.store, BEN, Asked()).entries
    assert looked_at.decision_id == entry.decision.id
    desk.decide("c", "reject", version=2)
    # The second look is a measurement, and no decision.
    assert ["c"] == _names(desk)
