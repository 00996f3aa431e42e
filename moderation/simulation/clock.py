"""When readers write: a day's rhythm over the simulated span."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Final

from moderation.errors import SettingsError
from moderation.simulation.chance import Chance

HOURLY: Final = (
    *(4, 2, 1, 1, 1, 2, 5, 9, 11, 10, 9, 10),
    *(13, 11, 9, 9, 10, 12, 14, 16, 18, 17, 12, 7),
)
"""Comments by hour of the day, relative: a lull before dawn, peaks at lunch and in the evening."""
_WEEKDAY: Final = 10
_WEEKEND: Final = 8
_SATURDAY: Final = 5
_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SHORTEST: Final = dt.timedelta(days=0.001)
_LONGEST: Final = dt.timedelta(days=4_000)
_BLOCK: Final = 1_000
"""Times drawn at once."""


class Clock:
    """The simulated span; times are milliseconds since the epoch."""

    def __init__(self, start: str, days: float) -> None:
        """SettingsError when `start`, RFC 3339, and `days` are no span of time."""
        try:
            first = dt.datetime.fromisoformat(start)
            last = first + dt.timedelta(days=days)
        except (ValueError, OverflowError) as error:
            raise SettingsError(
                f"start {start!r} and {days:g} days are no span of time: "
                "write the start as in 2026-03-02T06:00:00+01:00"
            ) from error
        beyond_utc = first.utcoffset()
        if first.tzinfo is None or beyond_utc is None:
            raise SettingsError(f"start {start!r} has no time zone: write it with Z or +01:00")
        if not _SHORTEST <= last - first <= _LONGEST:
            raise SettingsError(f"{days:g} days: give at least 0.001 and at most 4,000")
        self._zone = first.tzinfo
        self._offset = beyond_utc // dt.timedelta(milliseconds=1)
        self.start = (first - _EPOCH) // dt.timedelta(milliseconds=1)
        self.end = (last - _EPOCH) // dt.timedelta(milliseconds=1)
        # Cut where the hour changes in local time; each piece has one rate.
        changes = range(_next_hour(self.start, self._offset), self.end, _HOUR)
        cuts: list[int] = [self.start, *changes, self.end]
        self._cuts = cuts[:-1]
        self._rates = [_rate(cut + self._offset) for cut in self._cuts]
        spans = (later - cut for cut, later in pairwise(cuts))
        weights = (rate * span for rate, span in zip(self._rates, spans, strict=True))
        totals = list(accumulate(weights, initial=0))
        self._before, self._total = totals[:-1], totals[-1]

    def at(self, share: float) -> int:
        """The time by which this share (0..1) of the span's comments has been written."""
        position = int(share * self._total)
        piece = bisect_right(self._before, position) - 1
        return self._cuts[piece] + (position - self._before[piece]) // self._rates[piece]

    def hour(self, at: int) -> int:
        """The local hour of the day, 0..23."""
        return (at + self._offset) // _HOUR % 24

    def text(self, at: int) -> str:
        """The time as RFC 3339, in the time zone of the start."""
        seconds, milliseconds = divmod(at, 1000)
        moment = dt.datetime.fromtimestamp(seconds, self._zone)
        return moment.replace(microsecond=milliseconds * 1000).isoformat(timespec="milliseconds")

    def arrivals(self, count: int, chance: Chance) -> Iterator[int]:
        """`count` times in order, at the rates of the day; made as they are asked for."""
        for first in range(0, count, _BLOCK):
            size = min(_BLOCK, count - first)
            yield from map(
                self.at, sorted((first + size * chance.random()) / count for _ in range(size))
            )

    def within(self, length: int, share: float, chance: Chance) -> tuple[int, int]:
        """Start and end of an episode of `length` ms, no longer than this share of the span.

        It starts when many readers are there, in the first nine tenths that leave room for it.
        """
        length = min(length, int((self.end - self.start) * share))
        start = min(self.at(0.05 + 0.85 * chance.random()), self.end - length)
        return start, start + length


def _next_hour(at: int, offset: int) -> int:
    return ((at + offset) // _HOUR + 1) * _HOUR - offset


def _rate(local: int) -> int:
    # 1 January 1970 was a Thursday, which is day 3 of a week that begins on Monday.
    weekday = (local // _DAY + 3) % 7
    return HOURLY[local // _HOUR % 24] * (_WEEKEND if weekday >= _SATURDAY else _WEEKDAY)
