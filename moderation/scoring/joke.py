"""Jokes, and those among them that have nothing to do with the story.

An off-topic joke takes a word of the story somewhere else. So the comment is compared with the
story once more without the words that both have; a joke on the topic stays near it, a pun does
not.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from moderation.scoring.encoder import DIMENSIONS, Vector
from moderation.scoring.heads import Combination, probability
from moderation.scoring.occlusion import whole
from moderation.scoring.off_topic import OffTopic
from moderation.scoring.protocol import Finding, ScoringInput, ScoringOptions
from moderation.scoring.reading import Read, Reader, shared_reader
from moderation.scoring.topic import FEATURES as TOPIC_FEATURES

_TONES: Final = ("amusement", "neutral", "curiosity", "annoyance")
OWN_FEATURES: Final = ("joke", "off_topic", "apart", "drop", "farthest", "scatter", *_TONES)
FEATURES: Final = (
    *OWN_FEATURES,
    *TOPIC_FEATURES,
    *(f"topic_{number}" for number in range(DIMENSIONS)),
)
LONGEST: Final = 50
"""Words. A longer comment that makes a joke on the way is about something else."""


def features(off_topic: float, read: Read) -> Vector:
    """Numbers for the combination, float32 of shape (len(FEATURES),)."""
    near = read.near
    nearest = max(near.article, near.parent, near.thread)
    farthest, closest = read.by_sentence
    own = [
        read.logit("joke"),
        off_topic,
        read.apart,
        nearest - read.apart,
        farthest,
        closest - farthest,
        *map(read.logit, _TONES),
    ]
    return np.concatenate([np.array(own, dtype=np.float32), near.features(), near.topic])


class Joke:
    """Scores joke and off_topic_joke, 0..1; the latter needs an article or a parent."""

    name = "joke"
    version = "joke-2"
    languages = frozenset({"en"})

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._joke = Combination("joke", ("joke",))
        self._off_topic = OffTopic(reader)
        self._off_topic_joke = Combination("off_topic_joke", FEATURES)

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """Score a batch."""
        return [Finding(self._score(read)) for read in self._reader.read(inputs)]

    def _score(self, read: Read) -> dict[str, float]:
        if not read.words:
            return {"joke": 0.0, "off_topic_joke": 0.0}
        joke = probability(self._joke.logit([read.logit("joke")]))
        if not read.has_context or len(read.words) > LONGEST:
            return {"joke": joke, "off_topic_joke": 0.0}
        both = probability(self._off_topic_joke.logit(self.features(read)))
        return {"joke": joke, "off_topic_joke": both}

    def features(self, read: Read) -> Vector:
        """Numbers for the combination, see `features`."""
        return features(self._off_topic.logit(read.near), read)

    def attribute(self, comment: ScoringInput, code: str) -> list[tuple[int, int, float]]:
        """Weigh the words of a comment; what an off-topic joke lacks is in none of them alone."""
        if code != "joke":
            return [(*span, 1.0) for span in whole(comment.text)]
        (read,) = self._reader.read([comment])
        return [word for word in read.weigh_words([code]) if word[2] > 0]


def create(options: ScoringOptions) -> Joke:
    """The factory that the registry calls."""
    return Joke(shared_reader(options.threads))
