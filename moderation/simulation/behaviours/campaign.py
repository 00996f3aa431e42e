"""A copy-paste campaign: one text, a dozen names, a few words changed in each copy."""

from typing import ClassVar, Final

from moderation.simulation.articles import Post
from moderation.simulation.chance import Chance
from moderation.simulation.edits import edit
from moderation.simulation.phrases import say
from moderation.simulation.scene import Scene

_HOUR: Final = 3_600_000
_HOURS: Final = (2, 36)
_SPAN: Final = 0.6


class Campaign:
    """Copies of one text by many accounts, under several articles."""

    LEAST: ClassVar[int] = 6
    MOST: ClassVar[int] = 120

    def __init__(self, name: str, size: int, scene: Scene, chance: Chance) -> None:
        self._name = name
        self._chance = chance
        members = [scene.crowd.enrol("campaigner", group=name) for _ in range(self.accounts(size))]
        # Everybody posts once before some post again.
        again = (chance.pick(members) for _ in range(size - len(members)))
        self._authors = iter([*members, *again])
        self.text = say("campaign", scene.words.lists, chance.random)
        """What every copy began as."""
        length = chance.between(*(hours * _HOUR for hours in _HOURS))
        start, end = scene.clock.within(length, _SPAN, chance)
        self._times = sorted(chance.between(start, end - 1) for _ in range(size))

    @staticmethod
    def accounts(size: int) -> int:
        """Most copies have an account of their own."""
        return max(5, size * 4 // 5)

    def times(self) -> list[int]:
        """Anywhere within the hours that the campaign lasts."""
        return self._times

    def write(self, at: int, scene: Scene) -> Post:
        """A copy, edited at most at the rate asked for."""
        thread = scene.newsroom.pick(self._chance)
        text = edit(self.text, scene.options.edit_rate, scene.words, self._chance)
        return scene.post(at, thread, next(self._authors), text, "campaign", campaign=self._name)
