"""How near a comment is to its article, parent and thread."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from moderation.scoring.encoder import DIMENSIONS, Encoder, Vector
from moderation.scoring.protocol import ScoringInput
from moderation.text import sentences, word_spans

_THREAD_READ: Final = 12
"""Latest comments of a thread that are compared; older ones are seldom what is answered."""
_PASSAGES: Final = 40
_KNOWN_STEM: Final = 4
_TELLING: Final = 2
"""Content words of a sentence that has a topic."""
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
    topic: Vector
    """The comment's own topic vector."""
    around: Vector
    """Topic vectors of what it was compared with, the article's passages first: (texts, 384)."""

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
        self._passages = lru_cache(maxsize=64)(self._read_passages)

    def measure(
        self, own: str, lead: str, spans: Sequence[tuple[int, int]], comment: ScoringInput
    ) -> Nearness:
        """Measure how near a comment is to its article, parent and thread.

        `own` are its own words, which stand at `spans`; `lead` is the part that is compared.
        """
        mine = self._encoder.meaning(lead)
        title, article, parent = comment.article_title, comment.article_text, comment.parent_text
        passages = self._passages(title, article)
        cosines = passages @ mine if len(passages) else np.zeros(1)
        known = stems(f"{title}\n{article}")
        content = [span for span in spans if _carries_meaning(own, *span)]
        thread = [self._lead(text) for text in comment.thread[-_THREAD_READ:]]
        answered = [self._lead(parent)] if parent else []
        return Nearness(
            article=float(cosines.max()),
            title=float(cosines[0]),
            parent=float(answered[0] @ mine) if answered else 0.0,
            thread=max((float(vector @ mine) for vector in thread), default=0.0),
            shared=tuple((a, b) for a, b in content if stem(own[a:b]) in known),
            content_words=len(content),
            length=len(spans),
            has_parent=bool(parent),
            topic=mine,
            around=np.stack([*passages, *thread, *answered]),
        )

    def _lead(self, text: str) -> Vector:
        """The topic of a text's first window: what the heads have read already, most times."""
        windows = self._encoder.windows(text)
        start, end = windows[0] if windows else (0, len(text))
        return self._encoder.meaning(text[start:end])

    def _read_passages(self, title: str, article: str) -> Vector:
        """Shape (passages, 384); the first is the title with the beginning of the text."""
        paragraphs = [line for line in article.split("\n") if line.strip()]
        texts = [f"{title}\n{paragraphs[0] if paragraphs else ''}".strip()]
        texts += paragraphs[:_PASSAGES]
        texts = [text for text in texts if text]
        self._encoder.prefetch(texts)
        vectors = [self._encoder.meaning(text) for text in texts]
        return np.stack(vectors) if vectors else np.zeros((0, DIMENSIONS), dtype=np.float32)

    def apart(self, own: str, near: Nearness) -> float:
        """Similarity of a comment to what is around it without the words that the article has too.

        A pun takes one word of the article elsewhere: without it nothing is left in common.
        Cosine of the masked comment and what is nearest; 0 when nothing is left of it.
        """
        rest = own
        for start, end in reversed(near.shared):
            rest = rest[:start] + rest[end:]
        if not content_spans(rest):
            return 0.0
        return self._nearest(" ".join(rest.split()), near)

    def by_sentence(self, own: str, near: Nearness) -> tuple[float, float]:
        """Similarities of the farthest and of the nearest sentence to what is around them.

        A stray remark may begin on the topic. Sentences of a content word or none say nothing.
        """
        said = [
            own[start:end]
            for start, end in sentences(own)
            if len(content_spans(own[start:end])) >= _TELLING
        ]
        found = [self._nearest(text, near) for text in said or [own]]
        return min(found), max(found)

    def _nearest(self, text: str, near: Nearness) -> float:
        return float((near.around @ self._encoder.meaning(text)).max())


def content_spans(text: str) -> list[tuple[int, int]]:
    """Where the words stand that carry meaning, as `(start, end)`."""
    return [span for span in word_spans(text) if _carries_meaning(text, *span)]


def _carries_meaning(text: str, start: int, end: int) -> bool:
    return end - start > 1 and text[start:end].lower().replace("\u2019", "'") not in _STOP


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
