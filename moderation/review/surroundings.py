"""What stands around an item: its author's past, its thread, its earlier forms."""

import bisect
import math
from typing import Final

import msgspec
from sqlalchemy import func, literal_column, select

from moderation.records import Judged, decode_judged
from moderation.review import log
from moderation.review.models import Decision, Item, ItemVersion
from moderation.review.order import sort_key
from moderation.review.queue import in_campaign
from moderation.review.rules import Person
from moderation.review.store import Store
from moderation.review.views import COLUMNS, DecisionView, ItemView, decision_view, item_view

_OF_THREAD: Final = 100


class Past(msgspec.Struct, frozen=True):
    """An earlier comment of an author that was decided."""

    comment_id: str
    judged: Judged
    state: str
    reason: str
    at: float


class AuthorHistory(msgspec.Struct, frozen=True):
    """What the queue knows of an author, besides the item in hand."""

    approved: int
    rejected: int
    waiting: int
    last: list[Past]
    """The latest first."""


class Form(msgspec.Struct, frozen=True):
    """What an item said up to a version."""

    version: int
    judged: Judged
    at: float
    """When it was replaced."""


class Thread(msgspec.Struct, frozen=True):
    """Waiting items of the same article, in the order of their arrival."""

    before: list[ItemView]
    after: list[ItemView]


def author_history(
    store: Store, person: Person, view: ItemView, *, limit: int = 4
) -> AuthorHistory:
    """The history of an item's author without the item itself; the reading is logged.

    The item stays out since a second look must not show what was decided at the first.
    """
    author = view.judged.author_id
    log.record(store, person.name, "read_author", view.id, author=log.digest(author))
    others = (Item.author_id == author, Item.id != view.id)
    with store.reading() as session:
        counts = {
            row.state: row.number
            for row in session.execute(
                select(Item.state, func.count().label("number")).where(*others).group_by(Item.state)
            )
        }
        last = session.execute(
            select(Item.id, Item.record, Item.state, Decision.reason, Decision.at)
            .join(Decision, Decision.pk == Item.decision)
            .where(*others, Item.state.in_(["approved", "rejected"]))
            .order_by(Decision.at.desc())
            .limit(limit)
        ).all()
    return AuthorHistory(
        counts.get("approved", 0),
        counts.get("rejected", 0),
        counts.get("open", 0) + counts.get("escalated", 0),
        [
            Past(row.id, decode_judged(row.record.encode()), row.state, row.reason, row.at)
            for row in last
        ],
    )


def thread(store: Store, view: ItemView, *, each: int = 3) -> Thread:
    """The nearest waiting items of the same article, before and after an item."""
    # Their places first, of which an index knows most; the records of the few that are shown then.
    places = (
        select(Item.pk, Item.arrived_at)
        .where(
            Item.article_id == view.judged.article_id,
            Item.state == literal_column("'open'"),
            Item.id != view.id,
        )
        .order_by(Item.sort_key, Item.pk)
        .limit(_OF_THREAD)
    )
    with store.reading() as session:
        found = sorted((row.arrived_at, row.pk) for row in session.execute(places))
        at = bisect.bisect_right(found, (view.arrived_at, math.inf))
        near = [pk for _, pk in found[max(0, at - each) : at + each]]
        rows = session.execute(select(*COLUMNS).where(Item.pk.in_(near)))
        views = {row.pk: item_view(row) for row in rows}
    shown = [views[pk] for pk in near]
    return Thread(shown[: min(at, each)], shown[min(at, each) :])


def in_queue(store: Store, campaign: str) -> int:
    """How many items of a campaign are here, in any state."""
    with store.reading() as session:
        return session.scalar(select(func.count(Item.pk)).where(in_campaign(campaign))) or 0


def forms(store: Store, comment_id: str) -> list[Form]:
    """The earlier forms of an item, the first one first."""
    query = (
        select(ItemVersion.version, ItemVersion.content, ItemVersion.at)
        .join(Item, Item.pk == ItemVersion.item)
        .where(Item.id == comment_id)
        .order_by(ItemVersion.version)
    )
    with store.reading() as session:
        return [
            Form(row.version, decode_judged(row.content.encode()), row.at)
            for row in session.execute(query)
        ]


def made(store: Store, person: Person, name: str) -> list[DecisionView]:
    """The person's own decisions with this id, or of this batch, that are not undone."""
    if not name:
        return []
    query = select(Decision).where(
        (Decision.id == name) | (Decision.batch == name),
        Decision.person == person.name,
        Decision.undone.is_(None),
    )
    with store.reading() as session:
        return [decision_view(row) for row in session.scalars(query.order_by(Decision.pk))]


def in_order(found: list[ItemView], extra: ItemView) -> list[ItemView]:
    """A list in queue order with one more item at its place, if it is not there.

    A second look stands in no list of what waits; put in, it cannot be told from a first one.
    """
    if any(view.id == extra.id for view in found):
        return found
    return sorted([*found, extra], key=lambda view: sort_key(view.priority, view.arrived_at))
