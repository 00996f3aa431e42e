"""Scorers by name."""

import importlib
import time
from collections.abc import Sequence
from typing import Final

from moderation.errors import ScoringError, SettingsError
from moderation.scoring.protocol import Finding, Scorer, ScoringInput, ScoringOptions

DEFAULT_SCORERS: Final[tuple[str, ...]] = ()


def load_scorers(names: Sequence[str], options: ScoringOptions) -> list[Scorer]:
    scorers = []
    for name in names:
        module, _, factory = name.partition(":")
        try:
            scorers.append(getattr(importlib.import_module(module), factory)(options))
        except (ImportError, AttributeError) as error:
            raise SettingsError(f"scorer {name!r}: {error}") from error
    return scorers


class Ensemble:
    def __init__(self, scorers: Sequence[Scorer]) -> None:
        self._scorers = scorers
        self.models = {s.name: s.version for s in scorers}
        self.seconds: dict[str, float] = {}

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        merged = [Finding({}, [], {}) for _ in inputs]
        for scorer in self._scorers:
            start = time.perf_counter()
            for m, f in zip(merged, scorer.score(inputs), strict=True):
                for k, v in f.scores.items():
                    if not 0 <= v <= 1:
                        raise ScoringError(f"{scorer.name}: {k} is {v}")
                m.scores |= f.scores
                m.evidence += f.evidence
                m.details |= f.details
            self.seconds[scorer.name] = time.perf_counter() - start
        return merged
