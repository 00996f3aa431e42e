"""Filters as the query of an address, so that a narrowed queue can be kept and shared."""

import math
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from moderation.review.queue import Filters
from moderation.review.rules import Person

FIELDS: Final = (
    "q",
    "reason",
    "section",
    "article",
    "author",
    "campaign",
    "age",
    "least",
    "most",
    "state",
)
AGES: Final[dict[str, tuple[str, float | None, float | None]]] = {
    "new": ("the last hour", None, 3_600.0),
    "today": ("the last day", None, 86_400.0),
    "1h": ("waiting over an hour", 3_600.0, None),
    "4h": ("waiting over 4 hours", 4 * 3_600.0, None),
    "1d": ("waiting over a day", 86_400.0, None),
}
"""Name, least and largest age in seconds."""
_LONGEST: Final = 300


class Narrowing:
    """What the query of an address asks for; what makes no sense in it is left aside."""

    def __init__(self, query: Mapping[str, str]) -> None:
        values = {name: query.get(name, "").strip()[:_LONGEST] for name in FIELDS}
        self.values = {name: value.replace("\x00", "") for name, value in values.items()}
        if self.values["age"] not in AGES:
            self.values["age"] = ""
        for name in ("least", "most"):
            if _share(self.values[name]) is None:
                self.values[name] = ""
        if self.values["state"] != "escalated":
            self.values["state"] = ""

    def __bool__(self) -> bool:
        return any(self.values.values())

    def filters(self, person: Person) -> Filters:
        """The same for the review library; escalated items are for leads."""
        values = self.values
        _, older, younger = AGES.get(values["age"], ("", None, None))
        return Filters(
            state="escalated" if values["state"] and person.leads else "open",
            reason=values["reason"],
            section=values["section"],
            article_id=values["article"],
            author_id=values["author"],
            campaign=values["campaign"],
            older_than=older,
            younger_than=younger,
            least=_share(values["least"]),
            most=_share(values["most"]),
            words=values["q"],
        )

    def query(self, **more: str) -> str:
        """The query of an address, with its `?`; empty when it says nothing."""
        given = {name: value for name, value in (self.values | more).items() if value}
        return f"?{urlencode(given)}" if given else ""


def _share(percent: str) -> float | None:
    try:
        value = float(percent)
    except ValueError:
        return None
    return min(1.0, max(0.0, value / 100)) if math.isfinite(value) else None
