"""Deciding: once, on what was seen, undoable, and told to whoever has to know."""

import pytest

from moderation.errors import ChangedError, PrecedentError, ReviewError
from moderation.records import Decided, decode_decided
from moderation.review import log, outbox, queue
from moderation.review.decisions import decide_many, preview
from moderation.review.intake import place_in_campaign, take_in
from moderation.review.models import Action
from moderation.review.precedent import similar
from moderation.review.queue import Filters
from moderation.review.rules import Person
from moderation.review.taking_back import reopen, undo
from tests.moderation.review.desk import ANNA, BEN, LEAD, Desk, judged


def _due(desk: Desk) -> list[Decided]:
    """What is sent now, confirmed."""
    due = outbox.take_due(desk.store, "test")
    outbox.confirm(desk.store, [record.pk for record in due])
    for record in due:
        assert decode_decided(record.value).author_id == record.key
    return [decode_decided(record.value) for record in due]


@pytest.mark.parametrize(
    ("action", "state", "sent"),
    [
        ("approve", "approved", True),
        ("reject", "rejected", True),
        ("ban_suggest", "rejected", True),
        ("escalate", "escalated", False),
        ("skip", "open", False),
    ],
)
def test_action(desk: Desk, action: Action, state: str, sent: bool) -> None:  # noqa: FBT001
    """Each action leads to its state, is in the log, and is sent if it settles the comment."""
    desk.add("c", section="Sports")
    queue.claim_next(desk.store, ANNA)
    desk.time += 12
    receipt = desk.decide("c", action)
    assert state == receipt.state == queue.get(desk.store, "c").state
    assert "" == queue.get(desk.store, "c").claimed_by
    row = queue.history(desk.store, "c")[0]
    assert (action, "anna", 12.0, "open", state) == (
        row.action,
        row.person,
        row.seconds,
        row.from_state,
        row.to_state,
    )
    desk.time += 16
    assert ([action] if sent else []) == [record.decision for record in _due(desk)]


def test_record_of_a_decision(desk: Desk) -> None:
    """Other programs learn who was rejected for what, by which policy, and where it is logged."""
    desk.add("c", section="Sports")
    receipt = desk.decide("c", "reject", note="between us")
    desk.time += 16
    (record,) = _due(desk)
    entry = list(log.entries(desk.store))[-1]
    assert ("c", "c#0", 0, "a1", "author-of-c", "sports") == (
        record.id,
        record.item_id,
        record.revision,
        record.article_id,
        record.author_id,
        record.section,
    )
    assert (receipt.decision_id, "insult", "anna", "default-1") == (
        record.decision_id,
        record.reason,
        record.moderator,
        record.policy,
    )
    assert (entry.number, entry.hash) == (record.log.number, record.log.hash)
    assert {"insult": 0.9} == record.flagged


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"action": "reject", "reason": ""}, "reason_required"),
        ({"action": "ban_suggest", "reason": ""}, "reason_required"),
        ({"action": "reject", "reason": "because"}, "unknown_reason"),
        ({"action": "reject", "reason": "other"}, "note_required"),
        ({"action": "remove"}, "unknown_action"),
        ({"note": "x" * 2_001}, "note_too_long"),
        ({"note": "\0"}, "bad_note"),
        ({"name": "nobody"}, "not_found"),
    ],
)
def test_refused(desk: Desk, fields: dict[str, str], code: str) -> None:
    """What lacks something is refused by the store itself, and nothing has happened."""
    desk.add("c")
    with pytest.raises(ReviewError) as caught:
        desk.decide(**({"name": "c", "action": "approve"} | fields))  # type: ignore[arg-type]
    assert code == caught.value.code
    assert "open" == queue.get(desk.store, "c").state
    assert [] == list(log.entries(desk.store))


def test_somebody_else_holds_it(desk: Desk) -> None:
    """An item in other hands is not decided, until the lease has ended."""
    desk.add("c")
    queue.claim_next(desk.store, BEN)
    with pytest.raises(ReviewError) as caught:
        desk.decide("c")
    assert "held" == caught.value.code
    desk.time += 601
    desk.decide("c")


def test_late_after_another_decision(desk: Desk) -> None:
    """The second of two is told who was first and what came of it; the attempt is in the log."""
    desk.add("c")
    desk.decide("c", "reject")
    with pytest.raises(ChangedError, match="open -> rejected by anna") as caught:
        desk.decide("c", "approve", person=BEN)
    assert ("open", "rejected") == caught.value.changes["state"]
    assert ("", "anna") == caught.value.changes["decided_by"]
    assert 2 == caught.value.version
    entry = list(log.entries(desk.store))[-1]
    assert ("ben", "refused") == (entry.person, entry.action)
    assert '"do":"approve"' in entry.detail
    assert 1 == len(queue.history(desk.store, "c"))


def test_late_after_an_edit(desk: Desk) -> None:
    """Nobody decides on words that they have not seen: the difference is shown, then it goes."""
    desk.add("c", text="Before.")
    queue.claim_next(desk.store, ANNA)
    take_in(
        desk.store, [judged("c", text="After.", revision=1, reasons={"insult": 0.9, "threat": 0.8})]
    )
    with pytest.raises(ChangedError, match="text") as caught:
        desk.decide("c")
    assert ("Before.", "After.") == caught.value.changes["text"]
    assert (["insult"], ["insult", "threat"]) == caught.value.changes["reasons"]
    desk.decide("c", version=caught.value.version)


def test_undo(desk: Desk) -> None:
    """Within 15 seconds a decision is as if it had not been, but for the log; nobody was told."""
    desk.add("c")
    receipt = desk.decide("c", "reject")
    desk.time += 15
    assert [] == _due(desk)
    assert ["c"] == undo(desk.store, ANNA, receipt.decision_id).comment_ids
    item = queue.get(desk.store, "c")
    assert ("open", "anna", 3) == (item.state, item.claimed_by, item.version)
    desk.time += 60
    assert [] == _due(desk)
    assert 0 == outbox.unsent(desk.store)
    assert [True] == [row.undone for row in queue.history(desk.store, "c")]
    assert 1 == queue.count(desk.store, Filters(reason="insult"))
    desk.decide("c", "approve", version=3)
    desk.time += 16
    assert ["approve"] == [record.decision for record in _due(desk)]


def test_undo_is_refused(desk: Desk) -> None:
    """Not by others, not twice, and not when it is sent or about to be."""
    desk.add("c1", "c2")
    first = desk.decide("c1").decision_id
    with pytest.raises(ReviewError) as caught:
        undo(desk.store, BEN, first)
    assert "not_allowed" == caught.value.code
    undo(desk.store, ANNA, first)
    with pytest.raises(ReviewError) as caught:
        undo(desk.store, ANNA, first)
    assert "not_found" == caught.value.code
    late = desk.decide("c2").decision_id
    desk.time += 15.1
    with pytest.raises(ReviewError) as caught:
        undo(desk.store, ANNA, late)
    assert "too_late" == caught.value.code
    outbox.take_due(desk.store, "test")
    # The clock of another machine is behind: what was taken to be sent stays decided.
    desk.time -= 10
    with pytest.raises(ReviewError) as caught:
        undo(desk.store, ANNA, late)
    assert "too_late" == caught.value.code
    assert "approved" == queue.get(desk.store, "c2").state
    desk.time += 60
    assert ["c2"] == [record.id for record in _due(desk)]


def test_undo_of_nothing(desk: Desk) -> None:
    """An empty name, which single decisions have as their batch, takes nothing back."""
    desk.add("c")
    desk.decide("c")
    for name in ("", "unknown"):
        with pytest.raises(ReviewError) as caught:
            undo(desk.store, ANNA, name)
        assert "not_found" == caught.value.code
    assert "approved" == queue.get(desk.store, "c").state


def test_undo_of_a_reopening(desk: Desk) -> None:
    """A lead's slip: the decision is in force again, and nobody was told of the reopening."""
    desk.add("c")
    desk.decide("c", "reject")
    desk.time += 60
    receipt = reopen(desk.store, LEAD, "c")
    undo(desk.store, LEAD, receipt.decision_id)
    assert "rejected" == queue.get(desk.store, "c").state
    assert 0 == queue.count(desk.store, Filters(reason="insult"))
    desk.time += 60
    assert ["reject"] == [record.decision for record in _due(desk)]


def test_undo_after_an_edit(desk: Desk) -> None:
    """When the author has edited, the old decision stays in the books and the item is open."""
    desk.add("c")
    receipt = desk.decide("c")
    take_in(desk.store, [judged("c", text="Edited.", revision=1)])
    with pytest.raises(ReviewError, match="has changed since"):
        undo(desk.store, ANNA, receipt.decision_id)
    desk.time += 16
    assert ["approve"] == [record.decision for record in _due(desk)]
    assert "open" == queue.get(desk.store, "c").state


def test_reopen(desk: Desk) -> None:
    """A lead opens a decided item again; whoever was told of the decision is told."""
    desk.add("c")
    receipt = desk.decide("c", "reject")
    desk.time += 3_600
    with pytest.raises(ReviewError) as caught:
        reopen(desk.store, ANNA, "c")
    assert "not_allowed" == caught.value.code
    reopen(desk.store, LEAD, "c", note="quotation")
    with pytest.raises(ReviewError) as caught:
        reopen(desk.store, LEAD, "c")
    assert "not_decided" == caught.value.code
    item = queue.claim_next(desk.store, BEN)
    assert item is not None
    desk.decide("c", "approve", person=BEN, version=item.version)
    desk.time += 16
    records = _due(desk)
    assert ["reject", "reopen", "approve"] == [record.decision for record in records]
    assert ["", receipt.decision_id, ""] == [record.takes_back for record in records]


def test_skip(desk: Desk) -> None:
    """Who skips an item does not get it again; when three have, it is a lead's."""
    desk.add("c1")
    for person in (ANNA, BEN):
        assert queue.claim_next(desk.store, person) is not None
        desk.decide("c1", "skip", person=person)
        assert queue.claim_next(desk.store, person) is None
    third = Person("cem")
    assert queue.claim_next(desk.store, third) is not None
    receipt = desk.decide("c1", "skip", person=third)
    assert "escalated" == receipt.state
    undo(desk.store, third, receipt.decision_id)
    assert queue.claim_next(desk.store, third) is not None


def test_skipped_words_that_changed(desk: Desk) -> None:
    """An edit is new words: who skipped the old ones is asked again."""
    desk.add("c")
    desk.decide("c", "skip")
    take_in(desk.store, [judged("c", text="Other words.", revision=1)])
    assert queue.claim_next(desk.store, ANNA) is not None


def test_lead_decides_what_was_escalated(desk: Desk) -> None:
    """A moderator cannot decide an escalated item, a lead can, and can undo it to where it was."""
    desk.add("c")
    version = desk.decide("c", "escalate").version
    with pytest.raises(ReviewError) as caught:
        desk.decide("c", version=version)
    assert "not_allowed" == caught.value.code
    receipt = desk.decide("c", person=LEAD, version=version)
    undo(desk.store, LEAD, receipt.decision_id)
    assert "escalated" == queue.get(desk.store, "c").state


def test_bulk(desk: Desk) -> None:
    """A campaign is decided as it was shown: the count confirmed, what changed or is held left."""
    names = [f"c{number}" for number in range(30)]
    desk.add(*names, "elsewhere")
    place_in_campaign(desk.store, "k", names)
    queue.claim(desk.store, BEN, "c1")
    selection = preview(desk.store, ANNA, campaign="k")
    assert (29, 1) == (selection.count, selection.held)
    desk.add("late")
    place_in_campaign(desk.store, "k", ["late"])
    take_in(desk.store, [judged("c2", text="Edited.", revision=1)])
    queue.claim(desk.store, BEN, "c3")
    with pytest.raises(ReviewError) as caught:
        decide_many(desk.store, ANNA, selection.versions, "reject", confirmed=30, reason="campaign")
    assert "not_confirmed" == caught.value.code
    done = decide_many(
        desk.store, ANNA, selection.versions, "reject", confirmed=29, reason="campaign"
    )
    assert (27, ["c2"], ["c3"]) == (len(done.receipts), done.changed, done.held)
    assert {"c1", "c2", "c3", "elsewhere", "late"} == {
        item.id for item in queue.waiting(desk.store).items
    }
    desk.time += 16
    assert 27 == len(_due(desk))
    assert 0 == outbox.unsent(desk.store)


def test_bulk_is_undone_as_one(desk: Desk) -> None:
    """One undo brings a whole bulk back, except what has changed since, which is told."""
    names = [f"c{number}" for number in range(10)]
    desk.add(*names)
    selection = preview(desk.store, ANNA, comment_ids=names)
    done = decide_many(desk.store, ANNA, selection.versions, "approve", confirmed=10)
    take_in(desk.store, [judged("c4", text="Edited.", revision=1)])
    undone = undo(desk.store, ANNA, done.batch)
    assert (9, ["c4"]) == (len(undone.comment_ids), undone.left)
    assert 10 == queue.count(desk.store)
    desk.time += 16
    assert ["c4"] == [record.id for record in _due(desk)]


def test_bulk_needs_a_reason(desk: Desk) -> None:
    """Three hundred rejections need a reason code as one does."""
    desk.add("c")
    with pytest.raises(ReviewError) as caught:
        decide_many(desk.store, ANNA, {"c": 1}, "reject", confirmed=1)
    assert "reason_required" == caught.value.code


TEXT = "Only fools and people who never crossed that bridge can want another lorry on it."


def test_precedent(desk: Desk) -> None:
    """The same and nearly the same words are found with their outcome, others are not."""
    take_in(
        desk.store,
        [
            judged("same", text=TEXT.upper() + "!!"),
            judged("near", text=TEXT.replace("another lorry", "one more lorry")),
            judged("far", text="I have taught in that school for twenty years, and it is sound."),
            judged("open", text=TEXT),
            judged("new", text=TEXT),
        ],
    )
    for name in ("same", "near", "far"):
        desk.decide(name, "reject", person=BEN)
    found = similar(desk.store, "new")
    assert ["same", "near"] == [precedent.comment_id for precedent in found]
    assert 1.0 == found[0].likeness > found[1].likeness > 0.5
    assert ("reject", "insult", "ben") == (found[0].action, found[0].reason, found[0].person)


def test_against_own_precedent(desk: Desk) -> None:
    """Who decides the same words the other way is asked once; others are not asked at all."""
    take_in(desk.store, [judged(name, text=TEXT) for name in ("c1", "c2", "c3", "c4")])
    desk.decide("c1", "reject")
    desk.decide("c2", "approve", person=BEN)
    with pytest.raises(PrecedentError, match="you decided reject on the same words") as caught:
        desk.decide("c3", "approve")
    assert ["c1"] == [precedent.comment_id for precedent in caught.value.precedents]
    assert "open" == queue.get(desk.store, "c3").state
    desk.decide("c3", "approve", despite_precedent=True)
    desk.decide("c4", "approve")
