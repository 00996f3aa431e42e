"""Taking judged records in: at least once from Kafka, exactly one row in the queue."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from moderation.errors import RecordError, StoreError
from moderation.records import Judged
from moderation.review import log, queue
from moderation.review.intake import Taken, check, place_in_campaign, set_heat, take_in
from moderation.review.queue import Filters
from moderation.review.store import Store
from tests.moderation.review.desk import ANNA, START, Desk, judged


def test_repetition_changes_nothing(desk: Desk) -> None:
    """Kafka delivers again after a crash: the same record is the same row, in the same version."""
    records = [judged(f"c{number}") for number in range(50)]
    assert Taken(new=50) == take_in(desk.store, records)
    assert Taken(repeated=50) == take_in(desk.store, records)
    assert Taken(repeated=3) == take_in(desk.store, [records[0]] * 3)
    assert 50 == queue.count(desk.store)
    assert {1} == {item.version for item in queue.waiting(desk.store).items}


def test_what_is_stored_is_what_came(desk: Desk) -> None:
    """A moderator sees the record as it was judged, with every field."""
    record = judged("c", text="Zwölf €, 🧌 and <b>more</b>\nsaid", section="Sports")
    take_in(desk.store, [record])
    assert record == queue.get(desk.store, "c").judged


def test_rescored_item_changes_in_place(desk: Desk) -> None:
    """New scores of the same words raise the version; the place that waiting has earned stays."""
    desk.add("c", priority=0.5)
    desk.time += 3_600
    again = judged("c", priority=0.5, reasons={"threat": 0.95}, offset=7, arrived_at=START + 3_600)
    assert Taken(updated=1) == take_in(desk.store, [again])
    item = queue.get(desk.store, "c")
    assert (2, "open", START) == (item.version, item.state, item.arrived_at)
    assert ["threat"] == [reason.code for reason in item.judged.reasons]
    assert 1 == queue.count(desk.store, Filters(reason="threat"))
    assert 0 == queue.count(desk.store, Filters(reason="insult"))


def test_rescoring_to_the_same_is_no_change(desk: Desk) -> None:
    """A version that goes up for nothing would refuse decisions for nothing."""
    desk.add("c")
    assert Taken(repeated=1) == take_in(desk.store, [judged("c", offset=7)])
    assert 1 == queue.get(desk.store, "c").version


def test_overtaken_record_is_left_aside(desk: Desk) -> None:
    """After a crash Kafka may deliver an old form behind the new one; the new one stays."""
    old, new = judged("c", offset=1), judged("c", text="Edited.", revision=1, offset=2)
    take_in(desk.store, [old, new])
    for record in (old, new, old):
        assert Taken(repeated=1) == take_in(desk.store, [record])
    assert "Edited." == queue.get(desk.store, "c").judged.text


def test_edit_opens_a_decided_item(desk: Desk) -> None:
    """Words cannot be exchanged after their approval; the first decision stays in the books."""
    desk.add("c")
    desk.decide("c", "approve")
    taken = take_in(desk.store, [judged("c", text="Now abusive.", revision=1)])
    assert Taken(updated=1, reopened=1) == taken
    item = queue.get(desk.store, "c")
    assert ("open", 3) == (item.state, item.version)
    assert 1 == queue.count(desk.store, Filters(reason="insult"))
    assert ["approve"] == [row.action for row in queue.history(desk.store, "c")]
    assert ["decide", "edited"] == [entry.action for entry in log.entries(desk.store)]


def test_rescored_decided_item_stays_decided(desk: Desk) -> None:
    """A new model does not put thousands of decided comments back into the queue."""
    desk.add("c")
    desk.decide("c", "approve")
    take_in(desk.store, [judged("c", reasons={"threat": 0.9}, offset=9)])
    assert "approved" == queue.get(desk.store, "c").state
    assert 0 == queue.count(desk.store, Filters(reason="threat"))


def test_surroundings_do_not_raise_the_version(desk: Desk) -> None:
    """Heat changes all the time; it must not refuse the decision that is being made."""
    desk.add("c1", "c2")
    assert 1 == place_in_campaign(desk.store, "k1", ["c1", "elsewhere"])
    set_heat(desk.store, "a1", 0.75)
    item = queue.get(desk.store, "c1")
    assert ("k1", 0.75, 1) == (item.campaign, item.heat, item.version)


def test_nul_character(desk: Desk) -> None:
    """PostgreSQL stores no NUL; one comment with it must not stop the queue."""
    take_in(desk.store, [judged("c\0", text="a\0b", author_name="\0", section="\0")])
    assert ["a\0b"] == [item.judged.text for item in queue.waiting(desk.store).items]
    claimed = queue.claim_next(desk.store, ANNA)
    assert claimed is not None
    assert "c\u2400" == claimed.id


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": ""}, "missing_field"),
        ({"author_id": "x" * 257}, "too_long"),
        ({"revision": 2**40}, "out_of_range"),
        ({"decision": "allow"}, "wrong_topic"),
    ],
)
def test_record_that_no_table_holds(changes: dict[str, object], code: str) -> None:
    """What cannot be stored is told before, so that it becomes a dead letter and not a stop."""
    with pytest.raises(RecordError) as caught:
        check(msgspec.structs.replace(judged("c"), **changes))
    assert code == caught.value.code


_words = st.text(st.characters(codec="utf-8"), max_size=60)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            judged,
            st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
            priority=st.floats(0, 1),
            reasons=st.dictionaries(_words, st.floats(0, 1), max_size=3),
            text=_words,
            author_name=_words,
            author_id=st.text(st.characters(codec="utf-8"), min_size=1, max_size=256),
            section=st.text(max_size=1_000).filter(lambda s: s.isprintable()),
            revision=st.integers(0, 3),
            offset=st.integers(0, 2**40),
            judged_at=st.sampled_from(["2026-01-01", "2026-01-02"]),
        ),
        max_size=6,
    )
)
def test_any_record_is_taken(kept_store: Store, records: list[Judged]) -> None:
    """Whatever passes the check can be stored, and a second time makes no difference."""
    for record in records:
        check(record)
    take_in(kept_store, records)
    again = take_in(kept_store, records)
    assert (0, 0) == (again.new, again.updated)


def test_start_twice(desk: Desk) -> None:
    """The form is made at the first start and left alone at the next; the items are there."""
    desk.add("c")
    other = Store(desk.url)
    assert 1 == queue.count(other)
    other.close()


def test_newer_store(desk: Desk) -> None:
    """An older program refuses a store that a newer one made, rather than damage it."""
    with desk.store.connection() as connection:
        connection.execute(text("UPDATE review_migrations SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer"):
        Store(desk.url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "no URL"),
        ("mysql://u:hush@127.0.0.1/x", "neither sqlite nor postgresql"),
        ("postgresql://u:hush@127.0.0.1:9/x", "127.0.0.1"),
        ("sqlite:////nowhere/at/all/x.db", "No such file"),
    ],
)
def test_database_that_cannot_be_used(url: str, message: str) -> None:
    """A wrong URL is one line that does not tell the password."""
    with pytest.raises(StoreError, match=message) as caught:
        Store(url)
    assert "hush" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_migrations_are_the_models(desk: Desk) -> None:
    """What the migrations make is what the models say, on both databases."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - only this test compares
    from alembic.migration import MigrationContext  # noqa: PLC0415

    from moderation.review.migrate import VERSION_TABLE  # noqa: PLC0415
    from moderation.review.models import Base  # noqa: PLC0415

    with desk.store.connection() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": VERSION_TABLE,
                # Words are indexed by each database in its own way.
                "include_name": lambda name, *_: not str(name).startswith("review_words"),
            },
        )
        assert [] == compare_metadata(context, Base.metadata)
