"""How good author behaviour and heat are, in seeded scenes that nobody has tuned by hand."""

from collections.abc import Iterator
from random import Random

import pytest

from moderation.trolling import author, heat
from moderation.trolling.heat import HOT_AT
from moderation.trolling.troll import REVIEW_AT, troll
from tests.moderation.trolling.scenes import Fortnight, Scene, calm_thread, flame_war, flooder

SEEDS = range(101, 104)


def caught_at(rng: Random, kind: str) -> int:
    """The number of the comment with which a flooder came to review."""
    state = author.EMPTY
    for number, posted in enumerate(flooder(rng, kind), 1):
        state = author.applied(state, posted)
        if troll(state, posted.at).score >= REVIEW_AT:
            return number
    return 1_000


def forecasts(scene: Scene) -> Iterator[tuple[str, float]]:
    """Each comment's id and the heat after it."""
    state = heat.EMPTY
    for said in scene.said:
        state = heat.applied(state, said)
        yield said.comment, heat.heat(state, said.at).score


@pytest.mark.parametrize("kind", ["burst", "paste", "advert"])
def test_flooders_are_caught_early(kind: str) -> None:
    """A moderator sees nearly every flooder by the sixth comment, however they go about it."""
    caught = [caught_at(Random(f"{seed}-{n}"), kind) for seed in SEEDS for n in range(50)]
    assert sum(number <= 6 for number in caught) / len(caught) >= 0.98


def test_honest_regulars_are_left_alone() -> None:
    """In two weeks with flame wars at most 2 % of angry people, or others, ever come to review."""
    fortnights = [Fortnight(seed) for seed in SEEDS]
    angry = [highest for each in fortnights for highest in each.of_the_angry()]
    others = [highest for each in fortnights for highest in each.of_the_others()]
    for group in (angry, others):
        assert sum(highest >= REVIEW_AT for highest in group) / len(group) <= 0.02


def test_flame_wars_are_seen_coming() -> None:
    """Heat rises before half of the hostile comments are in, in nearly every flame war."""
    early = []
    for seed in SEEDS:
        for number in range(50):
            war = flame_war(Random(f"{seed}-{number}"))
            seen = 0
            for comment, score in forecasts(war):
                seen += comment in war.hostile
                if score >= HOT_AT:
                    break
            early.append(seen < len(war.hostile) / 2)
    assert sum(early) / len(early) >= 0.95


def test_calm_threads_raise_no_alarm() -> None:
    """At most one calm thread in twenty is ever called hot, the hurried and long ones included."""
    alarms = [
        any(score >= HOT_AT for _, score in forecasts(calm_thread(Random(f"{seed}-{number}"))))
        for seed in SEEDS
        for number in range(100)
    ]
    assert sum(alarms) / len(alarms) <= 0.05
