"""The built-in toxicity model: linear heads, for machines without Detoxify."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from moderation.scoring.heads import Heads, probability
from moderation.scoring.protocol import Finding, ScoringInput, ScoringOptions, Span
from moderation.scoring.reading import Reader, commenters_words, shared_reader
from moderation.text import blank, citations, sentences, word_spans

KEYS: Final = ("toxicity", "insult", "obscene", "threat", "identity_attack")
_WORTH_SHOWING: Final = 0.5


class Toxicity:
    """Scores `KEYS`, 0..1: for each the worst window of the comment."""

    name = "toxicity"
    version = "builtin-1"

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._heads = Heads("toxicity.npz")

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """Score a batch; evidence are the words without which the score drops most."""
        return [self._score(comment) for comment in inputs]

    def _logits(self, text: str) -> np.ndarray:
        return np.max([self._heads.logits(window) for window in self._reader.windows(text)], 0)

    def _score(self, comment: ScoringInput) -> Finding:
        own = commenters_words(comment)
        logits = self._logits(own)
        scores = {key: probability(float(x)) for key, x in zip(KEYS, logits, strict=True)}
        return Finding(scores)


def create(options: ScoringOptions) -> Toxicity:
    """The factory that the registry calls."""
    return Toxicity(shared_reader(options.threads))
