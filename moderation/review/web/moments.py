"""Times in words."""

import datetime as dt


def day(seconds: float | None) -> str:
    """A day, UTC; empty for never."""
    return _utc(seconds).strftime("%-d %b %Y") if seconds is not None else ""


def minute(seconds: float | None) -> str:
    """A day and a time to the minute, UTC; empty for never."""
    return _utc(seconds).strftime("%-d %b %Y, %H:%M UTC") if seconds is not None else ""


def _utc(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
