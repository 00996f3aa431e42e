"""A provocateur: the same provocation in ten threads, and what it draws."""

from typing import ClassVar, Final, NamedTuple

from moderation.simulation.articles import Post, Thread
from moderation.simulation.chance import Chance
from moderation.simulation.edits import edit
from moderation.simulation.phrases import say
from moderation.simulation.scene import Scene
from moderation.simulation.style import dress

_MINUTE: Final = 60_000
_ANSWERED_WITHIN: Final = 25
"""Minutes."""
_POSTS: Final = 0.45
_SAME_AGAIN: Final = 0.65
_TOXIC: Final = 0.15
_TOXIC_ANSWERS: Final = 0.45
_CALLED_TROLL: Final = 0.35


class _Event(NamedTuple):
    at: int
    provocation: int
    answer: bool


class Provocation:
    """One account that baits, here and there, and honest people who bite."""

    LEAST: ClassVar[int] = 10
    MOST: ClassVar[int] = 45

    def __init__(self, name: str, size: int, scene: Scene, chance: Chance) -> None:
        del name
        self._chance = chance
        self._author = scene.crowd.enrol("provocateur")
        self._pet = say("provocation", scene.words.lists, chance.random)
        count = max(1, int(size * _POSTS))
        clock = scene.clock
        within = min(_ANSWERED_WITHIN * _MINUTE, (clock.end - clock.start) // 4)
        posted = [min(at, clock.end - within) for at in clock.arrivals(count, chance)]
        answers = (chance.below(count) for _ in range(size - count))
        events = [_Event(at, number, answer=False) for number, at in enumerate(posted)]
        events += [
            _Event(posted[number] + chance.between(1, within - 1), number, answer=True)
            for number in answers
        ]
        self._events = sorted(events)
        self._coming = iter(self._events)
        self._posts: dict[int, Post] = {}

    @staticmethod
    def accounts(size: int) -> int:
        """One; those who answer are honest people."""
        del size
        return 1

    def times(self) -> list[int]:
        """Provocations over the whole span, answers within minutes."""
        return [event.at for event in self._events]

    def write(self, at: int, scene: Scene) -> Post:
        """A provocation, or an answer to one."""
        event = next(self._coming)
        if event.answer:
            return self._answer(at, self._posts[event.provocation], scene)
        thread = self._elsewhere(scene)
        chance = self._chance
        toxic = chance.happens(_TOXIC)
        if toxic:
            text = thread.say("toxic_bait", chance)
        elif chance.happens(_SAME_AGAIN):
            text = edit(self._pet, scene.options.edit_rate, scene.words, chance)
        else:
            text = thread.say("bait", chance)
        post = scene.post(at, thread, self._author, text, "provocation", toxic=toxic)
        self._posts[event.provocation] = post
        return post

    def _elsewhere(self, scene: Scene) -> Thread:
        """A thread that the last provocation was not in, where there is one."""
        last = self._posts[max(self._posts)].thread if self._posts else None
        others = [thread for thread in scene.newsroom.live if thread is not last]
        return self._chance.pick(others or scene.newsroom.live)

    def _answer(self, at: int, provocation: Post, scene: Scene) -> Post:
        chance = self._chance
        author = scene.crowd.anyone(scene.clock.hour(at), chance)
        draw = chance.random()
        toxic = draw < _TOXIC_ANSWERS
        if toxic:
            said = "toxic_provoked"
        else:
            said = "called_troll" if draw < _TOXIC_ANSWERS + _CALLED_TROLL else "provoked"
        thread = provocation.thread
        text = dress(thread.say(said, chance, to=provocation.author.name), author.style)
        return scene.post(at, thread, author, text, "provoked", parent=provocation, toxic=toxic)
