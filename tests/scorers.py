"""Scorers that behave, and scorers that misbehave, for the worker's own process to load."""

import time
from collections.abc import Callable, Sequence

from moderation.scoring.protocol import Finding, Scorer, ScoringInput, ScoringOptions


class _Rule:
    version = "1"

    def __init__(self, name: str, rule: Callable[[str], float]) -> None:
        self.name = name
        self._rule = rule

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        return [Finding({"toxicity": self._rule(given.text)}) for given in inputs]


def _is_bad(text: str) -> float:
    return 0.99 if "idiot" in text else 0.01


def quick(options: ScoringOptions) -> Scorer:
    """Says toxic for one word; costs nothing."""
    return _Rule("quick", _is_bad)


class _Knows(_Rule):
    def __init__(self, name: str, *languages: str) -> None:
        super().__init__(name, _is_bad)
        self.languages = frozenset(languages)


def english(options: ScoringOptions) -> Scorer:
    """As `quick`, and knows English alone."""
    return _Knows("english", "en")


def raising(options: ScoringOptions) -> Scorer:
    """Raises on texts with `poison`."""

    def rule(text: str) -> float:
        if "poison" in text:
            raise ValueError("cannot read this")
        return _is_bad(text)

    return _Rule("raising", rule)


def hanging(options: ScoringOptions) -> Scorer:
    """Never comes back from texts with `poison`."""

    def rule(text: str) -> float:
        while "poison" in text:
            time.sleep(0.01)
        return _is_bad(text)

    return _Rule("hanging", rule)


def dying(options: ScoringOptions) -> Scorer:
    """Takes the whole process down on texts with `poison`."""

    def rule(text: str) -> float:
        if "poison" in text:
            raise SystemExit(3)
        return _is_bad(text)

    return _Rule("dying", rule)


def nan(options: ScoringOptions) -> Scorer:
    """Gives no number for texts with `poison`."""
    return _Rule("nan", lambda text: float("nan") if "poison" in text else _is_bad(text))


def slow(options: ScoringOptions) -> Scorer:
    """Takes two milliseconds a text, so that there is a middle to be killed in."""

    def rule(text: str) -> float:
        time.sleep(0.002)
        return _is_bad(text)

    return _Rule("slow", rule)


def biased(options: ScoringOptions) -> Scorer:
    """Holds a religion against people, beside insults."""
    return _Rule("biased", lambda text: 0.8 if "Muslim" in text else _is_bad(text))
