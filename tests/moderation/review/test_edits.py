"""Edits in which nothing is flagged: nobody judges words that no reader sees any more."""

import concurrent.futures
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from moderation.errors import ChangedError, RecordError
from moderation.records import Judged, encode
from moderation.review import campaigns, edits, erasure, log, queue
from moderation.review.intake import Taken, check_edit, take_in, take_in_edits
from moderation.review.looks import add_golden
from moderation.review.models import CampaignMember, Edit, Item
from moderation.review.queue import Filters
from moderation.review.rules import Person
from moderation.review.store import Store
from moderation.review.surroundings import forms
from moderation.review.taking_back import reopen, undo
from tests.moderation.review.desk import ANNA, LEAD, START, Desk, edit, judged


def test_waiting_item_gets_the_new_words(desk: Desk) -> None:
    """The words that readers see are judged; what they were before, and why, is kept beside."""
    desk.add("c", priority=0.9)
    desk.time += 3_600
    assert 1 == take_in_edits(desk.store, [edit("c", arrived_at=START + 3_600)])
    item = queue.get(desk.store, "c")
    assert ("Harmless 1.", [], "open", 2) == (
        item.judged.text, item.judged.reasons, item.state, item.version,
    )  # fmt: skip
    assert (0.02, START) == (item.priority, item.arrived_at)
    assert item.earlier is not None
    assert ["insult"] == [reason.code for reason in item.earlier.reasons]
    assert [1] == [form.version for form in forms(desk.store, "c")]
    assert (1, 0) == (queue.count(desk.store), queue.count(desk.store, Filters(reason="insult")))
    assert [item] == queue.waiting(desk.store).items
    assert [] == list(log.entries(desk.store))


def test_goes_behind_what_is_flagged(desk: Desk) -> None:
    """It needs a person, but not before those whose words are bad still."""
    desk.add("edited", priority=0.9)
    desk.add("flagged", priority=0.5)
    take_in_edits(desk.store, [edit("edited")])
    assert ["flagged", "edited"] == [item.id for item in queue.waiting(desk.store).items]


def test_decision_on_the_old_words_is_refused(desk: Desk) -> None:
    """Whoever reads while the author edits is told what changed, and holds the item on."""
    desk.add("c")
    claimed = queue.claim_next(desk.store, ANNA)
    assert claimed is not None
    take_in_edits(desk.store, [edit("c")])
    with pytest.raises(ChangedError) as caught:
        desk.decide("c", "reject")
    assert {"text", "reasons"} <= caught.value.changes.keys()
    assert "anna" == queue.get(desk.store, "c").claimed_by
    desk.decide("c", version=2)
    assert "approved" == queue.get(desk.store, "c").state


def test_edited_twice(desk: Desk) -> None:
    """What it was flagged for stays at hand through further edits, until it is flagged again."""
    desk.add("c")
    take_in_edits(desk.store, [edit("c")])
    take_in_edits(desk.store, [edit("c", 2)])
    item = queue.get(desk.store, "c")
    assert item.earlier is not None
    assert (3, "Harmless 2.", 0) == (item.version, item.judged.text, item.earlier.revision)
    desk.add("c", revision=3, text="Abusive again.")
    item = queue.get(desk.store, "c")
    assert (4, None) == (item.version, item.earlier)
    assert 1 == queue.count(desk.store, Filters(reason="insult"))


def test_escalated_item(desk: Desk) -> None:
    """It waits for a lead as before, with the new words."""
    desk.add("c")
    desk.decide("c", "escalate")
    assert 1 == take_in_edits(desk.store, [edit("c")])
    item = queue.get(desk.store, "c")
    assert ("escalated", "Harmless 1.") == (item.state, item.judged.text)


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_decided_item_stays(desk: Desk, action: Any) -> None:
    """A decision stands on the words on which it was made."""
    desk.add("c")
    desk.decide("c", action)
    before = queue.get(desk.store, "c")
    assert 0 == take_in_edits(desk.store, [edit("c")])
    assert before == queue.get(desk.store, "c")


@pytest.mark.parametrize("who", [ANNA, LEAD])
def test_decision_that_is_taken_back(desk: Desk, who: Person) -> None:
    """Whoever decides anew reads the words that stand there now, after an undo and a reopening."""
    desk.add("c")
    decided = desk.decide("c", "reject")
    take_in_edits(desk.store, [edit("c")])
    if who is ANNA:
        undo(desk.store, ANNA, decided.decision_id)
    else:
        assert queue.get(desk.store, "c").version + 2 == reopen(desk.store, LEAD, "c").version
    item = queue.get(desk.store, "c")
    assert ("open", "Harmless 1.", 4) == (item.state, item.judged.text, item.version)
    assert item.earlier is not None
    assert 0 == _remembered(desk.store)
    desk.decide("c", person=who, version=item.version)


def test_golden_item_stays(desk: Desk) -> None:
    """Its answer is known for the words that it has."""
    add_golden(desk.store, LEAD, judged("g"), "reject", "insult")
    assert 0 == take_in_edits(desk.store, [edit("g")])
    assert judged("g") == queue.get(desk.store, "g").judged


def test_edit_read_first(desk: Desk) -> None:
    """The topics have no order between them; the item comes with both forms, and is new once."""
    assert 0 == take_in_edits(desk.store, [edit("c"), edit("other")])
    assert Taken(new=1, harmless=1) == take_in(desk.store, [judged("c"), judged("d")][:1])
    item = queue.get(desk.store, "c")
    assert (2, "Harmless 1.", judged("c")) == (item.version, item.judged.text, item.earlier)
    assert 1 == _remembered(desk.store)


def test_flagged_in_the_same_revision(desk: Desk) -> None:
    """Where one revision was judged both ways, people see that it was flagged."""
    flagged, allowed = judged("c", revision=1, offset=3), edit("c", offset=3)
    desk.add("c")
    take_in_edits(desk.store, [allowed])
    take_in(desk.store, [flagged])
    take_in_edits(desk.store, [allowed])
    assert flagged == queue.get(desk.store, "c").judged


def test_remembered_for_a_day(desk: Desk) -> None:
    """Most edits are of comments that are never flagged: they do not pile up."""
    take_in_edits(desk.store, [edit("c"), edit("d")])
    desk.time += edits.KEPT - 1
    assert 0 == edits.expire(desk.store)
    desk.time += 2
    assert 2 == edits.expire(desk.store)
    desk.add("c")
    assert 1 == queue.get(desk.store, "c").version


def test_erased_author(desk: Desk) -> None:
    """A remembered edit is the author's text like any other, also where nothing else is here."""
    take_in_edits(desk.store, [edit("c"), edit("d")])
    assert erasure.holds(desk.store, "author-of-c")
    erasure.forget(desk.store, LEAD, "author-of-c")
    assert not erasure.holds(desk.store, "author-of-c")
    assert 1 == _remembered(desk.store)


def test_campaign_of_the_new_words(desk: Desk) -> None:
    """An edit leaves the campaign, unless its record says that it belongs to one."""
    desk.add("c", "d", campaign="k")
    take_in_edits(desk.store, [edit("c"), edit("d", campaign="k")])
    assert ["", "k"] == [queue.get(desk.store, name).campaign for name in "cd"]
    assert 1 == campaigns.listed(desk.store)[0].waiting


def test_nul_character(desk: Desk) -> None:
    """PostgreSQL stores no NUL; an edit with it is taken all the same."""
    record = edit("c\0", text="a\0b", author_id="u\0")
    take_in_edits(desk.store, [record])
    desk.add("c\0")
    assert record == queue.get(desk.store, "c\u2400").judged


def test_two_readers_at_once(desk: Desk) -> None:
    """One reads comments while the other reads their edits: none keeps its old words."""
    names = [f"c{number}" for number in range(120)]
    parts = [names[start : start + 4] for start in range(0, len(names), 4)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        work = [
            pool.submit(act)
            for part in parts
            for act in (
                lambda part=part: desk.add(*part),
                lambda part=part: take_in_edits(desk.store, [edit(name) for name in part]),
            )
        ]
        for one in work:
            one.result(timeout=60)
    found = queue.waiting(desk.store, limit=200).items
    assert {"Harmless 1."} == {item.judged.text for item in found}
    assert (len(names), 0) == (len(found), _remembered(desk.store))


@pytest.mark.parametrize(
    ("value", "concerns"),
    [
        (encode(edit("c")), True),
        (encode(judged("c")), False),
        (encode(judged("c", revision=1)), False),
        (encode(edit("c", 0)), False),
        # What cannot be told is read whole, to become a dead letter.
        (b"{", True),
        (b"", True),
        (None, True),
        (b'{"decision": "allow", "revision": "1"}', True),
        (b"[" * 100_000, True),
    ],
)
def test_what_is_passed_over(value: bytes | None, *, concerns: bool) -> None:
    """Of the whole ledger only allowed edits are read, and what is broken is not overlooked."""
    assert concerns == edits.concerns(value)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": ""}, "missing_field"),
        ({"author_id": "x" * 257}, "too_long"),
        ({"revision": 2**40}, "out_of_range"),
        ({"revision": 0}, "wrong_topic"),
        ({"decision": "review"}, "wrong_topic"),
    ],
)
def test_record_that_no_table_holds(changes: dict[str, object], code: str) -> None:
    """What cannot be stored is told before, so that it becomes a dead letter and not a stop."""
    with pytest.raises(RecordError) as caught:
        check_edit(msgspec.structs.replace(edit("c"), **changes))
    assert code == caught.value.code


def _remembered(store: Store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(Edit)) or 0


_names = st.sampled_from(["c0", "c1", "c2"])
_told = st.sampled_from(["", "A", "B"])


def _form(name: str, revision: int, day: int, campaign: str, *, allowed: bool) -> Judged:
    """A form as it was judged on a day: the same input has the same words."""
    fields: dict[str, Any] = {
        "text": f"{'allowed' if allowed else 'flagged'} {revision} {day}",
        "judged_at": f"2026-01-0{day}",
        "offset": 10 * revision + day,
        "campaign": campaign,
    }
    if allowed:
        return edit(name, revision or 3, **fields)
    return judged(name, revision=revision, **fields)


_records = st.builds(
    _form, _names, st.integers(0, 2), st.integers(1, 3), _told, allowed=st.booleans()
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(_records, max_size=10).flatmap(
        lambda all_: st.tuples(
            st.just(all_), st.permutations([*range(len(all_)), *range(len(all_) // 2)])
        )
    ),
    st.data(),
)
def test_any_order_and_repetition(
    kept_store: Store, drawn: tuple[Sequence[Judged], Sequence[int]], data: st.DataObject
) -> None:
    """Flagged forms and allowed edits in any order, in any portions, repeated: one final item."""
    records, order = drawn
    with kept_store.writing() as session:
        for table in (Item, Edit, CampaignMember):
            session.execute(delete(table))
    left = [records[number] for number in order]
    while left:
        size = data.draw(st.integers(1, 3))
        portion, left = left[:size], left[size:]
        take_in(kept_store, [one for one in portion if one.decision == "review"])
        take_in_edits(kept_store, [one for one in portion if one.decision == "allow"])
    with kept_store.reading() as session:
        names = session.scalars(select(Item.id)).all()
    found = [queue.get(kept_store, name) for name in names]
    told: dict[str, set[str]] = {}
    for one in records:
        told.setdefault(one.item_id, set()).update({one.campaign} - {""})
    expected = _expected(records)
    assert expected == {item.id: item.judged.text for item in found}
    for item in found:
        allowed = item.judged.decision == "allow"
        assert allowed == (item.earlier is not None)
        assert ([] if allowed else ["insult"]) == [one.code for one in item.judged.reasons]
        assert min(told[item.item_id] or {""}) == item.campaign
    ids = {one.id for one in records if one.decision == "allow"}
    assert len(ids - expected.keys()) == _remembered(kept_store)


def _expected(records: Sequence[Judged]) -> dict[str, str]:
    """The texts of the comments that were ever flagged, when all records are taken as a set."""
    ordered = sorted(
        records, key=lambda one: (one.revision, one.decision == "review", one.judged_at)
    )
    flagged = {one.id for one in records if one.decision == "review"}
    return {one.id: one.text for one in ordered if one.id in flagged}
