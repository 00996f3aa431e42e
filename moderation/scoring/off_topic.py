"""Off topic: a comment that has nothing to do with article, parent or thread."""

from collections.abc import Sequence
from typing import Final

from moderation.scoring.heads import Combination, probability
from moderation.scoring.occlusion import whole
from moderation.scoring.protocol import Finding, ScoringInput, ScoringOptions
from moderation.scoring.reading import Read, Reader, shared_reader
from moderation.scoring.topic import FEATURES, Nearness

_CERTAIN_ABOVE: Final = 12
"""Words. A shorter comment says too little to be sure that it is off topic."""


class OffTopic:
    """Scores off_topic, 0..1; 0 when nothing is known around the comment."""

    name = "off_topic"
    version = "off_topic-2"
    languages = frozenset({"en"})

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._combination = Combination("off_topic", FEATURES)

    def logit(self, near: Nearness) -> float:
        """Log odds that the comment is off topic."""
        return self._combination.logit(near.features())

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """Score a batch; there is no evidence but the comment as a whole."""
        return [Finding({"off_topic": self._score(read)}) for read in self._reader.read(inputs)]

    def _score(self, read: Read) -> float:
        # Nothing but citation, or no words at all, says nothing about a topic.
        if not read.has_context or not read.words:
            return 0.0
        score = probability(self.logit(read.near))
        if read.near.length < _CERTAIN_ABOVE:
            score = min(score, 0.5 + 0.4 * read.near.length / _CERTAIN_ABOVE)
        return score

    def attribute(self, comment: ScoringInput, code: str) -> list[tuple[int, int, float]]:
        """The comment as a whole: what it lacks is in none of its words alone."""
        del code
        return [(*span, 1.0) for span in whole(comment.text)]


def create(options: ScoringOptions) -> OffTopic:
    """The factory that the registry calls."""
    return OffTopic(shared_reader(options.threads))
