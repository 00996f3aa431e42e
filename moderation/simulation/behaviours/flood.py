"""A flooder: one account that pours out much the same text, here and there, in minutes."""

from typing import ClassVar, Final

from moderation.simulation.articles import Post
from moderation.simulation.chance import Chance
from moderation.simulation.phrases import say
from moderation.simulation.scene import Scene

_SECONDS: Final = (4, 45)
"""Between two posts."""
_SPAN: Final = 0.5


class Flood:
    """One flooder's burst: an advertiser under every article, or a crank with one demand."""

    LEAST: ClassVar[int] = 8
    MOST: ClassVar[int] = 40

    def __init__(self, name: str, size: int, scene: Scene, chance: Chance) -> None:
        del name
        self._chance = chance
        self._author = scene.crowd.enrol("flooder")
        said = "advert" if chance.happens(0.5) else "crank"
        self._template = (chance.pick(scene.words.lists[said]),)
        gaps = [chance.between(*(second * 1000 for second in _SECONDS)) for _ in range(size)]
        start, end = scene.clock.within(sum(gaps), _SPAN, chance)
        self._times = [
            start + (end - start) * sum(gaps[:number]) // sum(gaps) for number in range(size)
        ]

    @staticmethod
    def accounts(size: int) -> int:
        """One."""
        del size
        return 1

    def times(self) -> list[int]:
        """A post every few seconds."""
        return self._times

    def write(self, at: int, scene: Scene) -> Post:
        """The same again in slightly other words, wherever people are."""
        chance = self._chance
        thread = scene.newsroom.pick(chance)
        text = say("flood", {**scene.words.lists, "flood": self._template}, chance.random)
        return scene.post(at, thread, self._author, text, "flood")
