"""`troll`: how probable it is that an author's conduct is that of a troll, and why.

It raises the priority of review and removes nothing: Cheng, Danescu-Niculescu-Mizil and Leskovec
(2015) find that authors who are treated harshly write worse afterwards.
"""

from collections.abc import Collection
from typing import Final, Literal

import msgspec

from moderation.errors import SettingsError
from moderation.trolling.author import AuthorState
from moderation.trolling.logistic import (
    Contribution,
    in_words,
    largest,
    log_odds,
    probability,
)
from moderation.trolling.signals import SIGNALS

PRIOR: Final = 0.045
"""The probability for somebody of whom nothing is known."""
REVIEW_AT: Final = 0.5
"""From here on a moderator should look at what the author writes."""

Nature = Literal["habit", "circumstance", "none"]

_LEAST_HABIT: Final = 0.5
_LEAST_CIRCUMSTANCE: Final = 0.2
_CONDUCT: Final = (
    frozenset({"tone", "provocation", "pursuit"}),
    frozenset({"pace", "spread", "repeats"}),
    frozenset({"decisions"}),
)
"""Kinds of evidence for a habit; the strongest kind counts."""


class Troll(msgspec.Struct, frozen=True):
    """What an author's state says at a time."""

    score: float
    """Probability, 0..1."""
    contributions: list[Contribution]
    """The three largest, up or down, the strongest first."""
    nature: Nature
    """`habit`: it is how the author acts anywhere; `circumstance`: the hostility is that of the
    threads it stands in; `none`: there is too little to tell the two apart, and the score is low.
    """

    @property
    def detail(self) -> str:
        """The contributions in a sentence for a moderator."""
        said = in_words(self.contributions)
        return said if self.nature == "none" else f"{said} ({self.nature})"


def troll(state: AuthorState, now: float, *, disabled: Collection[str] = frozenset()) -> Troll:
    """Read an author's state at `now` (seconds since the epoch), without the disabled signals.

    A logistic over the signals of `moderation.trolling.signals`. A `now` before the latest event
    counts as that event's time: what came late does not turn the clock back.
    """
    now = max(now, state.seen_at)
    contributions = []
    for name, signal in SIGNALS.items():
        if name in disabled:
            continue
        weight, detail = signal(state, now)
        if weight:
            contributions.append(Contribution(name, weight, detail))
    score = probability(_PRIOR_LOG_ODDS + sum(each.weight for each in contributions))
    return Troll(score, largest(contributions), _nature(contributions, score))


def known_signals(names: Collection[str]) -> frozenset[str]:
    """Names of signals to switch off, checked; SettingsError for one that there is not."""
    for name in names:
        if name not in SIGNALS:
            raise SettingsError(
                f"no signal {name!r} to switch off; there are {', '.join(sorted(SIGNALS))}"
            )
    return frozenset(names)


_PRIOR_LOG_ODDS: Final = log_odds(PRIOR)


def _nature(contributions: Collection[Contribution], score: float) -> Nature:
    weights = {each.signal: each.weight for each in contributions}
    habit = max(sum(weights.get(name, 0.0) for name in kind) for kind in _CONDUCT)
    circumstance = -weights.get("circumstance", 0.0)
    if circumstance >= max(_LEAST_CIRCUMSTANCE, habit):
        return "circumstance"
    return "habit" if habit >= _LEAST_HABIT or score >= REVIEW_AT else "none"
