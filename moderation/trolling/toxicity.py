"""How toxic a comment is taken to be, of all that its scorers say."""

from collections.abc import Mapping
from typing import Final

TOXIC: Final = (
    "toxicity",
    "severe_toxicity",
    "obscene",
    "threat",
    "insult",
    "identity_attack",
    "sexual_explicit",
)
"""Scores of hostile language."""


def highest_toxicity(scores: Mapping[str, float]) -> float | None:
    """The highest of the toxic scores; None when no scorer could read the text."""
    return max((scores[key] for key in TOXIC if key in scores), default=None)
