"""Toxicity: Detoxify where it is installed, else the built-in model."""

from collections.abc import Sequence
from typing import Final

from moderation.errors import SettingsError, WeightsError
from moderation.scoring.detoxify import DetoxifyScorer, obstacle
from moderation.scoring.heads import Combination, probability
from moderation.scoring.protocol import Finding, Scorer, ScoringInput, ScoringOptions
from moderation.scoring.reading import Read, Reader, shared_reader

FEATURES: Final[dict[str, tuple[str, ...]]] = {
    # Judges of single comments called them toxic for their words; readers call them hostile for
    # how they treat people. A newsroom means both.
    "toxicity": ("toxicity", "hostile"),
    "insult": ("insult", "hostile"),
    "obscene": ("obscene",),
    "threat": ("threat",),
    "identity_attack": ("identity_attack", "hostile"),
}
"""By score key, the heads of the encoder that it is made of."""
KEYS: Final = tuple(FEATURES)
BACKENDS: Final = ("auto", "detoxify", "builtin")


class Toxicity:
    """Scores `KEYS`, 0..1: for each the worst window of the comment."""

    name = "toxicity"
    version = "builtin-2"
    languages = frozenset({"en"})

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._combinations = {key: Combination(key, names) for key, names in FEATURES.items()}

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """Score a batch."""
        return [Finding(self._score(read)) for read in self._reader.read(inputs)]

    def _score(self, read: Read) -> dict[str, float]:
        if not read.windows:
            return dict.fromkeys(KEYS, 0.0)
        return {
            key: probability(self._combinations[key].logit([read.logit(name) for name in names]))
            for key, names in FEATURES.items()
        }

    def attribute(self, comment: ScoringInput, code: str) -> list[tuple[int, int, float]]:
        """Weigh the words of a comment for a score, by the encoder's own shares."""
        (read,) = self._reader.read([comment])
        return [word for word in read.weigh_words(FEATURES[code]) if word[2] > 0]


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
