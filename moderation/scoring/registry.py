"""Scorers by name, and a set of scorers run as one.

Names are resolved late: whoever only asks which scorers there are loads no model.
"""

import importlib
import math
import time
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from moderation import language
from moderation.errors import ScoringError, SettingsError
from moderation.scoring import reach
from moderation.scoring.explain import Explainer, Nearest, flagged
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
    """Several scorers as one; it refuses whatever is no probability, explains what is flagged."""

    def __init__(self, scorers: Sequence[Scorer], *, nearest: Nearest | None = None) -> None:
        self._scorers = scorers
        self._explainer = Explainer(scorers, _checked, nearest=nearest)
        self.models: dict[str, str] = {scorer.name: scorer.version for scorer in scorers}
        """Scorer name -> version."""
        self.seconds: dict[str, float] = {}
        """Seconds that each scorer took in the last call, and `explain` where there was need."""
        self._detects = any(reach.known_languages(scorer) is not None for scorer in scorers)
        if self._detects:
            language.load()

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """Score a batch: one finding for each input, with the scores of all scorers.

        A scorer is not asked for an input in a language that it does not know. What reaches the
        limits of its input is explained. ScoringError when a scorer returns too many or too few
        findings, something that is no probability, or evidence outside the text.
        """
        detected = reach.detect(inputs) if self._detects else [language.NOT_ASKED] * len(inputs)
        seconds: dict[str, float] = {}
        parts: list[list[Finding]] = []
        for scorer in self._scorers:
            asked = [n for n, found in enumerate(detected) if reach.is_asked(scorer, found)]
            findings = [Finding({}) for _ in inputs]
            if asked:
                started = time.perf_counter()
                scored = _checked(scorer, [inputs[n] for n in asked])
                seconds[scorer.name] = time.perf_counter() - started
                for n, finding in zip(asked, scored, strict=True):
                    findings[n] = finding
            parts.append(findings)
        wanted = [_to_explain(comment, [p[n] for p in parts]) for n, comment in enumerate(inputs)]
        if any(comment.limits for comment in wanted):
            started = time.perf_counter()
            parts = self._explainer.explain(wanted, parts)
            seconds["explain"] = time.perf_counter() - started
        self.seconds = seconds
        return [
            self._merged([part[number] for part in parts], found)
            for number, found in enumerate(detected)
        ]

    def _merged(self, parts: Sequence[Finding], found: language.Detected) -> Finding:
        """The findings of all scorers for one input as one."""
        whole = Finding({}, lang=found.lang)
        whole.unsupported = [each.name for each in self._scorers if not reach.knows(each, found)]
        for part in parts:
            whole.scores.update(part.scores)
            whole.evidence.extend(part.evidence)
            whole.details.update(part.details)
            whole.possible_bias.extend(part.possible_bias)
            whole.passages.update(part.passages)
        return whole


def _to_explain(comment: ScoringInput, findings: Sequence[Finding]) -> ScoringInput:
    """The comment, without limits when nothing but asides reaches one."""
    if all(comment.asides.issuperset(flagged(comment, finding)) for finding in findings):
        return msgspec.structs.replace(comment, limits={})
    return comment


def _checked(scorer: Scorer, inputs: Sequence[ScoringInput]) -> list[Finding]:
    findings = scorer.score(inputs)
    if len(findings) != len(inputs):
        raise ScoringError(f"{scorer.name}: {len(findings)} findings for {len(inputs)} inputs")
    for comment, finding in zip(inputs, findings, strict=True):
        _check(scorer.name, finding, comment)
    return findings


def _check(name: str, finding: Finding, comment: ScoringInput) -> None:
    for key, score in finding.scores.items():
        # NaN fails every comparison, so it has to be asked for what it is not.
        if not (isinstance(score, float | int) and math.isfinite(score) and 0 <= score <= 1):
            raise ScoringError(f"{name}: {key} is {score}, which is no probability")
    for span in finding.evidence:
        if not 0 <= span.start < span.end <= len(comment.text):
            raise ScoringError(f"{name}: evidence {span.start}:{span.end} is outside the text")
