"""How well the queue works: confirmed reasons, waiting, pace, days. Never a ranking of people.

Each figure is of the latest decisions, at most `MOST` of them, so that a page is as fast with a
million of them. Times are seconds.
"""

import json
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import func, literal_column, select

from moderation.evaluation.metrics import Figure, wilson
from moderation.review.actions import OUTCOMES
from moderation.review.models import WAITING, Day, Decision, Item
from moderation.review.rules import confirms
from moderation.review.store import Store
from moderation.trolling.decay import DAY, HOUR

MOST: Final = 10_000
_PACED: Final = 2_000
"""Decisions whose items are looked up, to know how long these had waited."""
SPAN: Final = 28
"""Days that the figures look back."""
_AGES: Final[tuple[tuple[str, float], ...]] = (
    ("under an hour", HOUR),
    ("1 to 4 hours", 4 * HOUR),
    ("4 to 12 hours", 12 * HOUR),
    ("12 to 24 hours", DAY),
    ("1 to 3 days", 3 * DAY),
    ("over 3 days", float("inf")),
)


class Confirmed(msgspec.Struct, frozen=True):
    """How often people agreed with flagging for a reason."""

    reason: str
    flagged: int
    """Decisions on comments that were flagged for it."""
    confirmed: int
    precision: Figure
    """With its 95 % Wilson interval."""


class Waiting(msgspec.Struct, frozen=True):
    """What waits for a decision."""

    open: int
    escalated: int
    oldest: float
    """Age of the oldest item; 0 where none waits."""
    ages: list[tuple[str, int]]
    """How many items have waited how long."""


class Quantiles(msgspec.Struct, frozen=True):
    """How long something took."""

    count: int
    median: float
    p90: float


class Pace(msgspec.Struct, frozen=True):
    """How long the latest decisions took; None where there is none."""

    handling: Quantiles | None
    """From claim to decision."""
    answering: Quantiles | None
    """From the comment's arrival to the decision."""


class DayCount(msgspec.Struct, frozen=True):
    """A day's work."""

    day: int
    """Days since the epoch, UTC."""
    arrivals: int
    decisions: int


def precision(store: Store, *, days: int = SPAN) -> list[Confirmed]:
    """By reason the share of flagged comments in which people confirm it, most flagged first.

    Decisions that were undone, or whose item a lead opened again, do not count.
    """
    query = (
        select(
            Decision.pk,
            Decision.action,
            Decision.reason,
            Decision.flagged,
            Decision.previous,
        )
        .where(
            Decision.kind == "decision",
            Decision.at >= store.now() - days * DAY,
            Decision.undone.is_(None),
        )
        .order_by(Decision.at.desc(), Decision.pk.desc())
        .limit(MOST)
    )
    taken_back: set[int] = set()
    flagged: Counter[str] = Counter()
    confirmed: Counter[str] = Counter()
    with store.reading() as session:
        # The latest first, so a reopening is seen before what it takes back.
        for row in session.execute(query):
            if row.action == "reopen" and row.previous is not None:
                taken_back.add(row.previous)
            if row.action not in OUTCOMES or row.pk in taken_back:
                continue
            codes = list(json.loads(row.flagged))
            flagged.update(codes)
            if OUTCOMES[row.action] == "reject":
                confirmed.update(code for code in codes if confirms(row.reason, code))
    return [
        Confirmed(code, count, confirmed[code], wilson(confirmed[code], count))
        for code, count in flagged.most_common()
    ]


def waiting(store: Store) -> Waiting:
    """What waits now, and for how long it has."""
    now = store.now()
    # In one pass over the index, without sorting the items into groups.
    younger = [
        func.count().filter(Item.arrived_at > now - limit).label(f"under_{number}")
        for number, (_, limit) in enumerate(_AGES[:-1])
    ]
    counts: dict[str, list[int]] = {}
    oldest = 0.0
    with store.reading() as session:
        for state in WAITING:
            row = session.execute(
                select(func.min(Item.arrived_at), *younger, func.count())
                # Written out, as in the queue.
                .where(Item.state == literal_column(f"'{state}'"))
            ).one()
            first, *under = row
            counts[state] = list(under)
            oldest = max(oldest, now - first) if first is not None else oldest
    under = [sum(pair) for pair in zip(*counts.values(), strict=True)]
    ages = [
        (name, count - before)
        for (name, _), count, before in zip(_AGES, under, [0, *under], strict=False)
    ]
    return Waiting(counts["open"][-1], counts["escalated"][-1], oldest, ages)


def pace(store: Store, *, days: int = SPAN) -> Pace:
    """How long the latest decisions took; what a person forgot on the screen counts for none."""
    query = (
        select(Decision.seconds, Decision.at, Item.arrived_at)
        .join(Item, Item.id == Decision.comment_id)
        .where(
            Decision.kind == "decision",
            Decision.at >= store.now() - days * DAY,
            Decision.action.in_(list(OUTCOMES)),
            Decision.undone.is_(None),
        )
        .order_by(Decision.at.desc())
        .limit(_PACED)
    )
    with store.reading() as session:
        rows = session.execute(query).all()
    return Pace(
        _quantiles(
            [
                row.seconds
                for row in rows
                if row.seconds is not None and row.seconds <= store.rules.lease
            ]
        ),
        # An edited comment arrives anew, after the decision on its first words.
        _quantiles([row.at - row.arrived_at for row in rows if row.at >= row.arrived_at]),
    )


def by_day(store: Store, *, days: int = SPAN) -> list[DayCount]:
    """Arrivals and decisions of each of the last days, today among them, the first one first."""
    today = int(store.now() // DAY)
    first = today - days + 1
    # A cast cuts off in SQLite and rounds in PostgreSQL.
    day: Any = literal_column(
        "CAST(at / 86400 AS INTEGER)" if store.is_sqlite else "floor(at / 86400)::bigint"
    )
    with store.reading() as session:
        arrivals: dict[int, int] = dict(
            session.execute(select(Day.day, Day.arrivals).where(Day.day >= first)).all()
        )
        decisions: dict[int, int] = dict(
            session.execute(
                select(day, func.count())
                .where(
                    Decision.kind == "decision",
                    Decision.at >= first * DAY,
                    Decision.action.in_(("approve", "reject", "ban_suggest", "escalate")),
                    Decision.undone.is_(None),
                )
                .group_by(day)
            ).all()
        )
    return [
        DayCount(number, arrivals.get(number, 0), decisions.get(number, 0))
        for number in range(first, today + 1)
    ]


def last_decision(store: Store) -> int:
    """The number of the latest decision."""
    with store.reading() as session:
        return session.scalar(select(func.max(Decision.pk))) or 0


def decided_since(store: Store, number: int) -> tuple[int, Counter[str]]:
    """First decisions after this number by action, and the number of the latest one.

    They are numbered in the order of their commits, since each holds the log's head.
    """
    # Counted here: to group them SQLite would go through all there are.
    query = select(Decision.pk, Decision.action, Decision.kind).where(Decision.pk > number)
    found: Counter[str] = Counter()
    with store.reading() as session:
        for pk, action, kind in session.execute(query):
            number = max(number, pk)
            if kind == "decision":
                found[action] += 1
    return number, found


def _quantiles(values: Sequence[float]) -> Quantiles | None:
    if not values:
        return None
    ordered = sorted(values)
    return Quantiles(
        len(ordered), statistics.median(ordered), ordered[int(0.9 * (len(ordered) - 1))]
    )
