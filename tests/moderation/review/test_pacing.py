"""Sparing the people who read."""

from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.review.pacing import IN_A_ROW, Ahead, harsh_codes, place

CALM, HARSH, URGENT = Ahead(False, False), Ahead(True, False), Ahead(True, True)


def test_harsh() -> None:
    """A threat is harsh whatever its score, an insult when it is a strong one."""
    assert {"threat"} == harsh_codes({"threat": 0.31, "insult": 0.6})
    assert {"insult"} == harsh_codes({"insult": 0.95, "sarcasm": 1.0})


def test_mild_one_comes_after_harsh_ones() -> None:
    """After three harsh items the first mild one is next; else the first of all."""
    waiting = [HARSH, HARSH, CALM, CALM]
    assert 2 == place([True, True, True], waiting)
    assert 0 == place([True, True], waiting)
    assert 0 == place([True, False, True, True], waiting)
    assert 0 == place([True, True, True], [HARSH, HARSH])
    assert 0 == place([True, True, True], [])


def test_nothing_urgent_is_put_off() -> None:
    """While somebody is threatened, nobody reads a mild joke first."""
    assert 0 == place([True] * 5, [HARSH, CALM, URGENT])


@settings(deadline=None)
@given(st.lists(st.sampled_from([CALM, HARSH, URGENT]), max_size=40))
def test_nothing_starves(queue: list[Ahead]) -> None:
    """Taken so to the end, each item is overtaken by one mild item for three harsh ones at most."""
    left = list(enumerate(queue))
    taken: list[tuple[int, Ahead]] = []
    while left:
        at = place([item.harsh for _, item in taken], [item for _, item in left])
        taken.append(left.pop(at))
    assert sorted(number for number, _ in taken) == list(range(len(queue)))
    for at, (number, item) in enumerate(taken):
        overtaken_by = sum(other > number for other, _ in taken[:at])
        harsh_before = sum(other.harsh for _, other in taken[:at])
        assert overtaken_by <= harsh_before // IN_A_ROW
        if item.urgent:
            ahead = {other for other, _ in taken[at:]}
            assert number == min(ahead)
