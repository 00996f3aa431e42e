"""Campaigns in the queue: items find theirs in whatever order records come, and no text outlives
its author.
"""

import concurrent.futures
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from moderation.errors import RecordError
from moderation.records import Judged
from moderation.review import campaigns, queue, threads
from moderation.review.campaigns import KEPT, MEMBERS_KEPT, check
from moderation.review.erasure import forget
from moderation.review.intake import take_in
from moderation.review.models import Base, Campaign, CampaignMember, Item
from moderation.review.queue import Filters
from moderation.review.store import Store
from moderation.trolling.campaigns import CampaignRecord, decode_record
from tests.moderation.review.desk import LEAD, START, Desk, judged
from tests.moderation.review.test_threads import record as heat


def record(name: str = "k", *joined: str, **fields: Any) -> CampaignRecord:
    """A campaign of five comments, of which those named have just joined."""
    values: dict[str, Any] = {
        "comments": 5,
        "authors": 4,
        "articles": 2,
        "first_seen": START,
        "last_seen": START + 60,
        "text": "Vote for the bridge on Sunday",
        "varying": [["Sunday", "Monday"]],
        "article_ids": ["a1", "a2"],
        **fields,
    }
    return CampaignRecord(id=name, joined=list(joined), **values)


def test_comments_before_and_after_their_campaign(desk: Desk) -> None:
    """Comments that wait already are placed, and so are those that come later."""
    desk.add("before", "other")
    assert 1 == campaigns.take_in(desk.store, [record("k", "before#0", "after#0", "never#0")])
    desk.add("after")
    (found,) = campaigns.listed(desk.store)
    assert ("k", 5, 2) == (found.id, found.comments, found.waiting)
    assert [["Sunday", "Monday"]] == found.varying
    items = queue.waiting(desk.store, Filters(campaign="k")).items
    assert {("before", 1), ("after", 1)} == {(item.id, item.version) for item in items}


def test_campaign_in_the_record_of_the_comment(desk: Desk) -> None:
    """What a judged record says of its campaign places the item, before any campaign record."""
    desk.add("c", campaign="k")
    (found,) = campaigns.listed(desk.store)
    assert ("k", 0, 1) == (found.id, found.comments, found.waiting)
    campaigns.take_in(desk.store, [CampaignRecord(id="k", merged_into="first")])
    assert "first" == queue.get(desk.store, "c").campaign
    desk.add("d", campaign="k")
    assert "first" == queue.get(desk.store, "d").campaign


def test_later_word_of_the_campaign(desk: Desk) -> None:
    """A record that differs in nothing but its campaign still tells it."""
    desk.add("c")
    desk.add("c", campaign="k")
    assert ("k", 1) == ((item := queue.get(desk.store, "c")).campaign, item.version)


def test_edited_comment_leaves_its_campaign(desk: Desk) -> None:
    """Other words are no copy any more, unless the campaign says that they are."""
    desk.add("c", "d")
    campaigns.take_in(desk.store, [record("k", "c#0", "d#0", "d#1")])
    desk.add("c", "d", revision=1, text="Edited.")
    assert ["", "k"] == [queue.get(desk.store, name).campaign for name in "cd"]
    desk.add("d", revision=1, text="Edited.", reasons={"threat": 0.9}, offset=5)
    assert "k" == queue.get(desk.store, "d").campaign


def test_older_record_changes_nothing(desk: Desk) -> None:
    """After a crash Kafka may deliver an older record again; counts do not shrink by it."""
    newer = record("k", comments=9, last_seen=START + 90)
    older = record("k", text="Older")
    for records in ([newer, older], [older], [newer]):
        campaigns.take_in(desk.store, records)
    found = campaigns.get(desk.store, "k")
    assert found is not None
    assert (9, START + 90, "Vote for the bridge on Sunday") == (
        found.comments,
        found.last_seen,
        found.text,
    )


def test_decided_items_do_not_count_as_waiting(desk: Desk) -> None:
    """A campaign whose items are decided leaves the list, and stays to be found."""
    desk.add("c1", "c2", "d1", campaign="big")
    desk.add("e", campaign="small")
    campaigns.take_in(desk.store, [record("big"), record("small"), record("none")])
    assert ["big", "small"] == [found.id for found in campaigns.listed(desk.store)]
    for name in ("c1", "c2", "d1"):
        desk.decide(name)
    assert ["small"] == [found.id for found in campaigns.listed(desk.store)]
    assert 3 == len(campaigns.listed(desk.store, all_of_them=True))
    assert 1 == len(campaigns.listed(desk.store, all_of_them=True, limit=2, offset=2))
    assert campaigns.get(desk.store, "nowhere") is None


def test_erased_author_leaves_no_text(desk: Desk) -> None:
    """Samples are kept without their authors, so all of the campaign's go; the figures stay."""
    desk.add("c", author_id="u-erased")
    campaigns.take_in(
        desk.store,
        [
            record("old", "c#0", "late#0"),
            record("first", last_seen=START + 99),
            CampaignRecord(id="old", merged_into="first"),
            record("another"),
        ],
    )
    forget(desk.store, LEAD, "u-erased")
    with desk.store.reading() as session:
        texts = {row.id: (row.text, row.varying) for row in session.query(Campaign)}
        members = {row.item_id for row in session.query(CampaignMember)}
    assert {"old": ("", "[]"), "first": ("", "[]")} == {
        name: texts[name] for name in ("old", "first")
    }
    assert texts["another"][0]
    assert {"late#0"} == members


def test_erased_text_does_not_come_back(desk: Desk) -> None:
    """Kafka may deliver a record again, or only now; what is said after the erasure is kept."""
    desk.add("c", "d", author_id="u-erased")
    said = [record("k", "c#0", "d#0"), record("unread", "e#0", last_seen=START + 500)]
    desk.add("e", author_id="u-erased", campaign="unread")
    campaigns.take_in(desk.store, said[:1])
    desk.time = START + 1_000
    forget(desk.store, LEAD, "u-erased")
    campaigns.take_in(desk.store, [*said, record("k", comments=8, last_seen=START + 999)])
    found = {one.id: one for one in campaigns.listed(desk.store, all_of_them=True)}
    assert {"k": ("", []), "unread": ("", [])} == {
        name: (one.text, one.varying) for name, one in found.items()
    }
    assert 8 == found["k"].comments
    campaigns.take_in(desk.store, [record("k", comments=9, last_seen=START + 1_001)])
    assert campaigns.listed(desk.store, all_of_them=True)[0].text


def test_bounded_by_age(desk: Desk) -> None:
    """What nobody has told of for long is forgotten; items keep the campaign that they found."""
    desk.add("c")
    campaigns.take_in(desk.store, [record("k", "c#0", "never#0")])
    desk.time += MEMBERS_KEPT + 1
    assert 2 == campaigns.expire(desk.store)
    desk.add("c", reasons={"threat": 0.9}, offset=3)
    assert "k" == queue.get(desk.store, "c").campaign
    desk.time += KEPT
    assert 1 == campaigns.expire(desk.store)
    found = campaigns.get(desk.store, "k")
    assert found is not None
    assert (0, 1) == (found.comments, found.waiting)


def test_two_readers_at_once(desk: Desk) -> None:
    """One takes comments in while the other takes in the campaign's records: none is missed."""
    names = [f"c{number}" for number in range(240)]
    parts = [names[start : start + 4] for start in range(0, len(names), 4)]

    def comments(part: Sequence[str]) -> None:
        take_in(desk.store, [judged(name) for name in part])

    def records(part: Sequence[str]) -> None:
        campaigns.take_in(desk.store, [record("k", *(f"{name}#0" for name in part))])
        threads.take_in(desk.store, [heat(0.4 + int(part[0][1:]) / 1_000, int(part[0][1:]))])

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        work = [pool.submit(act, part) for part in parts for act in (comments, records)]
        for one in work:
            one.result(timeout=60)
    (found,) = campaigns.listed(desk.store)
    assert len(names) == found.waiting
    items = queue.waiting(desk.store, limit=300).items
    assert {threads.hot(desk.store)[0].heat} == {item.heat for item in items}


def test_very_large_campaign(desk: Desk) -> None:
    """More names than one statement may hold."""
    names = [f"c{number}" for number in range(1_500)]
    desk.add(*names)
    many = [record("k", *(f"{name}#0" for name in names)), *(record(f"k{n}") for n in range(1_200))]
    assert 1_500 == campaigns.take_in(desk.store, many)
    moved = [CampaignRecord(id="k", merged_into="k7")]
    assert 1_500 == campaigns.take_in(desk.store, moved)
    assert 1_500 == campaigns.listed(desk.store)[0].waiting


def test_nul_character(desk: Desk) -> None:
    """PostgreSQL stores no NUL; a campaign with it is placed all the same."""
    desk.add("c\0")
    said = record("k\0", "c\0#0", text="a\0b", varying=[["\0", ""]], article_ids=["\0"])
    assert 1 == campaigns.take_in(desk.store, [said])
    (found,) = campaigns.listed(desk.store)
    assert ("k\u2400", [["\0", ""]]) == (found.id, found.varying)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": ""}, "missing_field"),
        ({"id": "x" * 400}, "too_long"),
        ({"merged_into": "x" * 400}, "too_long"),
        ({"joined": ["x" * 400]}, "too_long"),
        ({"comments": -1}, "out_of_range"),
        ({"authors": 2**70}, "out_of_range"),
        ({"last_seen": 1e300}, "out_of_range"),
    ],
)
def test_record_that_no_table_holds(changes: dict[str, object], code: str) -> None:
    """What cannot be stored is told before, so that it becomes a dead letter and not a stop."""
    value = msgspec.json.encode(msgspec.structs.replace(record(), **changes))
    with pytest.raises(RecordError) as caught:
        check(decode_record(value))
    assert code == caught.value.code


_campaigns = st.sampled_from(["A", "B", "a", "b", "\u00e4"])
_items = st.sampled_from([f"c{number}#{revision}" for number in range(4) for revision in (0, 1)])
_events = st.one_of(
    st.builds(
        lambda name, joined, seen: record(name, *joined, last_seen=START + seen, comments=seen),
        _campaigns,
        st.lists(_items, max_size=3),
        st.integers(1, 3),
    ),
    st.builds(lambda name, into: CampaignRecord(id=name, merged_into=into), _campaigns, _campaigns),
    st.builds(
        lambda item, campaign: judged(
            item.partition("#")[0],
            revision=int(item[-1]),
            campaign=campaign,
        ),
        _items,
        st.one_of(st.just(""), _campaigns),
    ),
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(_events, max_size=12).flatmap(
        lambda all_: st.tuples(
            st.just(all_),
            st.permutations([*range(len(all_)), *range(len(all_) // 2)]),
        )
    )
)
def test_any_order_and_repetition(
    kept_store: Store, drawn: tuple[Sequence[CampaignRecord | Judged], Sequence[int]]
) -> None:
    """Records of campaigns, links and comments in any order and repeated: one final placement."""
    events, order = drawn
    with kept_store.writing() as session:
        for table in (Item, Campaign, CampaignMember):
            session.execute(delete(table))
    for number in order:
        event = events[number]
        if isinstance(event, Judged):
            take_in(kept_store, [event])
        else:
            campaigns.take_in(kept_store, [event])
    expected, newest = _placed(events)
    with kept_store.reading() as session:
        items = {row.item_id: row.campaign for row in session.query(Item)}
        seen = {row.id: row.last_seen for row in session.query(Campaign) if row.comments}
    assert expected == items
    assert newest == seen


def _placed(
    events: Sequence[CampaignRecord | Judged],
) -> tuple[dict[str, str], dict[str, float]]:
    """What the events come to, taken as a set: campaigns of the items, and when they were seen."""
    told: dict[str, set[str]] = {}
    groups: dict[str, set[str]] = {}
    moved: set[str] = set()
    revisions: dict[str, int] = {}
    seen: dict[str, float] = {}
    for event in events:
        if isinstance(event, Judged):
            revisions[event.id] = max(event.revision, revisions.get(event.id, 0))
            if event.campaign:
                told.setdefault(event.item_id, set()).add(event.campaign)
        elif event.merged_into and event.merged_into != event.id:
            moved.add(event.id)
            group = groups.get(event.id, {event.id}) | groups.get(
                event.merged_into, {event.merged_into}
            )
            groups |= dict.fromkeys(group, group)
        elif not event.merged_into:
            seen[event.id] = max(event.last_seen, seen.get(event.id, 0.0))
            for name in event.joined:
                told.setdefault(name, set()).add(event.id)
    placed = {}
    for name, revision in revisions.items():
        item_id = f"{name}#{revision}"
        campaign = min(told.get(item_id, {""}))
        group = groups.get(campaign, {campaign})
        placed[item_id] = min((each in moved, each) for each in group)[1]
    return placed, seen


def test_every_table_is_known() -> None:
    """The example above clears what it uses; a new table about campaigns has to be added there."""
    names = {name for name in Base.metadata.tables if "campaign" in name}
    assert {"review_campaigns", "review_campaign_members"} == names
