"""The articles as they are published, and the threads under them."""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from moderation.records import Article
from moderation.simulation.chance import Chance
from moderation.simulation.clock import Clock
from moderation.simulation.labels import Behaviour, Quotes
from moderation.simulation.options import Options
from moderation.simulation.people import Person
from moderation.simulation.phrases import Lists, Phrase, say
from moderation.simulation.vocabulary import Story, Vocabulary

_LIVE: Final = 12
"""Articles that people still write under."""
_AT_HAND: Final = 30
"""Latest comments of a thread that people still answer."""
_TRIES: Final = 4
_SHORTEST_QUOTE: Final = 40
_NAME: Final = "\0"
"""Stands for a reader's name until sentences have their capitals; a name keeps its own."""
_START: Final = re.compile(r"(?:^|[.!?]\"? )\"?[a-z]")
_SENTENCE: Final = re.compile(r"(?<=[.!?])\"? ")


class Post(NamedTuple):
    """A comment, and what it is part of."""

    id: str
    at: int
    """Milliseconds since the epoch."""
    thread: "Thread"
    author: Person
    text: str
    behaviour: Behaviour
    toxic: bool
    parent_id: str
    answers: Person | None
    campaign: str | None
    flame_war: str | None
    brigade: str | None
    quotes: Quotes | None


class Thread:
    """An article and the comments under it."""

    def __init__(self, article: Article, lists: dict[str, Sequence[Phrase]], pull: float) -> None:
        self.article = article
        self.pull = pull
        """How much people like to write here, 0..1."""
        self.recent: deque[Post] = deque(maxlen=_AT_HAND)
        self._lists = lists

    def say(
        self, name: str, chance: Chance, *, to: str = "", also: Mapping[str, str] | None = None
    ) -> str:
        """A text from the list `name` about this article.

        `to` is the name of whom it answers, by default the person whom the article blames; `also`
        has words for further slots.
        """
        lists: Lists = self._lists
        if also:
            lists = {**lists, **{slot: (text,) for slot, text in also.items()}}
        name_said = to or str(self._lists["leader_name"][0])
        text = capitals(say(name, lists, chance.random))
        # A name such as "Alma B." brings the full stop with it.
        return text.replace(f"{_NAME}.", name_said.rstrip(".") + ".").replace(_NAME, name_said)


class Newsroom:
    """Publishes the articles over the span, and knows which threads are live."""

    def __init__(self, options: Options, words: Vocabulary, clock: Clock) -> None:
        self._options = options
        self._words = words
        self._clock = clock
        self._chance = Chance(options.seed, "articles")
        self._stories: list[Story] = []
        self._times = self._publishing()
        self._next = next(self._times, clock.end)
        self._published = 0
        self.live: deque[Thread] = deque(maxlen=_LIVE)
        """The newest is the last."""

    def until(self, at: int) -> Iterator[Article]:
        """Publish what is due by then."""
        while self._published < self._options.articles and self._next <= at:
            thread = self._write(self._next)
            self.live.append(thread)
            self._published += 1
            self._next = next(self._times, self._clock.end)
            yield thread.article

    def pick(self, chance: Chance) -> Thread:
        """A live thread; newer ones and ones that pull are likelier."""
        for _ in range(_TRIES):
            draw = chance.random()
            thread = self.live[-1 - int(len(self.live) * draw * draw)]
            if chance.happens(thread.pull):
                break
        return thread

    def _publishing(self) -> Iterator[int]:
        count = self._options.articles
        yield self._clock.start
        for number in range(1, count):
            yield self._clock.at((number + 0.8 * self._chance.random()) / count)

    def _write(self, at: int) -> Thread:
        if not self._stories:
            self._stories = self._chance.sample(self._words.stories, len(self._words.stories))
        story = self._stories.pop()
        facts = self._facts(story)
        lists: dict[str, Sequence[Phrase]] = {**self._words.lists, **story.lists, **facts}
        random = self._chance.random
        lists["name"] = (_NAME,)
        title = capitals(say("title", {**lists, "title": story.titles}, random))
        paragraphs = [
            capitals(say("paragraph", {**lists, "paragraph": (paragraph,)}, random))
            for paragraph in story.paragraphs
        ]
        lists["quoted"] = _quotable(paragraphs)
        article = Article(
            id=f"{self._options.tag}-a{self._published + 1}",
            title=title,
            text="\n".join(paragraphs),
            section=story.section,
            published_at=self._clock.text(at),
        )
        return Thread(article, lists, 0.2 + 0.8 * self._chance.random())

    def _facts(self, story: Story) -> dict[str, tuple[str]]:
        facts: dict[str, tuple[str]] = {}
        for name, phrase in (self._words.facts | story.facts).items():
            # Two towns or people of one story are never the same.
            for _ in range(_TRIES):
                lists = {**self._words.lists, **facts, name: (phrase,)}
                facts[name] = (say(name, lists, self._chance.random),)
                if sum(facts[name] == other for other in facts.values()) == 1:
                    break
        return facts


def capitals(text: str) -> str:
    """The text with a capital at the start of each sentence."""
    return _START.sub(lambda found: found[0].upper(), text)


def _quotable(paragraphs: Sequence[str]) -> tuple[str, ...]:
    """Sentences that hold no quotation of their own and are long enough to be worth quoting."""
    sentences = (part for paragraph in paragraphs for part in _SENTENCE.split(paragraph))
    return tuple(
        sentence
        for sentence in sentences
        if len(sentence) >= _SHORTEST_QUOTE and '"' not in sentence
    )
