"""The handful of errors that trollbridge raises; each message is one line a person can act on."""

from collections.abc import Mapping, Sequence
from typing import Any


class TrollbridgeError(Exception):
    """Base of all: the command line prints its message on one line and exits with 1."""


class SettingsError(TrollbridgeError):
    """A setting, policy file or option is wrong; the message names it and the place."""


class PageError(TrollbridgeError):
    """A saved page cannot be read: empty, binary, or too large."""


class WeightsError(TrollbridgeError):
    """Model weights are absent, damaged or not the expected ones."""


class ScoringError(TrollbridgeError):
    """A scorer failed on an input: it raised, hung, or gave no probability."""


class RecordError(TrollbridgeError):
    """A record does not hold to the contract.

    `code` is the dead-letter code; the message says which field and why.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class StateError(TrollbridgeError):
    """A kept state cannot be read: damaged, or of another version."""


class BrokerError(TrollbridgeError):
    """The broker refuses, cannot be reached in time, or lacks topics."""


class StoreError(TrollbridgeError):
    """The review store cannot be reached, lacks its driver, or has another form than ours."""


class ReviewError(TrollbridgeError):
    """The review queue refuses a request, which has changed nothing.

    `code` is for programs; the message says what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ChangedError(ReviewError):
    """A decision came late: the item is not what its version says.

    `changes` holds by field what it was and what it is, `version` the present version. The
    attempt is in the log.
    """

    def __init__(
        self, message: str, *, version: int, changes: Mapping[str, tuple[Any, Any]]
    ) -> None:
        super().__init__("changed", message)
        self.version = version
        self.changes = changes


class PrecedentError(ReviewError):
    """A decision goes against the person's own earlier one on the same words; asked once.

    `precedents` are those decisions, the most similar first.
    """

    def __init__(self, message: str, precedents: Sequence[Any]) -> None:
        super().__init__("precedent", message)
        self.precedents = precedents
