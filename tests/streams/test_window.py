"""Acknowledging in order: the rule that keeps a commit from passing an unfinished record."""

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.window import AckWindow

HERE = TP("comments", 0)


@given(st.permutations(range(12)))
def test_never_past_an_unfinished_record(order: list[int]) -> None:
    """In whatever order records finish, what is let go is always the finished head, in order."""
    window: AckWindow[int] = AckWindow()
    slots = [window.enter(HERE, offset, offset) for offset in range(12)]
    freed: list[int] = []
    finished: set[int] = set()
    for offset in order:
        finished.add(offset)
        freed += window.finish(HERE, slots[offset])
        head = next((n for n in range(12) if n not in finished), 12)
        assert list(range(head)) == freed
        assert ({HERE: head} if head else {}) == window.positions()
    assert 0 == len(window)


def test_partitions_are_apart() -> None:
    """A record that takes long in one partition does not hold up another."""
    window: AckWindow[str] = AckWindow()
    other = TP("comments", 1)
    window.enter(HERE, 0, "slow")
    quick = window.enter(other, 5, "quick")
    assert ["quick"] == window.finish(other, quick)
    assert {other: 6} == window.positions()
    assert ["slow"] == window.oldest()


def test_cleared_window_gives_nothing_back() -> None:
    """After a rebalance a late result of the old assignment acknowledges nothing."""
    window: AckWindow[str] = AckWindow()
    slot = window.enter(HERE, 0, "old")
    window.clear()
    assert [] == window.finish(HERE, slot)
    assert {} == window.positions()
