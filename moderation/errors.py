"""The handful of errors that trollbridge raises; each message is one line a person can act on."""


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
