"""Counts and shares that fade by the times of events, whatever order they come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.trolling.decay import HOUR, MINUTE, Decayed, Share, fraction

TIMES = st.floats(1_000_000, 1_000_000 + 100 * HOUR)


def test_a_half_life_halves() -> None:
    """What a half-life means is what operators read in the documentation."""
    count = Decayed().plus(8, at=0, half_life=HOUR)
    assert [8, 4, 1] == [count.value_at(hours * HOUR, HOUR) for hours in (0, 1, 3)]


def test_time_does_not_run_backwards() -> None:
    """A look at an earlier time than the latest event never makes more of it than happened."""
    assert Decayed(3, at=HOUR).value_at(0, MINUTE) == 3
    assert fraction(-HOUR, MINUTE) == 1


@given(st.lists(st.tuples(TIMES, st.floats(0, 10)), min_size=1, max_size=20), st.randoms())
def test_order_does_not_matter(events: list[tuple[float, float]], random: object) -> None:
    """An event that comes late counts exactly as if it had come in time."""
    shuffled = sorted(events, key=lambda _: random.random())  # type: ignore[attr-defined]
    counts, shares = [Decayed()] * 2, [Share()] * 2
    for index, order in enumerate((events, shuffled)):
        for at, amount in order:
            counts[index] = counts[index].plus(amount, at=at, half_life=HOUR)
            shares[index] = shares[index].plus(amount / 2, amount, at=at, half_life=HOUR)
    assert counts[0].at == counts[1].at
    assert counts[0].value == pytest.approx(counts[1].value)
    assert shares[0].hits == pytest.approx(shares[1].hits)


def test_steady_rate() -> None:
    """Comments once a minute read as one a minute once the stream has gone on for a while."""
    count = Decayed()
    for minute in range(600):
        count = count.plus(1, at=minute * MINUTE, half_life=HOUR)
    assert count.rate_at(600 * MINUTE, HOUR) * MINUTE == pytest.approx(1, rel=0.02)


@given(
    st.lists(st.tuples(TIMES, st.floats(0, 1), st.floats(0, 5)), max_size=20),
    st.floats(0.01, 0.99),
    st.floats(0.5, 10),
)
def test_share_stays_a_share(
    events: list[tuple[float, float, float]], prior: float, strength: float
) -> None:
    """A share is 0..1 whatever was counted, and goes back to its prior when that is long ago."""
    share = Share()
    for at, part, cases in events:
        share = share.plus(part * cases, cases, at=at, half_life=HOUR)
    now = 1_000_000 + 100 * HOUR
    assert 0 <= share.shrunk(now, HOUR, prior=prior, strength=strength) <= 1
    assert 0 <= share.plain() <= 1 + 1e-9
    later = share.shrunk(now + 100 * HOUR, HOUR, prior=prior, strength=strength)
    assert later == pytest.approx(prior)


def test_few_cases_say_little() -> None:
    """One hit out of one is far from certainty; fifty out of fifty are near it."""
    one, fifty = (
        Share().plus(cases, cases, at=0, half_life=HOUR).shrunk(0, HOUR, prior=0.1, strength=5)
        for cases in (1, 50)
    )
    assert one < 0.3
    assert fifty > 0.9
