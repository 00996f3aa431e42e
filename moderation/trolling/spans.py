"""Lengths of time in words."""

import math
from typing import Final

from moderation.trolling.decay import DAY, HOUR, MINUTE

_UNITS: Final = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"))


def span(seconds: float) -> str:
    """Seconds as "4 minutes" or "2 days": rounded up, so that "within" is true."""
    for size, name in _UNITS:
        # Below two units the next smaller one says more: 90 minutes, not 2 hours.
        if seconds > 2 * size:
            return _counted(math.ceil(seconds / size), name)
    return _counted(max(1, math.ceil(seconds)), "second")


def _counted(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"
