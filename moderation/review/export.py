"""The log for people and programs outside: CSV for a table, JSON lines for another check."""

import csv
import json
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, TextIO

from moderation.review.log import canonical
from moderation.review.models import Entry

_COLUMNS: Final = (
    "number", "at", "person", "action", "comment_id", "item_id", "version", "do", "reason",
    "from", "to", "detail", "previous", "hash",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet."""


def write(entries: Iterable[Entry], target: TextIO, form: Literal["csv", "jsonl"]) -> int:
    """Write entries; how many. A line of JSON holds an entry as it was hashed, and its hash."""
    count = 0
    line: Callable[[dict[str, Any]], Any]
    if form == "csv":
        table = csv.DictWriter(target, _COLUMNS, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        line = lambda row: table.writerow(_cells(row))  # noqa: E731 - one of two
    else:
        line = lambda row: target.write(canonical(row) + "\n")  # noqa: E731 - the other
    for entry in entries:
        line(as_dict(entry))
        count += 1
    return count


def as_dict(entry: Entry) -> dict[str, Any]:
    """An entry with its detail as an object."""
    return {
        "number": entry.number,
        "at": entry.at,
        "person": entry.person,
        "action": entry.action,
        "comment_id": entry.comment_id,
        "detail": json.loads(entry.detail),
        "previous": entry.previous,
        "hash": entry.hash,
    }


def _cells(row: dict[str, Any]) -> dict[str, str]:
    detail = row["detail"]
    cells = {name: str(detail.get(name, "")) for name in _COLUMNS if name not in row}
    cells |= {name: str(value) for name, value in row.items() if name != "detail"}
    cells["detail"] = canonical(detail)
    return {name: cell(value) for name, value in cells.items()}


def cell(value: str) -> str:
    """A text as a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value
