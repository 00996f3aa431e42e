"""What the scorers of a process compute once for each comment and share."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from moderation.scoring.encoder import Encoder, Vector, shared_encoder
from moderation.scoring.ngrams import Counts, count
from moderation.scoring.protocol import ScoringInput
from moderation.scoring.topic import Surroundings
from moderation.text import own_words


class Window(NamedTuple):
    """A part of a comment that the encoder reads whole."""

    text: str
    embedding: Vector
    """Shape (768,), see `Encoder.embed`."""
    ngrams: Counts


class Reader:
    """Reads comments; equal texts are read once."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.surroundings = Surroundings(encoder)
        self.window = lru_cache(maxsize=1024)(self._window)

    def _window(self, text: str) -> Window:
        return Window(text, self.encoder.embed(text), count(text))

    def prefetch(self, inputs: Iterable[ScoringInput]) -> None:
        """Embed what the scorers will ask of a batch, several texts at a time."""
        owns = [" ".join(commenters_words(comment).split()) for comment in inputs]
        self.encoder.prefetch(part for own in owns for part in self.encoder.windows(own))

    def windows(self, text: str) -> Sequence[Window]:
        """The windows of a text; citations should be blanked before."""
        return [self.window(part) for part in self.encoder.windows(" ".join(text.split()))]


def commenters_words(comment: ScoringInput) -> str:
    """The comment with what it cites from article or parent blanked; offsets stay true."""
    return own_words(comment.text, sources(comment))


def sources(comment: ScoringInput) -> list[str]:
    """What a comment may cite: article and parent."""
    return [
        source
        for source in (comment.article_title, comment.article_text, comment.parent_text)
        if source
    ]


@lru_cache(maxsize=4)
def shared_reader(threads: int = 1) -> Reader:
    """The reader that the scorers of a process share."""
    return Reader(shared_encoder(threads))
