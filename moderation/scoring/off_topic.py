"""Off topic: a comment that has nothing to do with article, parent or thread."""

from collections.abc import Sequence
from typing import Final

from moderation.scoring.heads import Combination, probability
from moderation.scoring.protocol import Finding, ScoringInput, ScoringOptions
from moderation.scoring.reading import Reader, commenters_words, shared_reader
from moderation.scoring.topic import FEATURES, Nearness

_WORTH_SHOWING: Final = 0.5
_CERTAIN_ABOVE: Final = 12
"""Words. A shorter comment says too little to be sure that it is off topic."""


class OffTopic:
    """Scores off_topic, 0..1; 0 when nothing is known around the comment."""

    name = "off_topic"
    version = "off_topic-1"
    languages = frozenset({"en"})

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._combination = Combination("off_topic", FEATURES)

    def logit(self, near: Nearness) -> float:
        """Log odds that the comment is off topic."""
        return self._combination.logit(near.features())

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """Score a batch."""
        return [self._score(comment) for comment in inputs]

    def _score(self, comment: ScoringInput) -> Finding:
        if not (comment.article_title or comment.article_text or comment.parent_text):
            return Finding({"off_topic": 0.0})
        near = self._reader.surroundings.near(commenters_words(comment), comment)
        if not near.length:
            # Nothing but citation, or no words at all.
            return Finding({"off_topic": 0.0})
        score = probability(self.logit(near))
        if near.length < _CERTAIN_ABOVE:
            score = min(score, 0.5 + 0.4 * near.length / _CERTAIN_ABOVE)
        if score < _WORTH_SHOWING:
            return Finding({"off_topic": score})
        nearest = max(near.article, near.parent, near.thread)
        detail = f"similarity to article {near.article:.2f}, to what is nearest {nearest:.2f}"
        return Finding({"off_topic": score}, details={"off_topic": detail})


def create(options: ScoringOptions) -> OffTopic:
    """The factory that the registry calls."""
    return OffTopic(shared_reader(options.threads))
