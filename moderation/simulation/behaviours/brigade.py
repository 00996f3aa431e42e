"""A brigade: people sent from elsewhere to one article, all at once, each in words of their own."""

from typing import ClassVar, Final

from moderation.simulation.articles import Post, Thread
from moderation.simulation.chance import Chance
from moderation.simulation.phrases import say
from moderation.simulation.scene import Scene
from moderation.simulation.style import dress

_MINUTE: Final = 60_000
_MINUTES: Final = (20, 90)
_SPAN: Final = 0.3
_TOXIC: Final = 0.35
_ANSWERS: Final = 0.4


class Brigade:
    """New accounts that share a slogan and a target."""

    LEAST: ClassVar[int] = 12
    MOST: ClassVar[int] = 60

    def __init__(self, name: str, size: int, scene: Scene, chance: Chance) -> None:
        self._name = name
        self._chance = chance
        self._members = [
            scene.crowd.enrol("brigader", group=name) for _ in range(self.accounts(size))
        ]
        self._slogan = {"slogan": say("slogan_pool", scene.words.lists, chance.random)}
        length = chance.between(*(minutes * _MINUTE for minutes in _MINUTES))
        start, end = scene.clock.within(length, _SPAN, chance)
        # The link is fresh at the start, and then it sinks.
        draws = (chance.random() for _ in range(size))
        self._times = sorted(start + int((end - start) * draw * draw) for draw in draws)
        self._target: Thread | None = None

    @staticmethod
    def accounts(size: int) -> int:
        """Most write once."""
        return size * 3 // 5

    def times(self) -> list[int]:
        """A wave, steep at its front."""
        return self._times

    def write(self, at: int, scene: Scene) -> Post:
        """Hostile words under the target, some of them insults, some against its readers."""
        chance = self._chance
        self._target = thread = self._target or scene.newsroom.pick(chance)
        toxic = chance.happens(_TOXIC)
        author = chance.pick(self._members)
        readers = [post for post in thread.recent if post.brigade is None]
        parent = chance.pick(readers) if readers and chance.happens(_ANSWERS) else None
        text = thread.say(
            "toxic_brigade" if toxic else "brigade",
            chance,
            to=parent.author.name if parent else "",
            also=self._slogan,
        )
        return scene.post(
            at, thread, author, dress(text, author.style), "brigade",
            parent=parent, toxic=toxic, brigade=self._name,
        )  # fmt: skip
