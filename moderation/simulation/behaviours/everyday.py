"""Honest readers on an ordinary day: regulars, angry ones, sarcastic ones."""

from collections.abc import Iterator
from typing import Final

from moderation.simulation.articles import Post, Thread
from moderation.simulation.chance import Chance
from moderation.simulation.labels import Behaviour, Quotes
from moderation.simulation.people import Person
from moderation.simulation.scene import Scene
from moderation.simulation.style import dress

_REPLIES: Final = 0.5
_BACK_AND_FORTH: Final = 0.25
"""Replies by the one whom the answered comment had answered."""
_FIRST: Final = 0.3
_IN_CHARACTER: Final = 0.8
_SHARED: Final[tuple[tuple[float, str, Quotes], ...]] = (
    (0.03, "quoting_article", "article"),
    (0.035, "quoting_saying", "saying"),
    (0.06, "joke", "joke"),
    (0.07, "joke_off_topic", "joke"),
)
"""What regulars repeat now and then: up to which draw, from which list."""
_INDIGNANT: Final = 0.12
"""Up to this draw a regular is as angry as the angry are."""


class Everyday:
    """Everybody honest; `size` comments over the whole span."""

    def __init__(self, size: int, scene: Scene, chance: Chance) -> None:
        self._size = size
        self._clock = scene.clock
        self._chance = chance

    def times(self) -> Iterator[int]:
        """All over the span, by the rhythm of the day."""
        return self._clock.arrivals(self._size, self._chance)

    def write(self, at: int, scene: Scene) -> Post:
        """A comment, or an answer to one of the latest in its thread."""
        chance = self._chance
        thread = scene.newsroom.pick(chance)
        author = scene.crowd.anyone(self._clock.hour(at), chance)
        parent = None
        if not thread.recent:
            if chance.happens(_FIRST):
                text = thread.say("first_of_all", chance)
                return scene.post(at, thread, author, text, "regular", quotes="first")
        elif chance.happens(_REPLIES):
            parent = chance.pick(thread.recent)
            answered = parent.answers
            if answered and answered.honest and chance.happens(_BACK_AND_FORTH):
                author = answered
            if parent.author is author:
                parent = None
        text, behaviour, quotes = honest_text(author, thread, parent, chance)
        return scene.post(at, thread, author, text, behaviour, parent=parent, quotes=quotes)


def honest_text(
    author: Person, thread: Thread, parent: Post | None, chance: Chance
) -> tuple[str, Behaviour, Quotes | None]:
    """What somebody honest says: the text, what it is, and what everybody's words it repeats."""
    name = parent.author.name if parent else ""
    behaviour: Behaviour = "regular"
    if author.kind in {"angry", "sarcastic"} and chance.happens(_IN_CHARACTER):
        behaviour = "angry" if author.kind == "angry" else "sarcastic"
    else:
        draw = chance.random()
        for limit, said, quotes in _SHARED:
            if draw < limit:
                # Copied, not typed, so without the author's habits.
                return thread.say(said, chance, to=name), behaviour, quotes
        if draw < _INDIGNANT:
            behaviour = "angry"
    said = f"{behaviour}_reply" if parent else behaviour
    return dress(thread.say(said, chance, to=name), author.style), behaviour, None
