"""Jokes, and those among them that have nothing to do with the story.

An off-topic joke takes a word of the story somewhere else. So the comment is compared with the
story once more without the words that both have; a joke on the topic stays near it, a pun does
not.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from moderation.scoring.encoder import Vector
from moderation.scoring.heads import Combination, Heads, probability
from moderation.scoring.off_topic import OffTopic
from moderation.scoring.protocol import Finding, ScoringInput, ScoringOptions, Span
from moderation.scoring.reading import Reader, commenters_words, shared_reader
from moderation.scoring.topic import FEATURES as TOPIC_FEATURES
from moderation.scoring.topic import Nearness
from moderation.text import words

FEATURES: Final = ("joke", "off_topic", "apart", "drop", "both", *TOPIC_FEATURES)
GATE: Final = -2.3
"""Log odds of a joke below which a comment is not looked at more closely."""
LONGEST: Final = 50
"""Words. A longer comment that makes a joke on the way is about something else."""
_WORTH_SHOWING: Final = 0.3


def features(joke: float, off_topic: float, apart: float, near: Nearness) -> Vector:
    """Numbers for the combination, float32 of shape (len(FEATURES),)."""
    both = probability(joke) * probability(off_topic)
    own = [joke, off_topic, apart, near.article - apart, both]
    return np.concatenate([np.array(own, dtype=np.float32), near.features()])


class Joke:
    """Scores joke and off_topic_joke, 0..1; the latter needs an article or a parent."""

    name = "joke"
    version = "joke-1"
    languages = frozenset({"en"})

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._heads = Heads("joke.npz")
        self._off_topic = OffTopic(reader)
        self._combination = Combination("off_topic_joke", FEATURES)

    def head(self, own: str) -> float:
        """Log odds of a joke from the text alone: those of its funniest window."""
        return max(float(self._heads.logits(w)[0]) for w in self._reader.windows(own))

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """Score a batch; evidence are the words that a pun shares with the article."""
        return [self._score(comment) for comment in inputs]

    def features(self, joke: float, own: str, comment: ScoringInput) -> Vector:
        """Numbers for the combination, see `features`."""
        near = self._reader.surroundings.near(own, comment)
        apart = self._reader.surroundings.apart(own, comment)
        return features(joke, self._off_topic.logit(near), apart, near)

    def _score(self, comment: ScoringInput) -> Finding:
        own = commenters_words(comment)
        if not words(own):
            return Finding({"joke": 0.0, "off_topic_joke": 0.0})
        logit = self.head(own)
        joke = probability(logit)
        known = comment.article_title or comment.article_text or comment.parent_text
        if not known or logit < GATE or len(own.split()) > LONGEST:
            return Finding({"joke": joke, "off_topic_joke": 0.0})
        both = probability(self._combination.logit(self.features(logit, own, comment)))
        if both < _WORTH_SHOWING:
            return Finding({"joke": joke, "off_topic_joke": both})
        return Finding(
            {"joke": joke, "off_topic_joke": both},
            [Span(*span, "off_topic_joke") for span in self._shared(own, comment)],
            {"off_topic_joke": "reads as a joke and has little to do with the story"},
        )

    def _shared(self, own: str, comment: ScoringInput) -> list[tuple[int, int]]:
        """Where the words stand that comment and article share, in the raw text."""
        near = self._reader.surroundings.near(own, comment)
        squeezed = " ".join(own.split())
        found, at = [], 0
        for start, end in near.shared:
            at = own.index(squeezed[start:end], at)
            found.append((at, at + end - start))
            at += end - start
        return found


def create(options: ScoringOptions) -> Joke:
    """The factory that the registry calls."""
    return Joke(shared_reader(options.threads))
