"""What the scorers of a process compute once for each comment and share."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Final

import numpy as np

from moderation.scoring.encoder import HEADS, Encoder, Vector, shared_encoder
from moderation.scoring.protocol import ScoringInput
from moderation.scoring.topic import Nearness, Surroundings
from moderation.text import own_words, word_spans

_COLUMN: Final = {name: column for column, name in enumerate(HEADS)}
_KEPT: Final = 1024
"""Comments: a batch is read by one scorer after the other."""


class Read:
    """A comment as all scorers see it; what nobody asks for is not computed."""

    def __init__(self, comment: ScoringInput, own: str, reader: "Reader") -> None:
        self.comment = comment
        self.own = own
        """The comment with what it cites blanked; offsets are those of the raw text."""
        self._reader = reader

    @cached_property
    def words(self) -> list[tuple[int, int]]:
        """Where the words of `own` stand, as `(start, end)`."""
        return word_spans(self.own)

    @cached_property
    def windows(self) -> Sequence[tuple[int, int]]:
        """The parts of `own` that the encoder reads; none when the comment says nothing itself."""
        return self._reader.encoder.windows(self.own)

    @cached_property
    def logits(self) -> Vector:
        """Log odds of `HEADS`, each in the window where it is largest: float32 (heads,)."""
        encoder = self._reader.encoder
        found = [encoder.read(self.own[start:end]).logits for start, end in self.windows]
        return np.max(found, axis=0) if len(found) != 1 else found[0]

    def logit(self, head: str) -> float:
        """Log odds of a head, in the window where it is largest."""
        return float(self.logits[_COLUMN[head]])

    def mean_logit(self, head: str) -> float:
        """Log odds of a head, averaged over the windows."""
        encoder = self._reader.encoder
        found = [encoder.read(self.own[start:end]).logits for start, end in self.windows]
        return float(np.mean([logits[_COLUMN[head]] for logits in found]))

    @cached_property
    def lead(self) -> str:
        """The first window: what is compared with article and thread."""
        start, end = self.windows[0]
        return self.own[start:end]

    @property
    def has_context(self) -> bool:
        """Whether anything is known that the comment could be about."""
        given = self.comment
        return bool(given.article_title or given.article_text or given.parent_text)

    @cached_property
    def near(self) -> Nearness:
        """How near the comment is to what is around it."""
        return self._reader.surroundings.measure(self.own, self.lead, self.words, self.comment)

    @cached_property
    def apart(self) -> float:
        """See `Surroundings.apart`."""
        return self._reader.surroundings.apart(self.own, self.near)

    @cached_property
    def by_sentence(self) -> tuple[float, float]:
        """See `Surroundings.by_sentence`."""
        return self._reader.surroundings.by_sentence(self.own, self.near)

    def weigh_words(self, heads: Iterable[str]) -> list[tuple[int, int, float]]:
        """What each word adds to the log odds of heads, summed: `(start, end, weight)`."""
        found = []
        for left, right in self.windows:
            shares = [
                (left + start, weight)
                for head in heads
                for start, _, weight in self._reader.encoder.shares(self.own[left:right], head)
            ]
            for start, end in self.words:
                if left <= start < right:
                    weight = sum(weight for at, weight in shares if start <= at < end)
                    found.append((start, end, weight))
        return found


class Reader:
    """Reads comments; the last thousand are remembered."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.surroundings = Surroundings(encoder)
        self._known: OrderedDict[tuple[object, ...], Read] = OrderedDict()

    def read(self, inputs: Sequence[ScoringInput]) -> list[Read]:
        """Read a batch, several texts at a time."""
        found = [self._one(comment) for comment in inputs]
        self.encoder.prefetch(each.own[start:end] for each in found for start, end in each.windows)
        return found

    def tone(self, text: str, heads: Iterable[str]) -> float:
        """The largest log odds of some heads in the first window of a text."""
        windows = self.encoder.windows(text)
        start, end = windows[0] if windows else (0, len(text))
        logits = self.encoder.read(text[start:end]).logits
        return max(float(logits[_COLUMN[head]]) for head in heads)

    def _one(self, comment: ScoringInput) -> Read:
        key = (
            comment.text,
            comment.article_title,
            comment.article_text,
            comment.parent_text,
            comment.thread,
        )
        read = self._known.get(key)
        if read is None:
            read = self._known[key] = Read(comment, commenters_words(comment), self)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return read


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
