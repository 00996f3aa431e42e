"""The order of the queue, its filters, and claims: one person an item."""

import concurrent.futures
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.errors import ReviewError
from moderation.review import queue
from moderation.review.intake import place_in_campaign, take_in
from moderation.review.order import AGEING, sort_key
from moderation.review.queue import Filters
from moderation.review.rules import Person
from tests.moderation.review.desk import ANNA, BEN, LEAD, START, Desk, judged

_PRIORITIES = st.floats(0.01, 1)
_TIMES = st.floats(0, 10**6)


@given(_PRIORITIES, _TIMES, _PRIORITIES, _TIMES, st.floats(0, 10**6))
def test_key_is_ageing_urgency(
    one: float, arrived: float, other: float, later: float, wait: float
) -> None:
    """The stored key orders as urgency that doubles with waiting does, at whatever time."""
    now = max(arrived, later) + wait
    urgency = [
        priority * 2 ** ((now - came) / AGEING)
        for priority, came in ((one, arrived), (other, later))
    ]
    keys = [sort_key(one, arrived), sort_key(other, later)]
    if urgency[0] > urgency[1] * 1.000001:
        assert keys[0] < keys[1]
    elif urgency[1] > urgency[0] * 1.000001:
        assert keys[1] < keys[0]


def test_grave_before_mild_but_not_for_ever() -> None:
    """An insult passes a joke that came a little before it, not one that has waited long."""
    joke = sort_key(0.25, START)
    assert sort_key(1.0, START + AGEING) < joke
    assert sort_key(1.0, START + 2 * AGEING + 1) > joke


@given(st.floats(0, 1))
def test_nothing_starves(priority: float) -> None:
    """Whatever the priority, nothing that arrives 27 hours later comes first."""
    assert sort_key(priority, START) < sort_key(1.0, START + 27 * 3_600)


def _names(desk: Desk, **filters: object) -> list[str]:
    return [item.id for item in queue.waiting(desk.store, Filters(**filters)).items]  # type: ignore[arg-type]


def test_order_and_pages(desk: Desk) -> None:
    """Pages follow on each other in queue order without gap or repetition."""
    priorities = {f"c{number:02d}": 0.05 + number * 0.03 for number in range(25)}
    for name, priority in priorities.items():
        desk.add(name, priority=priority)
    found: list[str] = []
    after = None
    while True:
        page = queue.waiting(desk.store, limit=7, after=after)
        found += [item.id for item in page.items]
        after = page.next
        if after is None:
            break
    assert sorted(priorities, reverse=True) == found


def test_filters(desk: Desk) -> None:
    """Each filter narrows to what it says; together they narrow further."""
    take_in(
        desk.store,
        [
            judged("a", reasons={"threat": 0.9, "insult": 0.6}, section="Sports", priority=0.9),
            judged("b", reasons={"insult": 0.8}, article_id="a2", arrived_at=START - 7_200),
            judged("c", reasons={"sarcasm": 0.7}, author_id="u7", priority=0.2),
        ],
    )
    place_in_campaign(desk.store, "k1", ["c"])
    cases: dict[str, dict[str, object]] = {
        "a": {"reason": "threat"},
        "ab": {"reason": "insult"},
        "b": {"reason": "insult", "least": 0.7},
        "c": {"author_id": "u7"},
    }
    for expected, filters in cases.items():
        assert list(expected) == sorted(_names(desk, **filters)), filters
    assert ["a"] == _names(desk, section="sports ")
    assert ["b"] == _names(desk, article_id="a2")
    assert ["c"] == _names(desk, campaign="k1")
    assert ["b"] == _names(desk, older_than=3_600)
    assert ["a", "c"] == sorted(_names(desk, younger_than=3_600))
    assert ["a"] == _names(desk, least=0.8)
    assert ["c"] == _names(desk, most=0.3)
    assert [] == _names(desk, reason="threat", article_id="a2")
    assert 2 == queue.count(desk.store, Filters(reason="insult"))
    assert 1 == queue.count(desk.store, Filters(), most=1)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("BRIDGE", ["a"]),
        ("bridge lorry", ["a"]),
        ("bridge school", []),
        ("Pettibone", ["b"]),
        ('"bridge', ["a"]),
        ("bridge* OR school", []),
        ("NEAR(bridge)", []),
        ("'; DROP TABLE review_items; --", []),
        ("!!!", []),
    ],
)
def test_search(desk: Desk, words: str, expected: list[str]) -> None:
    """Search finds words in text and author; what a person types is words and no query language."""
    take_in(
        desk.store,
        [
            judged("a", text="The bridge holds no lorry."),
            judged("b", text="Mend the school!", author_name="Mrs Pettibone"),
        ],
    )
    assert expected == _names(desk, words=words)


def test_search_follows_an_edit(desk: Desk) -> None:
    """Words that were edited away are not found any more."""
    desk.add("c", text="bridge")
    take_in(desk.store, [judged("c", text="school", revision=1)])
    assert [] == _names(desk, words="bridge")
    assert ["c"] == _names(desk, words="school")


def test_claims_are_apart(desk: Desk) -> None:
    """Two people who ask get two items; nobody gets one that somebody holds."""
    desk.add("c1", "c2")
    found = [queue.claim_next(desk.store, person) for person in (ANNA, BEN, LEAD)]
    assert {"c1", "c2"} == {item.id for item in found if item is not None}
    assert found[2] is None
    with pytest.raises(ReviewError, match="anna holds it until") as caught:
        queue.claim(desk.store, BEN, found[0].id if found[0] else "")
    assert "held" == caught.value.code


def test_own_item_comes_back(desk: Desk) -> None:
    """Who reloads the page finds the item in hand; who has it on screen gets the next one."""
    desk.add("c1", "c2")
    first = queue.claim_next(desk.store, ANNA)
    assert first is not None
    assert first == queue.claim_next(desk.store, ANNA)
    second = queue.claim_next(desk.store, ANNA, besides=[first.id])
    assert second is not None
    assert first.id != second.id


def test_lease_ends_and_is_renewed(desk: Desk) -> None:
    """A closed laptop holds an item for ten minutes; activity keeps it."""
    desk.add("c")
    assert queue.claim_next(desk.store, ANNA) is not None
    desk.time += 599
    assert 1 == queue.renew(desk.store, ANNA)
    desk.time += 599
    assert queue.claim_next(desk.store, BEN) is None
    desk.time += 2
    assert queue.claim_next(desk.store, BEN) is not None
    assert 0 == queue.renew(desk.store, ANNA)


def test_release(desk: Desk) -> None:
    """Who leaves gives everything back at once, or only what is named."""
    desk.add("c1", "c2")
    for besides in ([], ["c1", "c2"]):
        queue.claim_next(desk.store, ANNA, besides=besides)
    queue.claim(desk.store, ANNA, "c1")
    queue.claim(desk.store, ANNA, "c2")
    assert 1 == queue.release(desk.store, ANNA, ["c1"])
    assert queue.claim_next(desk.store, BEN) is not None
    assert queue.claim_next(desk.store, LEAD) is None
    assert 1 == queue.release(desk.store, ANNA)
    assert queue.claim_next(desk.store, LEAD) is not None


def test_escalated_items_are_for_leads(desk: Desk) -> None:
    """A moderator neither sees escalated items next nor claims one by name."""
    desk.add("c")
    desk.decide("c", "escalate")
    assert queue.claim_next(desk.store, ANNA) is None
    with pytest.raises(ReviewError) as caught:
        queue.claim(desk.store, ANNA, "c")
    assert "not_allowed" == caught.value.code
    with pytest.raises(ReviewError) as caught:
        queue.claim_next(desk.store, ANNA, Filters(state="escalated"))
    assert "not_allowed" == caught.value.code
    item = queue.claim_next(desk.store, LEAD, Filters(state="escalated"))
    assert item is not None
    assert "escalated" == item.state


def test_many_claim_at_once(desk: Desk) -> None:
    """However many ask in the same moment, no item is given twice."""
    desk.add(*(f"c{number}" for number in range(60)))
    start = threading.Barrier(12)

    def claim_five(number: int) -> list[str]:
        person = Person(f"p{number}")
        start.wait(timeout=30)
        mine: list[str] = []
        for _ in range(5):
            item = queue.claim_next(desk.store, person, besides=mine)
            assert item is not None
            mine.append(item.id)
        return mine

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        claimed = [name for mine in pool.map(claim_five, range(12)) for name in mine]
    assert 60 == len(claimed) == len(set(claimed))
