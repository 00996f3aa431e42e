"""The passage of an article that a comment is nearest to: what "off topic" was measured against."""

import numpy as np

from moderation.scoring.encoder import Encoder
from moderation.scoring.protocol import ScoringInput
from moderation.scoring.reading import commenters_words

MOST = 40
"""Paragraphs that are looked at."""
LENGTH = 160
"""Characters of a passage that are shown."""


def nearest_passage(encoder: Encoder, comment: ScoringInput) -> tuple[str, float]:
    """The paragraph nearest to a comment's own words, cut to 160 characters, and its similarity.

    The similarity is a cosine, -1..1. An empty passage and 0 when there is no article, or when
    the comment says nothing of its own.
    """
    paragraphs = [line.strip() for line in comment.article_text.split("\n") if line.strip()]
    passages = [text for text in [comment.article_title.strip(), *paragraphs[:MOST]] if text]
    own = commenters_words(comment)
    windows = encoder.windows(own)
    if not windows or not passages:
        return "", 0.0
    # The first window is what the off-topic scorer reads, so it is known already.
    start, end = windows[0]
    mine = encoder.meaning(own[start:end])
    cosines = np.stack([encoder.meaning(passage) for passage in passages]) @ mine
    best = int(cosines.argmax())
    return shortened(passages[best], LENGTH), float(cosines[best])


def shortened(text: str, length: int) -> str:
    """A text on one line, cut at a word to at most `length` characters."""
    flat = " ".join(text.split())
    if len(flat) <= length:
        return flat
    cut = flat[: length - 1]
    return (cut[: cut.rfind(" ")] if " " in cut else cut).rstrip(" ,;:.-") + "\u2026"
