"""The order of the queue: priority that ages, as a number that an item gets once."""

import math
from typing import Final

AGEING: Final = 4 * 3_600.0
"""Seconds of waiting after which an item counts as twice as urgent."""
LEAST_PRIORITY: Final = 0.01
"""What a priority of 0 counts as, so that it is reached after a day of waiting."""


def sort_key(priority: float, arrived_at: float) -> float:
    """The item's place, smaller first: seconds since the epoch.

    Urgency that doubles every `AGEING` seconds, `priority * 2 ** ((t - arrived_at) / AGEING)`, is
    in the logarithm a sum whose summand `t` all items share: the order does not depend on it. The
    key is what is left, as a time: when an item of priority 1 would have had to arrive to stand
    here. An item is overtaken only by those that arrive within `AGEING * log2(1 / priority)`.
    """
    return arrived_at - AGEING * math.log2(max(LEAST_PRIORITY, min(1.0, priority)))
