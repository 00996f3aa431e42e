"""Limits on dead letters: the worker stops rather than dead-letter everything."""

import pytest

from moderation.errors import RecordError
from streams.deadletters import WINDOW, DeadLetterLimit, TooManyDeadLettersError

ERROR = RecordError("not_json", "no JSON")


def test_in_a_row() -> None:
    """One more in a row than allowed stops the worker; a good record in between starts anew."""
    limit = DeadLetterLimit(in_a_row=3, share=1.0)
    for dead in (True, True, True, False, True, True, True):
        limit.saw(ERROR if dead else None)
    with pytest.raises(TooManyDeadLettersError, match="4 dead letters in a row, 3 allowed"):
        limit.saw(ERROR)


def test_share() -> None:
    """A lasting share above the limit stops the worker even when good records come between."""
    limit = DeadLetterLimit(in_a_row=WINDOW, share=0.5)
    for number in range(WINDOW):
        limit.saw(ERROR if number % 2 == 0 else None)
    # Takes the place of a dead letter, then of a good record: one more than half.
    limit.saw(ERROR)
    with pytest.raises(TooManyDeadLettersError, match="1001 dead letters among the last 2000"):
        limit.saw(ERROR)


def test_share_needs_a_full_window() -> None:
    """A few broken records at the start, before anything else came, stop nothing."""
    limit = DeadLetterLimit(in_a_row=WINDOW, share=0.1)
    for _ in range(WINDOW - 1):
        limit.saw(ERROR)
