"""Sarcasm: what the whole text sounds like, weighed together with cues that can be pointed at."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from moderation.scoring.cues import KINDS, NOTES, Cue, find_cues
from moderation.scoring.encoder import Vector
from moderation.scoring.heads import Combination, probability
from moderation.scoring.protocol import Finding, ScoringInput, ScoringOptions, Span
from moderation.scoring.reading import Read, Reader, shared_reader, sources

FEATURES: Final = ("head", *KINDS, "kinds_above_one", "contrast", "length")
_GLAD: Final = ("admiration", "approval", "excitement", "gratitude", "joy", "love", "relief")
_GRAVE: Final = (
    *("anger", "annoyance", "disappointment", "disapproval", "disgust"),
    *("fear", "grief", "sadness"),
)
"""Tones of GoEmotions: praise for what is grave is seldom meant."""
_SHOWN: Final = 3
_WORTH_SHOWING: Final = 0.3
"""Evidence for a score that no policy would act on only distracts."""


def features(read: Read, cues: Sequence[Cue], reader: Reader) -> Vector:
    """Numbers for the combination, float32 of shape (len(FEATURES),)."""
    kinds = {cue.kind for cue in cues}
    present = [float(kind in kinds) for kind in KINDS]
    # Hype for a name is hype twice over; it should not count as agreement between cues.
    distinct = len(kinds - {"hype_word"})
    # A long comment is not sarcastic for one turn of phrase, as it is insulting for one insult:
    # so the windows are averaged, and length is weighed against the cues that it brings.
    head, length = read.mean_logit("sarcasm"), np.log(len(read.words) + 1)
    return np.array(
        [head, *present, max(0, distinct - 1), contrast(read, reader), length], dtype=np.float32
    )


def contrast(read: Read, reader: Reader) -> float:
    """How glad a comment sounds about something grave, 0..1.

    The chance that the comment is glad times the chance that parent, or else headline, is grave;
    the contrast of a positive tone with a negative situation is what Riloff et al. (2013),
    "Sarcasm as contrast between a positive sentiment and negative situation", look for.
    """
    about = read.comment.parent_text or read.comment.article_title
    if not about.strip():
        return 0.0
    glad = max(read.logit(tone) for tone in _GLAD)
    return probability(glad) * probability(reader.tone(about, _GRAVE))


class Sarcasm:
    """Scores sarcasm, 0..1."""

    name = "sarcasm"
    version = "sarcasm-2"
    languages = frozenset({"en"})

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._combination = Combination("sarcasm", FEATURES)

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """Score a batch; evidence are the cues."""
        return [self._score(read) for read in self._reader.read(inputs)]

    def _score(self, read: Read) -> Finding:
        if not read.words:
            return Finding({"sarcasm": 0.0})
        cues = find_cues(read.own, sources(read.comment), read.comment.thread)
        score = probability(self._combination.logit(features(read, cues, self._reader)))
        if score < _WORTH_SHOWING:
            return Finding({"sarcasm": score})
        return Finding(
            {"sarcasm": score},
            [Span(cue.start, cue.end, "sarcasm") for cue in cues],
            {"sarcasm": _explain(read.comment.text, cues)},
        )

    def attribute(self, comment: ScoringInput, code: str) -> list[tuple[int, int, float]]:
        """Weigh the words of a comment for its sarcasm, by the encoder's own shares."""
        (read,) = self._reader.read([comment])
        return [word for word in read.weigh_words([code]) if word[2] > 0]


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
