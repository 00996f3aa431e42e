"""Second looks: blind, by somebody else, counted, and for a lead where they differ."""

import math

import pytest
from sklearn.metrics import cohen_kappa_score

from moderation.errors import ChangedError, ReviewError
from moderation.review import outbox, queue
from moderation.review.actions import Choice
from moderation.review.agreement import agreements, disagreements, golden, kappa
from moderation.review.decisions import decide
from moderation.review.intake import take_in
from moderation.review.looks import add_golden
from moderation.review.models import Action
from moderation.review.rules import Person
from moderation.review.taking_back import settle, undo
from moderation.review.views import ItemView
from tests.moderation.review.desk import ANNA, BEN, LEAD, NEVER, Desk, judged


def _settled(desk: Desk, *names: str, action: Action = "approve", person: Person = ANNA) -> None:
    """Decide items, each of which is drawn for a second look."""
    desk.luck = 0.0
    for name in names:
        desk.add(name)
        desk.decide(name, action, person=person)
    desk.luck = NEVER


def _next(desk: Desk, person: Person, luck: float = 0.3) -> ItemView | None:
    desk.luck = luck
    try:
        return queue.claim_next(desk.store, person)
    finally:
        desk.luck = NEVER


def _answer(desk: Desk, item: ItemView, action: Action, person: Person) -> str:
    choice = Choice(
        comment_id=item.id,
        version=item.version,
        action=action,
        reason="insult" if action == "reject" else "",
    )
    return decide(desk.store, person, choice).decision_id


def test_second_look_is_blind_and_somebody_elses(desk: Desk) -> None:
    """The second person sees an open item and not what was decided; the first never gets it."""
    _settled(desk, "c", action="reject")
    assert _next(desk, ANNA) is None
    item = _next(desk, BEN)
    assert item is not None
    assert ("c", "open", "ben") == (item.id, item.state, item.claimed_by)
    assert item == queue.claim_next(desk.store, BEN)
    assert _next(desk, Person("cem")) is None
    receipt = decide(
        desk.store, BEN, Choice(comment_id="c", version=item.version, action="approve")
    )
    assert "approved" == receipt.state


def test_late_answer_of_a_second_look_is_blind_too(desk: Desk) -> None:
    """Naming a wrong version does not tell who decided first, nor what."""
    _settled(desk, "c", action="reject", person=ANNA)
    desk.luck = 0.3
    item = queue.claim_next(desk.store, BEN)
    assert item is not None
    choice = Choice(comment_id="c", version=0, action="approve")
    with pytest.raises(ChangedError) as caught:
        decide(desk.store, BEN, choice)
    assert {} == caught.value.changes
    assert "comment c is not what it was at version 0; look again" == str(caught.value)
    desk.time += 1_000
    with pytest.raises(ChangedError) as caught:
        decide(desk.store, BEN, choice)
    assert ("", "anna") == caught.value.changes["decided_by"]


def test_second_look_changes_nothing_by_itself(desk: Desk) -> None:
    """The comment stays as decided, nothing more is sent, and nobody is asked twice."""
    _settled(desk, "c", action="reject")
    item = _next(desk, BEN)
    assert item is not None
    _answer(desk, item, "approve", BEN)
    assert "rejected" == queue.get(desk.store, "c").state
    assert ["reject"] == [row.action for row in queue.history(desk.store, "c")]
    assert 1 == outbox.unsent(desk.store)
    assert _next(desk, Person("cem")) is None


def test_share(desk: Desk) -> None:
    """Only the drawn share is looked at again."""
    desk.add("c1", "c2")
    desk.luck = 0.049
    desk.decide("c1")
    desk.luck = 0.051
    desk.decide("c2")
    item = _next(desk, BEN)
    assert item is not None
    assert "c1" == item.id
    _answer(desk, item, "approve", BEN)
    assert _next(desk, BEN) is None


def test_open_items_come_between(desk: Desk) -> None:
    """Second looks take turns with the queue, and an empty queue is time for them."""
    _settled(desk, "settled")
    desk.add("open")
    item = _next(desk, BEN, luck=0.9)
    assert item is not None
    assert "open" == item.id
    desk.decide("open", person=BEN)
    item = _next(desk, BEN, luck=0.9)
    assert item is not None
    assert "settled" == item.id


def test_undone_or_edited_first_decision(desk: Desk) -> None:
    """A decision that does not hold any more needs no second look."""
    _settled(desk, "c1")
    desk.luck = 0.0
    desk.add("c2")
    receipt = desk.decide("c2")
    undo(desk.store, ANNA, receipt.decision_id)
    queue.release(desk.store, ANNA)
    take_in(desk.store, [judged("c1", text="Edited.", revision=1)])
    found = {item.id: item.version for item in queue.waiting(desk.store).items}
    assert {"c1", "c2"} == set(found)
    for _ in found:
        item = queue.claim_next(desk.store, BEN)
        assert item is not None
        assert "open" == queue.get(desk.store, item.id).state
        desk.luck = NEVER
        desk.decide(item.id, person=BEN, version=item.version)


def test_answer_can_be_undone(desk: Desk) -> None:
    """The undo key works on a second look as on any item, else it would tell."""
    _settled(desk, "c", action="reject")
    item = _next(desk, BEN)
    assert item is not None
    undo(desk.store, BEN, _answer(desk, item, "approve", BEN))
    assert [] == disagreements(desk.store)
    assert item.id == getattr(queue.claim_next(desk.store, BEN), "id", None)
    _answer(desk, item, "reject", BEN)
    assert (1, 1) == (agreements(desk.store).total.pairs, agreements(desk.store).total.agreed)


def test_skipped_second_look_goes_to_another(desk: Desk) -> None:
    """Who skips a second look is not asked again, somebody else is."""
    _settled(desk, "c")
    item = _next(desk, BEN)
    assert item is not None
    _answer(desk, item, "skip", BEN)
    assert _next(desk, BEN) is None
    assert _next(desk, Person("cem")) is not None


def test_disagreement_is_for_a_lead(desk: Desk) -> None:
    """Where two differ a lead upholds, or puts the second in the first's place, which is sent."""
    _settled(desk, "c1", "c2", action="reject")
    for _ in range(2):
        item = _next(desk, BEN)
        assert item is not None
        _answer(desk, item, "approve", BEN)
    found = disagreements(desk.store)
    assert [("c1", "reject", "approve"), ("c2", "reject", "approve")] == [
        (one.comment_id, one.action, one.second_action) for one in found
    ]
    with pytest.raises(ReviewError) as caught:
        settle(desk.store, BEN, found[0].look, uphold=True)
    assert "not_allowed" == caught.value.code
    assert settle(desk.store, LEAD, found[0].look, uphold=True) is None
    assert settle(desk.store, LEAD, found[1].look, uphold=False) is not None
    assert [] == disagreements(desk.store)
    assert ["rejected", "approved"] == [queue.get(desk.store, n).state for n in ("c1", "c2")]
    assert ["reject", "reopen", "approve"] == [
        row.action for row in queue.history(desk.store, "c2")
    ]
    assert 4 == outbox.unsent(desk.store)
    with pytest.raises(ReviewError) as caught:
        settle(desk.store, LEAD, found[1].look, uphold=False)
    assert "not_found" == caught.value.code


def test_golden_items(desk: Desk) -> None:
    """A known answer is asked of each person once, changes nothing, and is counted."""
    add_golden(desk.store, LEAD, judged("g"), "reject", "insult")
    for person, action in ((ANNA, "reject"), (BEN, "approve")):
        item = _next(desk, person, luck=0.01)
        assert item is not None
        assert ("g", "open") == (item.id, item.state)
        _answer(desk, item, action, person)  # type: ignore[arg-type]
        assert _next(desk, person, luck=0.01) is None
    assert _next(desk, LEAD, luck=0.01) is None
    found = golden(desk.store)
    assert {"anna": 1.0, "ben": 0.0} == {name: figure.value for name, figure in found.items()}
    assert 0 < found["ben"].high < 1
    assert 0 == outbox.unsent(desk.store)
    assert 0 == queue.count(desk.store)
    assert [] == disagreements(desk.store)


def test_golden_items_are_a_leads(desk: Desk) -> None:
    """Who is measured does not set the answers, and an answer is needed first."""
    with pytest.raises(ReviewError) as caught:
        add_golden(desk.store, ANNA, judged("g"), "approve")
    assert "not_allowed" == caught.value.code
    desk.add("open")
    with pytest.raises(ReviewError) as caught:
        add_golden(desk.store, LEAD, judged("open"), "approve")
    assert "not_decided" == caught.value.code


def test_kappa_is_cohens() -> None:
    """The figure is that of the textbook, with the interval of Fleiss, Cohen and Everitt."""
    pairs = (
        [("approve", "approve")] * 45
        + [("reject", "reject")] * 15
        + [("approve", "reject")] * 25
        + [("reject", "approve")] * 15
    )
    found = kappa(pairs)
    assert found is not None
    expected = cohen_kappa_score([one for one, _ in pairs], [other for _, other in pairs])
    assert math.isclose(expected, found.value)
    assert math.isclose(0.1304, found.value, abs_tol=1e-4)
    # By hand, from the formula of 1969: a standard error of 0.0985.
    assert math.isclose(0.0985, (found.high - found.low) / 2 / 1.959964, abs_tol=2e-3)


def test_kappa_of_little_or_of_one_word() -> None:
    """Too few pairs have no kappa, and neither has a pair of people who always say the same."""
    assert kappa([("approve", "reject")] * 19) is None
    assert kappa([("approve", "approve")] * 100) is None
    complete = kappa([("approve", "approve"), ("reject", "reject")] * 50)
    assert complete is not None
    assert (1.0, 1.0, 1.0) == (complete.value, complete.low, complete.high)


def test_agreement_by_reason_and_person(desk: Desk) -> None:
    """Each reason and each person has an agreement of its own."""
    desk.luck = 0.0
    for number in range(24):
        name = f"c{number}"
        code = "insult" if number < 12 else "sarcasm"
        take_in(desk.store, [judged(name, reasons={code: 0.9})])
        desk.decide(name, "reject" if number % 2 else "approve")
    desk.luck = 0.3
    for _ in range(24):
        item = queue.claim_next(desk.store, BEN)
        assert item is not None
        number = int(item.id[1:])
        _answer(desk, item, "reject" if number % 2 or number == 0 else "approve", BEN)
    found = agreements(desk.store)
    assert (24, 23) == (found.total.pairs, found.total.agreed)
    assert {"insult": 11, "sarcasm": 12} == {c: a.agreed for c, a in found.reasons.items()}
    assert {"anna", "ben"} == set(found.people)
    assert found.total.kappa is not None
    assert found.reasons["insult"].kappa is None
    assert found.total.kappa == found.people["anna"].kappa
