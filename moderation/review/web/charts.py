"""Numbers to the coordinates of charts."""

from collections.abc import Sequence
from typing import Final

import msgspec

WIDTH: Final = 600
HEIGHT: Final = 120
_INSET: Final = 2.0


class Lines(msgspec.Struct, frozen=True):
    """Series over the same positions, drawn to one scale from 0."""

    points: list[str]
    """Of each series, as `polyline` has them."""
    top: float
    """The value at the upper edge."""


def lines(*series: Sequence[float], width: float = WIDTH, height: float = HEIGHT) -> Lines:
    """Series of equal length; those of nothing but 0 lie on the ground."""
    top = max([1.0, *(value for values in series for value in values)])
    steps = max(1, max(len(values) for values in series) - 1)
    room = height - 2 * _INSET
    return Lines(
        [
            " ".join(
                f"{index * width / steps:.1f},{height - _INSET - value / top * room:.1f}"
                for index, value in enumerate(values)
            )
            for values in series
        ],
        top,
    )


def spark(points: Sequence[tuple[float, float]], *, width: float = 100, height: float = 30) -> str:
    """Times and values (0..1) as a `polyline`; one point becomes a level line."""
    if not points:
        return ""
    if len(points) == 1:
        points = [(points[0][0] - 1, points[0][1]), points[0]]
    first, last = points[0][0], points[-1][0]
    span = (last - first) or 1.0
    room = height - 2 * _INSET
    return " ".join(
        f"{(at - first) / span * width:.1f},{height - _INSET - min(1.0, value) * room:.1f}"
        for at, value in points
    )
