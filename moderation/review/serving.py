"""Which item a person gets next in the console, and what this person may see of an item."""

import json
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from moderation.errors import ReviewError
from moderation.review import pacing, queue
from moderation.review.models import WAITING, Decision, Item, Look, Skip
from moderation.review.pacing import harsh_codes
from moderation.review.queue import Filters
from moderation.review.rules import Person
from moderation.review.store import Store
from moderation.review.views import COLUMNS, ItemView, item_view

HOUR: Final = 3_600.0
_LOOKED_THROUGH: Final = 20


def next_item(
    store: Store,
    person: Person,
    filters: Filters,
    *,
    on_screen: Sequence[ItemView] = (),
    interleave: bool = True,
) -> ItemView | None:
    """Claim what the person gets after what is on the screen; None when nothing waits.

    It is `claim_next`, except that a mild item may come first when the last ones were harsh.
    """
    besides = [view.id for view in on_screen]
    if interleave and filters.state == "open":
        lately = harsh_lately(store, person)
        lately += [bool(pacing.harsh_codes_of(view.judged)) for view in on_screen]
        if len(lately) >= pacing.IN_A_ROW and all(lately[-pacing.IN_A_ROW :]):
            mild = _claim_mild(store, person, filters, besides, lately)
            if mild is not None:
                return mild
    return queue.claim_next(store, person, filters, besides=besides)


def harsh_lately(store: Store, person: Person) -> list[bool]:
    """Of the items that the person decided within the hour whether they were harsh, in order."""
    query = select(Decision.flagged).where(
        Decision.person == person.name,
        Decision.at >= store.now() - HOUR,
        Decision.undone.is_(None),
    )
    with store.reading() as session:
        found = session.scalars(query.order_by(Decision.at, Decision.pk)).all()
    return [
        bool(harsh_codes({code: score for code, (score, _) in json.loads(flagged).items()}))
        for flagged in found
    ]


def seen_by(store: Store, person: Person, comment_id: str) -> tuple[ItemView, bool]:
    """An item as this person may see it, and whether it is blind.

    What the person has claimed for a second look, or as a golden item, looks like any waiting
    item: its history must not be shown beside it. ReviewError when there is no such item.
    """
    now = store.now()
    with store.reading() as session:
        row = session.execute(select(*COLUMNS).where(Item.id == comment_id)).one_or_none()
        until = None
        if row is not None:
            until = session.scalar(
                select(Look.claimed_until).where(
                    Look.item == row.pk,
                    Look.state == "waiting",
                    Look.person == person.name,
                    Look.claimed_until >= now,
                )
            )
    # A golden item that is not this person's to look at is nobody's business but a lead's.
    if row is None or (row.state == "golden" and until is None and not person.leads):
        raise ReviewError("not_found", f"no comment {comment_id} is in the queue")
    if until is None:
        return item_view(row), False
    return item_view(row, state="open", claimed_by=person.name, claimed_until=until), True


def take(store: Store, person: Person, comment_id: str) -> ItemView:
    """Claim an item that the person has chosen, or go on with a look that was begun.

    ReviewError as from `queue.claim`.
    """
    view, blind = seen_by(store, person, comment_id)
    return view if blind else queue.claim(store, person, comment_id)


def _claim_mild(
    store: Store, person: Person, filters: Filters, besides: Sequence[str], lately: Sequence[bool]
) -> ItemView | None:
    now = store.now()
    found = queue.waiting(store, filters, limit=_LOOKED_THROUGH).items
    mine = [view for view in found if view.claimed_by == person.name and view.id not in besides]
    if any(view.claimed_until >= now for view in mine):
        # Whoever comes back gets what they hold before anything new.
        return None
    skipped = _skipped(store, person, [view.id for view in found])
    free = [
        view
        for view in found
        if view.claimed_until < now and view.id not in skipped and view.id not in besides
    ]
    at = pacing.place(lately, [pacing.ahead(view.judged) for view in free])
    if at == 0:
        return None
    try:
        return queue.claim(store, person, free[at].id)
    except ReviewError:
        # Somebody else was faster; the queue's own order will do.
        return None


def _skipped(store: Store, person: Person, comment_ids: Sequence[str]) -> set[str]:
    query = (
        select(Item.id)
        .join(Skip, (Skip.item == Item.pk) & (Skip.revision == Item.revision))
        .where(Item.id.in_(comment_ids), Skip.person == person.name)
    )
    with store.reading() as session:
        return set(session.scalars(query))


def may_decide(person: Person, view: ItemView) -> bool:
    """Whether the person's decision on an item in this state would be taken."""
    return view.state == "open" or (view.state in WAITING and person.leads)
