"""Dead letters: what could not be processed, with its original bytes and why."""

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from faust.types import Message

from moderation.errors import RecordError, TrollbridgeError
from moderation.records import CODES, Source
from streams.outbox import Headers, Outgoing

PREFIX: Final = "trollbridge."
"""Of the headers that are added; the record's own headers stay as they came."""

WINDOW: Final = 2_000
"""Records over which the share of dead letters is taken."""

_DETAIL_LENGTH: Final = 500


def letter(
    topic: str,
    message: Message,
    error: RecordError,
    *,
    item_id: str = "",
    source: Source | None = None,
) -> Outgoing:
    """The dead letter for a record: key, value and headers as they came, and ours beside them.

    `source` is where the comment first came in, when that is not where `message` stands.
    """
    source = source or Source(message.topic, message.partition, message.offset)
    came: Any = message.headers or ()
    if isinstance(came, Mapping):
        came = came.items()
    headers: Headers = list(came)
    ours = {
        "code": error.code,
        "detail": str(error)[:_DETAIL_LENGTH],
        "source.topic": source.topic,
        "source.partition": str(source.partition),
        "source.offset": str(source.offset),
    }
    if item_id:
        ours["item_id"] = item_id
    headers += [
        # A text that is no Unicode may be quoted in a detail; it must not break the header.
        (PREFIX + name, text.encode("utf-8", "backslashreplace"))
        for name, text in ours.items()
    ]
    return Outgoing(topic, message.key, message.value, headers)


class TooManyDeadLettersError(TrollbridgeError):
    """More dead letters than the limits allow: something is wrong with the input or with us."""


class DeadLetterLimit:
    """Stops the worker rather than dead-letter everything after a bad deployment."""

    def __init__(self, *, in_a_row: int, share: float) -> None:
        self._in_a_row = in_a_row
        self._share = share
        self._row = 0
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._dead = 0

    def saw(self, error: RecordError | None) -> None:
        """Count one record, `error` when it is dead; TooManyDeadLettersError when too many are."""
        dead = error is not None
        if len(self._recent) == WINDOW:
            self._dead -= self._recent[0]
        self._recent.append(dead)
        self._dead += dead
        self._row = self._row + 1 if dead else 0
        if error is None:
            return
        last = f"; the last one: {error.code}, {CODES[error.code]}"
        if self._row > self._in_a_row:
            raise TooManyDeadLettersError(
                f"{self._row} dead letters in a row, {self._in_a_row} allowed "
                f"(deadletters_in_a_row){last}"
            )
        if len(self._recent) == WINDOW and self._dead > self._share * WINDOW:
            raise TooManyDeadLettersError(
                f"{self._dead} dead letters among the last {WINDOW} records, more than the share "
                f"of {self._share:g} allowed (deadletters_share){last}"
            )
