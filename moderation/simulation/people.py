"""The readers: names, kinds, habits and hours."""

from typing import Final

import msgspec

from moderation.simulation.chance import Chance
from moderation.simulation.labels import HONEST, Kind
from moderation.simulation.options import Options
from moderation.simulation.phrases import say
from moderation.simulation.style import HABITS, Style
from moderation.simulation.vocabulary import Vocabulary

_SPREAD: Final = 2_654_435_761
"""Odd, so that multiplying modulo 2³² gives each number another: ids do not tell who is what."""
_NEAR_HOURS: Final = 5
_DAY_HOURS: Final = 24
_TRIES: Final = 3
_QUIRKY: Final = 0.4


class Person(msgspec.Struct, frozen=True):
    """A reader's account."""

    id: str
    name: str
    kind: Kind
    hour: int
    """Hour of the day, 0..23, around which this reader writes."""
    style: Style
    group: str | None = None

    @property
    def honest(self) -> bool:
        """Whether the account is no flooder's, campaigner's, …"""
        return self.kind in HONEST


class Crowd:
    """All accounts. The honest ones come into being when they first write; the others ask."""

    def __init__(self, options: Options, words: Vocabulary) -> None:
        self._options = options
        self._words = words
        self._tag = options.tag
        self._honest = options.authors
        self._people: dict[int, Person] = {}

    def enrol(
        self, kind: Kind, *, group: str | None = None, hour: int | None = None, style: Style = ()
    ) -> Person:
        """Give out an account of this kind; all of them before anybody honest writes."""
        self._honest -= 1
        chance = Chance(self._options.seed, "person", self._honest)
        return Person(
            id=self._id(self._honest),
            name=self._name(chance),
            kind=kind,
            hour=chance.below(_DAY_HOURS) if hour is None else hour,
            style=style,
            group=group,
        )

    def anyone(self, hour: int, chance: Chance) -> Person:
        """An honest reader who may well write at this hour; some write far more than others."""
        for _ in range(_TRIES):
            draw = chance.random()
            person = self._person(int(self._honest * draw * (0.1 + 0.9 * draw)))
            away = abs(person.hour - hour)
            if min(away, _DAY_HOURS - away) <= _NEAR_HOURS:
                break
        return person

    def _person(self, number: int) -> Person:
        person = self._people.get(number)
        if person is None:
            person = self._people[number] = self._honest_person(number)
        return person

    def _honest_person(self, number: int) -> Person:
        chance = Chance(self._options.seed, "person", number)
        draw = chance.random()
        kind: Kind = "regular"
        if draw < self._options.angry:
            kind = "angry"
        elif draw < self._options.angry + self._options.sarcastic:
            kind = "sarcastic"
        return Person(
            id=self._id(number),
            name=self._name(chance),
            kind=kind,
            hour=chance.below(_DAY_HOURS),
            style=(chance.pick(HABITS),) if chance.happens(_QUIRKY) else (),
        )

    def _id(self, number: int) -> str:
        return f"{self._tag}-u{number * _SPREAD % 2**32:08x}"

    def _name(self, chance: Chance) -> str:
        return say("name", self._words.names, chance.random)
