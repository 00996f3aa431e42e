"""Campaigns: groups found by many workers, each counted once under one id."""

import random
from typing import Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.trolling.campaigns import (
    KEPT_MEMBERS,
    KEPT_TEXTS,
    LONGEST_TEXT,
    Campaign,
    CampaignSettings,
    CampaignState,
    Match,
    Member,
    Origin,
    applied,
    campaign_of,
    forgotten,
    is_over,
    retold,
)
from tests.moderation.trolling.campaign_flow import Flow, labelled
from tests.moderation.trolling.campaign_texts import Comment, changed, ordinary_text, traffic

SETTINGS: Final = CampaignSettings()
TEXT: Final = "Close the pier and the island loses its only doctor, says every fisherman I know."
ARTICLE: Final = (
    "The council met. Close the pier in May, it said, or pay for the repairs until June."
)


def post(flow: Flow, item: str, author: int, text: str = TEXT, *, at: float = 0.0) -> None:
    """A comment of an author."""
    flow.post(Member(item, author, f"a{author}", at), text)


def test_a_campaign_grows_before_the_moderators_eyes() -> None:
    """One record when it is large enough, another with each new member; the id stays."""
    flow = Flow()
    for number in range(5):
        post(flow, f"c{number}#0", number, TEXT.replace("doctor", f"doctor {number}"), at=number)
    assert [3, 4, 5] == [record.comments for record in flow.records]
    assert {"c0#0"} == {record.id for record in flow.records}
    assert [["c0#0", "c1#0", "c2#0"], ["c3#0"], ["c4#0"]] == [r.joined for r in flow.records]
    last = flow.records[-1]
    assert (5, 5, True) == (last.authors, last.articles, last.exact)
    assert (0.0, 4.0) == (last.first_seen, last.last_seen)
    assert ["a0", "a1", "a2", "a3", "a4"] == last.article_ids
    assert "island loses its only doctor" in last.text
    assert {"1", "2", "3", "4"} <= {word for place in last.varying for word in place}


@pytest.mark.parametrize(
    ("authors", "expected"),
    [
        ([1, 1, 1, 1, 1, 1, 1], False),
        ([1, 2], False),
        ([1, 2, 2, 1], False),
        ([1, 2, 3], True),
        ([1, 2, 2, 2, 2], True),
    ],
)
def test_what_makes_a_campaign(authors: list[int], *, expected: bool) -> None:
    """Three authors, or five comments of two; never one author who repeats himself."""
    flow = Flow()
    for number, author in enumerate(authors):
        post(flow, f"c{number}#0", author, at=number)
    assert expected == bool(flow.records)
    assert expected == bool(flow.campaigns())


def test_thresholds_are_settings() -> None:
    """A newsroom may set how many it takes."""
    flow = Flow(CampaignSettings(authors=4, members=9))
    for number in range(4):
        assert not flow.records
        post(flow, f"c{number}#0", number, at=number)
    assert 4 == flow.records[-1].authors


def test_an_edited_comment_counts_once() -> None:
    """Two authors who correct their comments have not become five members."""
    flow = Flow()
    for revision in range(4):
        post(flow, f"c1#{revision}", 1, at=revision)
        post(flow, f"c2#{revision}", 2, at=revision)
    assert not flow.records
    assert [2] == [group.comments.count for group in flow.found().values()]


def test_no_campaigns() -> None:
    """Quotes of the article, sayings, short replies, and many who write about one thing."""
    flow = Flow()
    chance = random.Random(4)
    made = [
        '"Close the pier in May, it said, or pay for the repairs until June." Shameful.',
        "Close the pier in May, it said, or pay for the repairs until June.",
        "A harbour that waits for calm weather never learns to sail. - Ingrid Vale",
        "First!",
        "I agree, well said, thank you so much for this great comment!",
        "The pier, the pier, always the pier.",
    ]
    for number in range(60):
        text = made[number % len(made)]
        flow.post(Member(f"c{number}#0", number, "a1", number), text, [ARTICLE])
        about = f"The pier again. {ordinary_text(chance, 15)}"
        flow.post(Member(f"d{number}#0", number, "a1", number), about, [ARTICLE])
    assert {} == flow.campaigns()


def test_a_merge_names_the_surviving_id() -> None:
    """Two campaigns that turn out to be one go on under the earlier id."""
    flow = Flow()
    words = ordinary_text(random.Random(3), 40).split()
    early = " ".join([*words[:20], *(f"early{n}" for n in range(14))])
    late = " ".join([*words[20:], *(f"late{n}" for n in range(14))])
    for number in range(3):
        post(flow, f"c{number}#0", number, early, at=number)
        post(flow, f"d{number}#0", 10 + number, late, at=100 + number)
    assert {"c0#0", "d0#0"} == set(flow.campaigns())
    post(flow, "e#0", 20, early, at=200)
    flow._waiting.append(("d0#0", Match("d0#0", Origin(0.0, "c0#0"), 201.0)))
    flow.run()
    assert {"c0#0"} == set(flow.campaigns())
    assert 7 == flow.campaigns()["c0#0"].authors.count
    assert ["c0#0"] == [record.merged_into for record in flow.records if record.merged_into]
    assert "d0#0" == next(record.id for record in flow.records if record.merged_into)
    assert {"c0#0"} == set(flow.labels().values())
    # What still comes for the old id finds the new one.
    post(flow, "d9#0", 30, late, at=300)
    assert 8 == flow.campaigns()["c0#0"].authors.count
    assert "c0#0" == flow.records[-1].id


def _groups(flow: Flow) -> dict[str, Campaign]:
    """Every group without its sample of texts, which depends on who came first."""
    return {key: msgspec.structs.replace(group, samples=()) for key, group in flow.found().items()}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_order_and_repetition_do_not_matter(seed: int) -> None:
    """Workers that read in another order, and some records twice, find the same campaigns."""
    comments = traffic(seed, ordinary=10, campaigns=3, rates=(0.0, 0.15, 0.25), lengths=(8, 30))
    plain, mixed = Flow(), Flow(chance=random.Random(seed))
    for comment in comments:
        plain.post(comment.member, comment.text)
        mixed.post(comment.member, comment.text)
    mixed.run()
    assert _groups(plain) == _groups(mixed)
    members = {
        member.item_id: key for key, group in plain.campaigns().items() for member in group.members
    }
    assert members == plain.labels() == mixed.labels()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20),
    st.lists(st.integers(0, 3), min_size=8, max_size=8),
    st.integers(0, 10_000),
)
def test_every_match_arrives(links: list[tuple[int, int]], times: list[int], seed: int) -> None:
    """Even where two records disagree about a comment's time, no match runs in circles.

    Whoever is linked, by however many others, ends in one group, and each comment is in one.
    """
    chance = random.Random(seed)
    states: dict[str, CampaignState] = {}
    waiting: list[Match] = []
    for one, other in links:
        # Each mention of a comment may have another time.
        places = sorted(
            Origin(float(times[name] + chance.randrange(3)), f"c{name}") for name in (one, other)
        )
        for place in places:
            member = Member(place.item_id, int(place.item_id[1:]), "a", place.at)
            entering = campaign_of(member)
            waiting.append(Match(place.item_id, places[0], place.at, entering, enters=True))
    for _ in range(10_000):
        if not waiting:
            break
        match = waiting.pop(chance.randrange(len(waiting)))
        outcome = applied(states.get(match.key), match, SETTINGS)
        states[match.key] = outcome.state
        if outcome.match is not None:
            waiting.append(outcome.match)
    assert not waiting
    roots = {
        key: {member.item_id for member in state.campaign.members}
        for key, state in states.items()
        if state.campaign is not None
    }
    assert all(states[key].head.item_id == key for key in roots)
    assert sorted(_components(links)) == sorted(sorted(members) for members in roots.values())


def _components(links: list[tuple[int, int]]) -> list[list[str]]:
    groups: list[set[str]] = []
    for link in links:
        names = {f"c{name}" for name in link}
        touched = [group for group in groups if group & names]
        groups = [group for group in groups if not group & names]
        groups.append(names.union(*touched))
    return [sorted(group) for group in groups]


members = st.builds(
    Member,
    st.integers(0, 400).map(lambda n: f"c{n}#0"),
    st.integers(0, 50),
    st.sampled_from(["a1", "a2", "a3"]),
    st.integers(0, 9).map(float),
)
known = st.lists(members, min_size=1, max_size=5, unique_by=lambda member: member.item_id)


@settings(deadline=None)
@given(known, known)
def test_joining_twice_is_joining_once(one: list[Member], other: list[Member]) -> None:
    """What is told twice is known once, and who told it first makes no difference."""
    mine, theirs = _joined(one), _joined(other)
    both = mine.joined(theirs)
    assert both == theirs.joined(mine) == both.joined(theirs) == both.joined(mine)


def _joined(each: list[Member]) -> Campaign:
    campaign = campaign_of(each[0], "text")
    for member in each[1:]:
        campaign = campaign.joined(campaign_of(member, "text"))
    return campaign


def test_a_large_campaign_is_bounded() -> None:
    """The state of a text that half the country pastes stays small, and its counts say so."""
    campaign = campaign_of(Member("c0#0", 0, "a0", 0.0), "x" * 10_000)
    for number in range(1, 3_000):
        member = Member(f"c{number}#0", number, f"a{number % 700}", float(number))
        campaign = campaign.joined(campaign_of(member, "x" * 10_000))
    assert KEPT_MEMBERS == len(campaign.members)
    assert KEPT_TEXTS == len(campaign.samples)
    assert LONGEST_TEXT == max(len(sample.text) for sample in campaign.samples)
    assert not campaign.comments.exact
    assert campaign.comments.count == pytest.approx(3_000, rel=0.25)
    assert campaign.articles.count == pytest.approx(700, rel=0.25)
    assert len(msgspec.msgpack.encode(campaign)) < 32_768


def test_each_member_of_a_large_campaign_is_named_once() -> None:
    """Comments carry the id, also those that the bounded state does not keep by name."""
    flow = Flow()
    text = ordinary_text(random.Random(5), 30)
    for number in range(KEPT_MEMBERS + 60):
        post(flow, f"c{number}#0", number, text, at=number)
    joined = [item for record in flow.records for item in record.joined]
    assert KEPT_MEMBERS + 60 == len(joined) == len(set(joined))


def test_states_are_dropped_when_nothing_comes() -> None:
    """A state may go when it was quiet for twice the window, and not before."""
    flow = Flow()
    post(flow, "c1#0", 1, at=0.0)
    post(flow, "c2#0", 2, at=10.0)
    state = flow.state("c1#0")
    assert state is not None
    assert not is_over(state, 10 + 2 * SETTINGS.window_seconds, SETTINGS)
    assert is_over(state, 11 + 2 * SETTINGS.window_seconds, SETTINGS)


def test_forgetting_an_author() -> None:
    """His comments, his texts and himself in the counts are gone; the others stay."""
    flow = Flow()
    for number in range(4):
        post(flow, f"c{number}#0", number, f"{TEXT} Said by {number}.", at=number)
    state = flow.state("c0#0")
    assert state is not None
    assert state.campaign is not None
    left = forgotten(state, 2).campaign
    assert left is not None
    assert (3, 3) == (left.comments.count, left.authors.count)
    assert "c2#0" not in str(left)
    assert "Said by 2" not in str(left)


def test_who_holds_a_text_is_told_when_its_author_is_erased() -> None:
    """A record without the text replaces the earlier one; with too few left it has no text.

    Whoever was never told of a group hears nothing.
    """
    flow = Flow()
    for number in range(4):
        post(flow, f"c{number}#0", number, f"{TEXT} Said by {number}", at=number)
    whole = flow.state("c0#0")
    assert whole is not None
    less = forgotten(whole, 2)
    record = retold(whole, less, SETTINGS)
    assert record is not None
    assert ("c0#0", 3, 3, []) == (record.id, record.comments, record.authors, record.joined)
    assert record.text.startswith(TEXT)
    assert "2" not in str((record.text, record.varying))
    few = forgotten(less, 3)
    record = retold(less, few, SETTINGS)
    assert record is not None
    assert (2, "", []) == (record.comments, record.text, record.varying)
    assert retold(few, forgotten(few, 1), SETTINGS) is None
    assert retold(whole, forgotten(whole, 9), SETTINGS) is None


def test_sock_puppets_are_one_campaign() -> None:
    """One person's accounts that each reword a fifth of the text end in one group."""
    chance = random.Random(6)
    flow = Flow()
    text = ordinary_text(chance, 45)
    comments = [
        Comment(Member(f"c{n}#0", n, f"a{n % 4}", 60.0 * n), changed(chance, text, 0.2), "puppets")
        for n in range(10)
    ]
    for comment in comments:
        flow.post(comment.member, comment.text)
    assert 1 == len(flow.campaigns())
    assert 9 <= flow.records[-1].comments


def test_labels_follow_merges() -> None:
    """A reader of the topic who knows only its records ends at the surviving ids."""
    flow = Flow(chance=random.Random(7))
    for comment in traffic(8, ordinary=0, campaigns=4, rates=(0.1,)):
        flow.post(comment.member, comment.text)
    flow.run()
    assert set(labelled(flow.records).values()) == set(flow.campaigns())
