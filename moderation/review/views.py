"""What the queue shows of its items and decisions."""

from typing import Any

import msgspec
from sqlalchemy import case, func, select

from moderation.records import Judged, decode_judged
from moderation.review.models import Decision, Item, ItemVersion, Thread


class ItemView(msgspec.Struct, frozen=True, kw_only=True):
    """An item as a moderator sees it. Times are seconds since the epoch."""

    id: str
    """Comment id."""
    item_id: str
    version: int
    """A decision names it."""
    state: str
    judged: Judged
    priority: float
    arrived_at: float
    campaign: str
    heat: float | None
    """Of its thread now, or what its own record forecast, 0..1."""
    claimed_by: str
    claimed_until: float
    earlier: Judged | None = None
    """The form that was flagged last, where the author has edited it since and nothing in the newer
    words is flagged; None otherwise."""


class DecisionView(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as the log of decisions shows it."""

    id: str
    batch: str
    kind: str
    comment_id: str
    item_id: str
    author_id: str
    section: str
    action: str
    reason: str
    note: str
    person: str
    at: float
    seconds: float | None
    from_state: str
    to_state: str
    undone: bool


_HEAT = (
    select(Thread.heat)
    .where(Thread.article_id == Item.article_id)
    .correlate(Item)
    .scalar_subquery()
)
"""Of the item's thread as it is now. Written to each of its items it would cost thousands of writes
for one comment of a long thread."""

_EARLIER = (
    select(ItemVersion.content)
    .where(ItemVersion.item == Item.pk, ItemVersion.allowed == 0)
    .order_by(ItemVersion.version.desc())
    .limit(1)
    .correlate(Item)
    .scalar_subquery()
)
"""The item's last form that was flagged."""

COLUMNS: tuple[Any, ...] = (
    Item.pk,
    Item.id,
    Item.item_id,
    Item.version,
    Item.state,
    Item.record,
    Item.priority,
    Item.sort_key,
    Item.arrived_at,
    Item.campaign,
    func.coalesce(_HEAT, Item.heat).label("heat"),
    Item.claimed_by,
    Item.claimed_until,
    # Looked for only where there is one.
    case((Item.allowed == 1, _EARLIER)).label("earlier"),
)
"""What `item_view` needs of an item."""


def item_view(row: Any, **changes: Any) -> ItemView:
    """A row of `COLUMNS` as a view, with some fields said otherwise."""
    fields: dict[str, Any] = {
        "id": row.id,
        "item_id": row.item_id,
        "version": row.version,
        "state": row.state,
        "judged": decode_judged(row.record.encode()),
        "priority": row.priority,
        "arrived_at": row.arrived_at,
        "campaign": row.campaign,
        "heat": row.heat,
        "claimed_by": row.claimed_by,
        "claimed_until": row.claimed_until,
        "earlier": decode_judged(row.earlier.encode()) if row.earlier else None,
    }
    return ItemView(**fields | changes)


def decision_view(row: Decision) -> DecisionView:
    """A row as a view."""
    names = set(DecisionView.__struct_fields__) - {"undone"}
    return DecisionView(
        **{name: getattr(row, name) for name in names}, undone=row.undone is not None
    )
