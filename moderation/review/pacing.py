"""Sparing the people who read: what counts as harsh, and when a mild item comes in between."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from moderation.records import Judged

GRAVE: Final[frozenset[str]] = frozenset({"threat", "identity_attack", "severe_toxicity"})
"""Codes that are harsh whenever an item is flagged for them."""
COARSE: Final[Mapping[str, float]] = {
    "obscene": 0.8,
    "sexual_explicit": 0.8,
    "insult": 0.9,
    "toxicity": 0.95,
}
"""Codes that are harsh from a score on: below it they are the everyday of any queue."""
IN_A_ROW: Final = 3
"""After so many harsh items a mild one comes, if there is one."""
URGENT: Final = frozenset({"threat"})
"""Never put off, not even by one item."""


class Ahead(NamedTuple):
    """A waiting item, as far as its place matters."""

    harsh: bool
    urgent: bool


def harsh_codes(flagged: Mapping[str, float]) -> frozenset[str]:
    """Which of the reasons of an item, given as scores by code, are hard to read."""
    return frozenset(
        code for code, score in flagged.items() if code in GRAVE or score >= COARSE.get(code, 2.0)
    )


def harsh_codes_of(judged: Judged) -> frozenset[str]:
    """The same of a record; what is only shown beside it counts as well."""
    return harsh_codes({reason.code: reason.score for reason in (*judged.shown, *judged.reasons)})


def ahead(judged: Judged) -> Ahead:
    """A record as `place` wants it."""
    codes = {reason.code for reason in judged.reasons}
    return Ahead(bool(harsh_codes_of(judged)), bool(URGENT & codes))


def place(lately: Sequence[bool], waiting: Sequence[Ahead]) -> int:
    """Which of the waiting items, given in queue order, comes next; 0 is the first.

    `lately` says of the items that the person saw last whether they were harsh, the latest at the
    end. Another than the first is chosen only after `IN_A_ROW` harsh ones, only where the first
    is harsh and nothing urgent waits, and then it is the first mild one. That ends the row, so an
    item is put off once for every `IN_A_ROW` that are taken, and the queue's order holds but for
    that.
    """
    tired = len(lately) >= IN_A_ROW and all(lately[-IN_A_ROW:])
    if not tired or not waiting or not waiting[0].harsh or any(item.urgent for item in waiting):
        return 0
    return next((at for at, item in enumerate(waiting) if not item.harsh), 0)
