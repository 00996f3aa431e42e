"""How near a comment is to its article, parent and thread."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from moderation.scoring.encoder import Encoder, Vector
from moderation.scoring.protocol import ScoringInput
from moderation.text import word_spans, words

_THREAD_READ: Final = 12
"""Latest comments of a thread that are compared; older ones are seldom what is answered."""
_PASSAGES: Final = 40
_KNOWN_STEM: Final = 4
_STOP: Final = frozenset(
    """a about after again all also am an and any are as at be because been before being between
    both but by can could did do does doing down each few for from further get had has have having
    he her here hers him his how i if in into is it its just like me more most my no nor not now of
    off on once only or other our out over own said same she should so some such than that the
    their them then there these they this those through to too under until up us very was we were
    what when where which while who whom why will with would you your yes one i'm it's don't
    that's isn't can't i've they're we're you're didn't doesn't won't""".split()
)

FEATURES: Final = (
    "article",
    "title",
    "parent",
    "thread",
    "nearest",
    "shared",
    "shared_words",
    "length",
    "has_parent",
    "short_far",
)


class Nearness(NamedTuple):
    """Similarities are cosines, -1..1; 0 where there is nothing to compare with."""

    article: float
    """The nearest passage."""
    title: float
    """Title and first paragraph."""
    parent: float
    thread: float
    shared: tuple[tuple[int, int], ...]
    """Where content words stand that the article has as well."""
    content_words: int
    length: int
    """Words."""
    has_parent: bool

    def features(self) -> Vector:
        """The numbers that the scorers weigh, float32 in the order of `FEATURES`."""
        nearest = max(self.article, self.parent, self.thread)
        length = float(np.log1p(self.length))
        return np.array(
            [
                self.article,
                self.title,
                self.parent,
                self.thread,
                nearest,
                len(self.shared) / (self.content_words + 1),
                min(len(self.shared), 5),
                length,
                self.has_parent,
                (1 - nearest) / (1 + length),
            ],
            dtype=np.float32,
        )


class Surroundings:
    """Compares comments with what is around them."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._passages = lru_cache(maxsize=64)(self._embed_passages)
        self._near = lru_cache(maxsize=512)(self._measure)

    def near(self, own: str, comment: ScoringInput) -> Nearness:
        """Measure the nearness of a comment's own words to what is around it."""
        return self._near(
            " ".join(own.split()),
            comment.article_title,
            comment.article_text,
            comment.parent_text,
            comment.thread[-_THREAD_READ:],
        )

    def _measure(
        self, own: str, title: str, article: str, parent: str, thread: Sequence[str]
    ) -> Nearness:
        mine = self._lead(own)
        passages = self._passages(title, article)
        cosines = passages @ mine if len(passages) else np.zeros(1)
        known = stems(f"{title}\n{article}")
        content = content_spans(own)
        return Nearness(
            article=float(cosines.max()),
            title=float(cosines[0]),
            parent=float(self._lead(parent) @ mine) if parent else 0.0,
            thread=max((float(self._lead(text) @ mine) for text in thread), default=0.0),
            shared=tuple((a, b) for a, b in content if stem(own[a:b]) in known),
            content_words=len(content),
            length=len(words(own)),
            has_parent=bool(parent),
        )

    def _lead(self, text: str) -> Vector:
        """Embed the first window of a text: what the heads have embedded already, most times."""
        return self._encoder.meaning(self._encoder.windows(" ".join(text.split()))[0])

    def _embed_passages(self, title: str, article: str) -> Vector:
        """Shape (passages, 384); the first is the title with the beginning of the text."""
        paragraphs = [line for line in article.split("\n") if line.strip()]
        texts = [f"{title}\n{paragraphs[0] if paragraphs else ''}".strip()]
        texts += paragraphs[:_PASSAGES]
        vectors = [self._encoder.meaning(text) for text in texts if text]
        return np.stack(vectors) if vectors else np.zeros((0, 384), dtype=np.float32)

    def apart(self, own: str, comment: ScoringInput) -> float:
        """Similarity of a comment to its article once the words that both have are taken out.

        A pun takes one word of the article elsewhere: without it nothing is left in common.
        Cosine of the masked comment and the nearest passage; 0 when nothing is left of it.
        """
        squeezed = " ".join(own.split())
        passages = self._passages(comment.article_title, comment.article_text)
        near = self.near(own, comment)
        if not near.shared:
            return near.article
        rest = squeezed
        for start, end in reversed(near.shared):
            rest = rest[:start] + rest[end:]
        if not len(passages) or not content_spans(rest):
            return 0.0
        return float((passages @ self._encoder.meaning(" ".join(rest.split()))).max())


def content_spans(text: str) -> list[tuple[int, int]]:
    """Where the words stand that carry meaning, as `(start, end)`."""
    return [
        (start, end)
        for start, end in word_spans(text)
        if end - start > 1 and text[start:end].lower().replace("\u2019", "'") not in _STOP
    ]


@lru_cache(maxsize=128)
def stems(text: str) -> frozenset[str]:
    """Stems of a text's content words."""
    return frozenset(stem(text[start:end]) for start, end in content_spans(text))


def stem(word: str) -> str:
    """Cut the commonest English endings off, crudely but the same way every time."""
    word = word.lower().replace("\u2019", "'").removesuffix("'s")
    for ending in ("ing", "ies", "ed", "es", "s", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= _KNOWN_STEM - 1:
            return word.removesuffix(ending)
    return word
