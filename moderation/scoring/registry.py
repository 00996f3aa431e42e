"""Scorers by name, and a set of scorers run as one.

Names are resolved late: whoever only asks which scorers there are loads no model.
"""

import importlib
import math
import time
from collections.abc import Callable, Sequence
from typing import Final

from moderation import language
from moderation.errors import ScoringError, SettingsError
from moderation.scoring import reach
from moderation.scoring.protocol import Finding, Scorer, ScoringInput, ScoringOptions
from moderation.scoring.unmasking import Unmasking

_BUILT_IN: Final[dict[str, str]] = {
    "toxicity": "moderation.scoring.toxicity:create",
    "sarcasm": "moderation.scoring.sarcasm:create",
    "off_topic": "moderation.scoring.off_topic:create",
    "joke": "moderation.scoring.joke:create",
    "evasion": "moderation.scoring.evasion:create",
}
DEFAULT_SCORERS: Final[tuple[str, ...]] = tuple(_BUILT_IN)
"""`joke` gives off_topic_joke as well; `toxicity` is Detoxify or the built-in model."""
_READ_THROUGH_MASKS: Final = frozenset({"toxicity"})
"""Built-in scorers that see masked words unmasked as well."""

Factory = Callable[[ScoringOptions], Scorer]


def load_scorers(names: Sequence[str], options: ScoringOptions) -> list[Scorer]:
    """Load scorers: built-in names, or `package.module:factory` with factory(options) -> Scorer.

    SettingsError when a name is unknown or repeated, or cannot be imported; WeightsError when a
    model's weights are absent or damaged.
    """
    scorers = [_load(name, options) for name in names]
    known = [scorer.name for scorer in scorers]
    for name in known:
        if known.count(name) > 1:
            raise SettingsError(f"two scorers are named {name!r}")
    return scorers


def _load(name: str, options: ScoringOptions) -> Scorer:
    scorer = _factory(name)(options)
    return Unmasking(scorer) if name in _READ_THROUGH_MASKS else scorer


def _factory(name: str) -> Factory:
    module, _, attribute = _BUILT_IN.get(name, name).partition(":")
    if not attribute:
        raise SettingsError(
            f"unknown scorer {name!r}: take one of {', '.join(_BUILT_IN)}, "
            "or package.module:factory"
        )
    try:
        factory: Factory = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(f"scorer {name!r}: {error}") from error
    return factory


class Ensemble:
    """Several scorers as one; it refuses whatever is no probability."""

    def __init__(self, scorers: Sequence[Scorer]) -> None:
        self._scorers = scorers
        self.models: dict[str, str] = {scorer.name: scorer.version for scorer in scorers}
        """Scorer name -> version."""
        self.seconds: dict[str, float] = {}
        """Seconds that each scorer took in the last call."""
        self._detects = any(reach.known_languages(scorer) is not None for scorer in scorers)
        if self._detects:
            language.load()

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """Score a batch: one finding for each input, with the scores of all scorers.

        A scorer is not asked for an input in a language that it does not know.

        ScoringError when a scorer returns too many or too few findings, something that is no
        probability, or evidence outside the text.
        """
        detected = reach.detect(inputs) if self._detects else [language.NOT_ASKED] * len(inputs)
        merged = [self._empty(found) for found in detected]
        seconds: dict[str, float] = {}
        for scorer in self._scorers:
            asked = [n for n, found in enumerate(detected) if reach.is_asked(scorer, found)]
            if not asked:
                continue
            chosen = [inputs[n] for n in asked]
            started = time.perf_counter()
            findings = scorer.score(chosen)
            seconds[scorer.name] = time.perf_counter() - started
            if len(findings) != len(chosen):
                raise ScoringError(
                    f"{scorer.name}: {len(findings)} findings for {len(chosen)} inputs"
                )
            wholes = [merged[n] for n in asked]
            for comment, whole, part in zip(chosen, wholes, findings, strict=True):
                _check(scorer.name, part, comment)
                whole.scores.update(part.scores)
                whole.evidence.extend(part.evidence)
                whole.details.update(part.details)
        self.seconds = seconds
        return merged

    def _empty(self, found: language.Detected) -> Finding:
        """A finding without scores, with the scorers that do not know the language."""
        unsupported = [scorer.name for scorer in self._scorers if not reach.knows(scorer, found)]
        return Finding({}, [], {}, found.lang, unsupported)


def _check(name: str, finding: Finding, comment: ScoringInput) -> None:
    for key, score in finding.scores.items():
        # NaN fails every comparison, so it has to be asked for what it is not.
        if not (isinstance(score, float | int) and math.isfinite(score) and 0 <= score <= 1):
            raise ScoringError(f"{name}: {key} is {score}, which is no probability")
    for span in finding.evidence:
        if not 0 <= span.start < span.end <= len(comment.text):
            raise ScoringError(f"{name}: evidence {span.start}:{span.end} is outside the text")
