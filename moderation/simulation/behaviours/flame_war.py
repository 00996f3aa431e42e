"""A flame war: honest people who drag an argument down, two of them above all."""

from typing import ClassVar, Final

from moderation.simulation.articles import Post, Thread
from moderation.simulation.chance import Chance
from moderation.simulation.people import Person
from moderation.simulation.scene import Scene
from moderation.simulation.style import dress

_MINUTE: Final = 60_000
_MINUTES: Final = (40, 180)
_SPAN: Final = 0.6
_DUEL: Final = 0.6
"""Share of the comments that the two write, taking turns."""
_HOTTEST: Final = 0.85
_PEAK: Final = 0.65
"""Where in the war nearly every comment is toxic."""
_CALM: Final = 0.2
"""Until here nobody is toxic; the tone is only getting sharper."""
_JOINERS: Final = 5
"""Comments for each person who joins in."""


class FlameWar:
    """One thread burning: calm at first, hottest at two thirds, then out of breath."""

    LEAST: ClassVar[int] = 16
    MOST: ClassVar[int] = 120

    def __init__(self, name: str, size: int, scene: Scene, chance: Chance) -> None:
        self._name = name
        self._size = size
        self._chance = chance
        length = chance.between(*(minutes * _MINUTE for minutes in _MINUTES))
        start, end = scene.clock.within(length, _SPAN, chance)
        # The mean of two draws: slow, then fast, then slow.
        shares = ((chance.random() + chance.random()) / 2 for _ in range(size))
        self._times = sorted(start + int((end - start) * share) for share in shares)
        self._written = 0
        self._thread: Thread | None = None
        self._duellists: list[Person] = []
        self._others: list[Person] = []
        self._last: Post | None = None

    @staticmethod
    def accounts(size: int) -> int:
        """None: these are the same people as on any other day."""
        del size
        return 0

    def times(self) -> list[int]:
        """Closest to each other in the middle."""
        return self._times

    def write(self, at: int, scene: Scene) -> Post:
        """The next blow, or a bystander's remark."""
        chance = self._chance
        thread = self._thread or self._begin(at, scene)
        self._written += 1
        share = self._written / self._size
        toxic = chance.happens(heat(share))
        last = self._last
        duel = chance.happens(_DUEL)
        if duel:
            author = next(person for person in self._duellists if not last or person != last.author)
        else:
            author = chance.pick([p for p in self._others if not last or p != last.author])
        parent = last
        if duel:
            sharp = chance.happens(share / _PEAK)
            said = "toxic_flame" if toxic else "flame_sharp" if sharp else "flame_calm"
        else:
            said = "toxic_bystander" if toxic else "bystander"
        text = thread.say(said, chance, to=parent.author.name if parent else "")
        self._last = scene.post(
            at, thread, author, dress(text, author.style), "flame_war",
            parent=parent, toxic=toxic, flame_war=self._name,
        )  # fmt: skip
        return self._last

    def _begin(self, at: int, scene: Scene) -> Thread:
        """Choose the thread and the people, and answer what somebody has said there."""
        chance = self._chance
        self._thread = thread = scene.newsroom.pick(chance)
        people: list[Person] = []
        wanted = 2 + max(3, self._size // _JOINERS)
        hour = scene.clock.hour(at)
        for _ in range(20 * wanted):
            person = scene.crowd.anyone(hour, chance)
            if person not in people:
                people.append(person)
            if len(people) == wanted:
                break
        self._duellists, self._others = people[:2], people[2:]
        if thread.recent:
            self._last = thread.recent[-1]
        return thread


def heat(share: float) -> float:
    """How likely a comment is toxic when this share (0..1) of the war is written."""
    if share < _CALM:
        return 0.0
    if share < _PEAK:
        return _HOTTEST * (share - _CALM) / (_PEAK - _CALM)
    return _HOTTEST - 0.5 * (share - _PEAK) / (1 - _PEAK)
