"""Counting different things in bounded space."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.trolling.distinct import SIZE, Distinct

sets = st.builds(
    lambda first, count: Distinct.of(f"n{number}" for number in range(first, first + count)),
    st.integers(0, 600),
    st.integers(0, 600),
)


@settings(deadline=None)
@given(st.sets(st.text(max_size=5), max_size=SIZE))
def test_few_are_counted_exactly(names: set[str]) -> None:
    """A campaign of ordinary size has true numbers."""
    counted = Distinct.of([*names, *names])
    assert counted.exact
    assert len(names) == counted.count


@pytest.mark.parametrize("many", [1_000, 20_000])
def test_many_are_counted_nearly(many: int) -> None:
    """Beyond that the count is within four standard errors, and says that it is no true one."""
    counted = Distinct()
    for start in range(0, many, 100):
        counted = counted.joined(Distinct.of(f"author {n}" for n in range(start, start + 100)))
    assert not counted.exact
    assert len(counted.hashes) <= SIZE
    assert abs(counted.count / many - 1) < 4 / SIZE**0.5


@settings(deadline=None)
@given(sets, sets, sets)
def test_neither_order_nor_repetition_matters(one: Distinct, two: Distinct, six: Distinct) -> None:
    """Workers may join what they know in any order, and some of it twice."""
    assert one.joined(two) == two.joined(one)
    assert one.joined(two).joined(six) == one.joined(two.joined(six))
    assert one.joined(two).joined(two) == one.joined(two)


def test_a_name_can_be_taken_out() -> None:
    """Somebody who asks to be forgotten is."""
    counted = Distinct.of(["a", "b"]).without(["b", "c"])
    assert counted == Distinct.of(["a"])
