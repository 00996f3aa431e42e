"""Sock puppets: one person under several names, who agree with each other at the same hours."""

from typing import ClassVar, Final

from moderation.simulation.articles import Post
from moderation.simulation.chance import Chance
from moderation.simulation.edits import edit
from moderation.simulation.phrases import say
from moderation.simulation.scene import Scene
from moderation.simulation.style import HABITS, dress

_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR
_EVENING: Final = 2 * _HOUR
_PASTED: Final = 0.4
_FEWEST_PASTED: Final = 6
_HABITS: Final = 2
_ANSWERS: Final = 0.7


class SockPuppets:
    """Accounts with one person's spelling, favourite phrase and hours, pasting and applauding."""

    LEAST: ClassVar[int] = 12
    MOST: ClassVar[int] = 60

    def __init__(self, name: str, size: int, scene: Scene, chance: Chance) -> None:
        self._name = name
        self._chance = chance
        self._hour = chance.between(17, 22)
        style = tuple(chance.sample(HABITS, _HABITS))
        self._puppets = [
            scene.crowd.enrol("sock_puppet", group=name, hour=self._hour, style=style)
            for _ in range(self.accounts(size))
        ]
        lists = scene.words.lists
        self._tic = {"tic": say("tic", lists, chance.random)}
        self.text = dress(say("sock_campaign", lists, chance.random), style)
        """What every pasted copy began as."""
        pasted = max(_FEWEST_PASTED, int(size * _PASTED))
        places = set(chance.sample(range(size), pasted))
        self._pastes = iter([place in places for place in range(size)])
        self._times = sorted(self._evening(scene) for _ in range(size))

    @staticmethod
    def accounts(size: int) -> int:
        """Three to five names are as many as one person can keep apart."""
        return min(5, max(3, size // 8))

    def times(self) -> list[int]:
        """In the two hours after work, on any day; at any time where the span has no such hours."""
        return self._times

    def write(self, at: int, scene: Scene) -> Post:
        """A pasted text, applause for another puppet, or a remark that asks for applause."""
        chance = self._chance
        author = chance.pick(self._puppets)
        if next(self._pastes):
            thread = scene.newsroom.pick(chance)
            text = edit(self.text, scene.options.edit_rate, scene.words, chance)
            return scene.post(at, thread, author, text, "sock_puppet", campaign=self._name)
        others = [
            post
            for thread in scene.newsroom.live
            for post in thread.recent
            if post.author.group == self._name and post.author is not author
        ]
        parent = chance.pick(others) if others and chance.happens(_ANSWERS) else None
        thread = parent.thread if parent else scene.newsroom.pick(chance)
        text = thread.say(
            "sock_reply" if parent else "sock_comment",
            chance,
            to=parent.author.name if parent else "",
            also=self._tic,
        )
        text = dress(text, author.style)
        return scene.post(at, thread, author, text, "sock_puppet", parent=parent)

    def _evening(self, scene: Scene) -> int:
        """A time in the puppets' hours."""
        clock, chance = scene.clock, self._chance
        at = chance.between(clock.start, clock.end - 1)
        hour = (clock.hour(at) - self._hour) * _HOUR
        evening = at - hour - at % _HOUR + chance.below(_EVENING)
        # The first and the last day may be cut off before or after the evening.
        days = (evening, evening - _DAY, evening + _DAY)
        return next((day for day in days if clock.start <= day < clock.end), at)
