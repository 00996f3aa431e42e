"""Where everybody meets: the newsroom, the crowd, and the counter of comments."""

from moderation.simulation.articles import Newsroom, Post, Thread
from moderation.simulation.clock import Clock
from moderation.simulation.labels import Behaviour, Quotes
from moderation.simulation.options import Options
from moderation.simulation.people import Crowd, Person
from moderation.simulation.vocabulary import Vocabulary


class Scene:
    """What behaviours see of the simulated world."""

    def __init__(self, options: Options, words: Vocabulary) -> None:
        self.options = options
        self.words = words
        self.clock = Clock(options.start, options.days)
        self.newsroom = Newsroom(options, words, self.clock)
        self.crowd = Crowd(options, words)
        self._tag = options.tag
        self._posted = 0

    def post(
        self,
        at: int,
        thread: Thread,
        author: Person,
        text: str,
        behaviour: Behaviour,
        *,
        parent: Post | None = None,
        toxic: bool = False,
        campaign: str | None = None,
        flame_war: str | None = None,
        brigade: str | None = None,
        quotes: Quotes | None = None,
    ) -> Post:
        """Put a comment under an article; `parent` is a comment of the same thread."""
        self._posted += 1
        post = Post(
            f"{self._tag}-c{self._posted}",
            at,
            thread,
            author,
            text,
            behaviour,
            toxic,
            parent.id if parent else "",
            parent.author if parent else None,
            campaign,
            flame_war,
            brigade,
            quotes,
        )
        thread.recent.append(post)
        return post
