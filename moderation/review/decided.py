"""The decisions as people look them up: narrowed down, in pages, with what was taken back."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from moderation.review.intake import section
from moderation.review.models import Decision, Item, Look
from moderation.review.rules import Person
from moderation.review.store import Store
from moderation.review.views import DecisionView, decision_view

_CHUNK: Final = 1_000


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which decisions; what is not given does not narrow. Times are seconds since the epoch."""

    person: str = ""
    action: str = ""
    reason: str = ""
    """Reason code of the decision."""
    section: str = ""
    author_id: str = ""
    since: float | None = None
    until: float | None = None
    """This time is not in it."""


class Place(msgspec.Struct, frozen=True):
    """Where a page of decisions ends."""

    at: float
    pk: int


class Entered(msgspec.Struct, frozen=True):
    """A decision, and who opened its item again."""

    decision: DecisionView
    reopened_by: str = ""
    reopened_at: float | None = None


class Page(msgspec.Struct, frozen=True):
    """Decisions, the latest first, and where the next page begins; None at the end."""

    entries: list[Entered]
    next: Place | None


def decided(
    store: Store, person: Person, asked: Asked, *, limit: int = 50, after: Place | None = None
) -> Page:
    """First decisions as `person` may see them.

    Second looks and golden items are not among them, and neither is what the person is to look at
    again without knowing what was decided.
    """
    hidden = blind(store, person)
    with store.reading() as session:
        rows = session.scalars(_query(asked, after).limit(limit)).all()
        entries = _entered(session, [row for row in rows if row.comment_id not in hidden])
    last = rows[-1] if len(rows) == limit else None
    return Page(entries, Place(last.at, last.pk) if last else None)


def every(store: Store, person: Person, asked: Asked, *, most: int) -> Iterator[Entered]:
    """The same one after the other, at most so many."""
    after: Place | None = None
    left = most
    while left > 0:
        page = decided(store, person, asked, limit=min(_CHUNK, left), after=after)
        yield from page.entries
        if page.next is None:
            return
        after = page.next
        left -= _CHUNK


def blind(store: Store, person: Person) -> set[str]:
    """Comments that the person looks at now without knowing what was decided."""
    query = (
        select(Item.id)
        .join(Look, Look.item == Item.pk)
        .where(
            Look.state == "waiting",
            Look.person == person.name,
            Look.claimed_until >= store.now(),
        )
    )
    with store.reading() as session:
        return set(session.scalars(query))


def _query(asked: Asked, after: Place | None) -> Select[Decision]:
    given: list[tuple[str, ColumnElement[bool]]] = [
        (asked.person, Decision.person == asked.person),
        (asked.action, Decision.action == asked.action),
        (asked.reason, Decision.reason == asked.reason),
        (asked.section, Decision.section == section(asked.section)),
        (asked.author_id, Decision.author_id == asked.author_id),
    ]
    query = select(Decision).where(
        Decision.kind == "decision", *(condition for value, condition in given if value)
    )
    if asked.since is not None:
        query = query.where(Decision.at >= asked.since)
    if asked.until is not None:
        query = query.where(Decision.at < asked.until)
    if after is not None:
        # The first condition alone is one for an index, on either database.
        query = query.where(
            Decision.at <= after.at, (Decision.at < after.at) | (Decision.pk < after.pk)
        )
    return query.order_by(Decision.at.desc(), Decision.pk.desc())


def _entered(session: Session, rows: Sequence[Decision]) -> list[Entered]:
    # The comment alone narrows it down in the database: nearly all decisions are not undone.
    query = select(
        Decision.action, Decision.previous, Decision.person, Decision.at, Decision.undone
    ).where(Decision.comment_id.in_({row.comment_id for row in rows}))
    again = {
        row.previous: row
        for row in session.execute(query)
        if row.action == "reopen" and row.undone is None
    }
    return [
        Entered(decision_view(row), again[row.pk].person, again[row.pk].at)
        if row.pk in again
        else Entered(decision_view(row))
        for row in rows
    ]
