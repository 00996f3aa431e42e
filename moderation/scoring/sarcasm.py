"""Sarcasm: what the whole text sounds like, weighed together with cues that can be pointed at."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from moderation.scoring.cues import KINDS, NOTES, Cue, find_cues
from moderation.scoring.encoder import Vector
from moderation.scoring.heads import Combination, Heads, probability
from moderation.scoring.protocol import Finding, ScoringInput, ScoringOptions, Span
from moderation.scoring.reading import Reader, commenters_words, shared_reader, sources
from moderation.text import words

FEATURES: Final = ("head", *KINDS, "kinds_above_one")
_SHOWN: Final = 3
_WORTH_SHOWING: Final = 0.3
"""Evidence for a score that no policy would act on only distracts."""


def features(head: float, cues: Sequence[Cue]) -> Vector:
    """Numbers for the combination, float32 of shape (len(FEATURES),)."""
    kinds = {cue.kind for cue in cues}
    present = [float(kind in kinds) for kind in KINDS]
    # Hype for a name is hype twice over; it should not count as agreement between cues.
    distinct = len(kinds - {"hype_word"})
    return np.array([head, *present, max(0, distinct - 1)], dtype=np.float32)


class Sarcasm:
    """Scores sarcasm, 0..1."""

    name = "sarcasm"
    version = "sarcasm-1"
    languages = frozenset({"en"})

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._heads = Heads("sarcasm.npz")
        self._combination = Combination("sarcasm", FEATURES)

    def head(self, own: str) -> float:
        """Log odds of sarcasm from the text alone: those of its most sarcastic window."""
        return max(float(self._heads.logits(w)[0]) for w in self._reader.windows(own))

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """Score a batch; evidence are the cues."""
        self._reader.prefetch(inputs)
        return [self._score(comment) for comment in inputs]

    def _score(self, comment: ScoringInput) -> Finding:
        own = commenters_words(comment)
        if not words(own):
            return Finding({"sarcasm": 0.0})
        cues = find_cues(own, sources(comment), comment.thread)
        given = features(self.head(own), cues)
        score = probability(self._combination.logit(given))
        if score < _WORTH_SHOWING:
            return Finding({"sarcasm": score})
        return Finding(
            {"sarcasm": score},
            [Span(cue.start, cue.end, "sarcasm") for cue in cues],
            {"sarcasm": _explain(comment.text, cues)},
        )


def _explain(text: str, cues: Sequence[Cue]) -> str:
    """Name the cues, once by kind."""
    first: dict[str, Cue] = {}
    for cue in cues:
        first.setdefault(cue.kind, cue)
    if "hype" in first:
        first.pop("hype_word", None)
    named = [
        f"{NOTES[kind]}: {' '.join(text[cue.start : cue.end].split())}"
        for kind, cue in first.items()
    ]
    return "; ".join(named[:_SHOWN]) or "the tone of the whole comment"


def create(options: ScoringOptions) -> Sarcasm:
    """The factory that the registry calls."""
    return Sarcasm(shared_reader(options.threads))
