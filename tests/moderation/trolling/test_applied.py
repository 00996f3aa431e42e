"""Records that come twice: each counts once."""

import random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moderation.trolling.applied import KEPT, Applied
from tests.moderation.trolling.events import quickly

_chances = st.builds(random.Random, st.integers(0, 2**32))


def _some(chance: random.Random) -> list[tuple[int, int]]:
    """More places than are remembered one by one, in partitions of different ages."""
    ages = {partition: chance.choice([100, 2**40]) for partition in (0, 1, 63)}
    made = {
        (partition, chance.randrange(ages[partition]))
        for partition in chance.choices(list(ages), k=chance.randint(1, 100))
    }
    return sorted(made)


def _counted(records: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The records that are taken in, in turn."""
    applied, counted = Applied(), []
    for partition, offset in records:
        if not applied.has(partition, offset):
            counted.append((partition, offset))
            applied = applied.plus(partition, offset)
    return counted


@quickly
@given(_chances)
def test_what_comes_again_counts_once(chance: random.Random) -> None:
    """A crash repeats what came since the last commit, whichever partitions it came from.

    Each partition comes in order, with a stretch of it again now and then.
    """
    places = _some(chance)
    waiting = {partition: sorted(o for p, o in places if p == partition) for partition, _ in places}
    position = dict.fromkeys(waiting, 0)
    records = []
    while any(position[partition] < len(offsets) for partition, offsets in waiting.items()):
        partition = chance.choice([p for p in waiting if position[p] < len(waiting[p])])
        records.append((partition, waiting[partition][position[partition]]))
        position[partition] += 1
        if chance.random() < 0.1:
            back = chance.choice(list(position))
            position[back] = max(0, position[back] - chance.randint(1, 40))
    assert sorted(places) == sorted(_counted(records))


@quickly
@given(_chances)
def test_late_records_count(chance: random.Random) -> None:
    """A record that a few others overtake still counts.

    Also one of a young partition, all of whose offsets are below those of the others.
    """
    places = _some(chance)
    # By partition in order, all mixed; then each held back so little that no more records than are
    # remembered come between one and another that overtook it.
    mixed = {place: chance.random() for place in places}
    for partition in {partition for partition, _ in places}:
        own = sorted(place for place in places if place[0] == partition)
        mixed |= dict(zip(own, sorted(mixed[place] for place in own), strict=True))
    late = sorted(
        enumerate(sorted(places, key=mixed.__getitem__)),
        key=lambda each: each[0] + chance.randrange(KEPT // 2),
    )
    records = [place for _, place in late]
    assert records == _counted(records)


@given(st.lists(st.tuples(st.integers(0, 63), st.integers(0, 2**40)), max_size=2_000))
@quickly
def test_it_stays_small(records: list[tuple[int, int]]) -> None:
    """A row does not grow with the number of records, only with that of partitions."""
    applied = Applied()
    for partition, offset in records:
        applied = applied.plus(partition, offset)
    assert len(applied.latest) <= KEPT
    assert len(applied.floors) <= 64
    assert applied == msgspec.msgpack.decode(msgspec.msgpack.encode(applied), type=Applied)
