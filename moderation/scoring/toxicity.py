"""Toxicity: Detoxify where it is installed, else the built-in linear heads."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from moderation.errors import SettingsError, WeightsError
from moderation.scoring.detoxify import DetoxifyScorer, obstacle
from moderation.scoring.encoder import Vector
from moderation.scoring.heads import Heads, probability
from moderation.scoring.protocol import Finding, Scorer, ScoringInput, ScoringOptions, Span
from moderation.scoring.reading import Reader, commenters_words, shared_reader
from moderation.text import word_spans

KEYS: Final = ("toxicity", "insult", "obscene", "threat", "identity_attack")
BACKENDS: Final = ("auto", "detoxify", "builtin")
_WORTH_SHOWING: Final = 0.5
_WORDS_SHOWN: Final = 3
_LEAST_WEIGHT: Final = 1.5
"""Log odds that a word by itself must carry to be shown as evidence."""
_CACHED_WORDS: Final = 20_000


class Toxicity:
    """Scores `KEYS`, 0..1: for each the worst window of the comment."""

    name = "toxicity"
    version = "builtin-1"
    languages = frozenset({"en"})

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._heads = Heads("toxicity.npz")
        self._carried = lru_cache(maxsize=_CACHED_WORDS)(self._heads.sparse)

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """Score a batch; evidence are the words that weigh most."""
        self._reader.prefetch(inputs)
        return [self._score(comment) for comment in inputs]

    def _score(self, comment: ScoringInput) -> Finding:
        own = commenters_words(comment)
        windows = self._reader.windows(own)
        worst: Vector = np.max([self._heads.logits(window) for window in windows], axis=0)
        scores = {key: probability(float(x)) for key, x in zip(KEYS, worst, strict=True)}
        key = max(scores, key=lambda name: scores[name])
        if scores[key] < _WORTH_SHOWING:
            return Finding(scores)
        spans = self._words(own, KEYS.index(key))
        said = ", ".join(comment.text[start:end] for start, end in spans)
        return Finding(
            scores,
            [Span(start, end, key) for start, end in spans],
            {
                name: f"above all: {said}"
                for name in KEYS
                if said and scores[name] >= _WORTH_SHOWING
            },
        )

    def _words(self, own: str, head: int) -> list[tuple[int, int]]:
        """The words whose own n-grams raise a head most, in text order."""
        found = []
        for start, end in word_spans(own):
            weight = float(self._carried(own[start:end].lower())[head])
            if weight >= _LEAST_WEIGHT:
                found.append((weight, start, end))
        found.sort(key=lambda word: -word[0])
        return sorted((start, end) for _, start, end in found[:_WORDS_SHOWN])


def create(options: ScoringOptions) -> Scorer:
    """The factory that the registry calls: Detoxify or the built-in model, as the options ask.

    `auto` takes Detoxify where its package and weights are, else the built-in model; but a
    checkpoint that somebody named is not passed over in silence. SettingsError for an unknown
    backend, WeightsError when the wanted weights are absent or damaged.
    """
    backend = options.toxicity_backend
    if backend not in BACKENDS:
        raise SettingsError(f"toxicity_backend {backend!r}: take one of {', '.join(BACKENDS)}")
    wanted = backend == "detoxify" or bool(options.detoxify_checkpoint)
    if backend != "builtin" and (wanted or not obstacle(options)):
        try:
            return DetoxifyScorer(options)
        except WeightsError:
            # Weights in a cache may lack what else a model needs, such as its vocabulary.
            if wanted:
                raise
    return Toxicity(shared_reader(options.threads))
