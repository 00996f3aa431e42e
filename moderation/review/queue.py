"""Finding items and claiming them: who looks at what, one person at a time."""

import re
from collections.abc import Collection, Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select, text, update
from sqlalchemy.orm import Session

from moderation.errors import ReviewError
from moderation.review import looks
from moderation.review.intake import section
from moderation.review.log import timestamp
from moderation.review.models import WAITING, Decision, Item, ItemReason, Look, Skip
from moderation.review.rules import Person
from moderation.review.store import Store
from moderation.review.views import COLUMNS, DecisionView, ItemView, decision_view, item_view


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which items; what is not given does not filter. Ages are seconds since arrival."""

    state: Literal["open", "escalated"] = "open"
    reason: str = ""
    """A code among the item's reasons, also those that are only shown."""
    section: str = ""
    article_id: str = ""
    author_id: str = ""
    campaign: str = ""
    older_than: float | None = None
    younger_than: float | None = None
    least: float | None = None
    """Least score of `reason`, or least priority where no reason is given."""
    most: float | None = None
    """Largest score of `reason`, or largest priority."""
    words: str = ""
    """Words that the text or the author's name has, all of them."""


class Place(msgspec.Struct, frozen=True):
    """Where a page of the queue ends."""

    sort_key: float
    pk: int


class Page(msgspec.Struct, frozen=True):
    """Items in queue order, and where the next page begins; None at the end."""

    items: list[ItemView]
    next: Place | None


def waiting(
    store: Store, filters: Filters | None = None, *, limit: int = 50, after: Place | None = None
) -> Page:
    """Waiting items in their order, claimed ones among them."""
    filters = filters or Filters()
    query, key, pk = matching(store, select(*COLUMNS), filters)
    if after is not None:
        query = query.where(_behind(after, key, pk))
    with store.reading() as session:
        rows = session.execute(query.order_by(key, pk).limit(limit)).all()
    last = rows[-1] if len(rows) == limit else None
    return Page([item_view(row) for row in rows], Place(last.sort_key, last.pk) if last else None)


def of_campaign(
    store: Store, campaign: str, *, limit: int = 50, after: Place | None = None
) -> Page:
    """Items of a campaign in any state, in queue order; golden ones are nobody's business."""
    query = select(*COLUMNS).where(in_campaign(campaign), Item.state != "golden")
    if after is not None:
        query = query.where(_behind(after, Item.sort_key, Item.pk))
    with store.reading() as session:
        rows = session.execute(query.order_by(Item.sort_key, Item.pk).limit(limit)).all()
    last = rows[-1] if len(rows) == limit else None
    return Page([item_view(row) for row in rows], Place(last.sort_key, last.pk) if last else None)


def count(store: Store, filters: Filters | None = None, *, most: int = 10_000) -> int:
    """How many items wait, counted up to `most`."""
    query, _, _ = matching(store, select(Item.pk), filters or Filters())
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(query.limit(most).subquery())) or 0


def get(store: Store, comment_id: str) -> ItemView:
    """An item in any state; ReviewError when there is none."""
    with store.reading() as session:
        row = session.execute(select(*COLUMNS).where(Item.id == comment_id)).one_or_none()
    if row is None:
        raise _unknown(comment_id)
    return item_view(row)


def history(store: Store, comment_id: str) -> list[DecisionView]:
    """Every decision on a comment, the first one first."""
    query = select(Decision).where(Decision.comment_id == comment_id, Decision.kind == "decision")
    with store.reading() as session:
        return [decision_view(row) for row in session.scalars(query.order_by(Decision.pk))]


def claim_next(
    store: Store,
    person: Person,
    filters: Filters | None = None,
    *,
    besides: Collection[str] = (),
) -> ItemView | None:
    """Claim the next free item; None when there is none.

    What the person holds already comes first, except `besides`: so a console that comes back
    finds its item, and one that has it on the screen gets the next one. Now and then it is a
    second look or a golden item, which look the same.
    """
    filters = filters or Filters()
    if filters.state == "escalated" and not person.leads:
        raise ReviewError("not_allowed", "escalated items are for leads")
    now = store.now()
    # A claim that a power cut undoes harms nobody.
    with store.writing(durable=False) as session:
        found = _held(store, session, person, filters, besides)
        if found is None and filters.state == "open":
            found = looks.claim(store, session, person, turn=store.chance())
        if found is None:
            found = _claim_free(store, session, person, filters)
        if found is None and filters.state == "open":
            # The queue is empty: there is time for looking again.
            found = looks.claim(store, session, person, turn=0.0)
    until = now + store.rules.lease
    if found is None:
        return None
    return item_view(found, state=filters.state, claimed_by=person.name, claimed_until=until)


def claim(store: Store, person: Person, comment_id: str) -> ItemView:
    """Claim this waiting item; ReviewError when somebody else holds it, or it does not wait."""
    now = store.now()
    until = now + store.rules.lease
    with store.writing(durable=False) as session:
        row = session.execute(
            select(Item.pk, Item.state, Item.claimed_by, Item.claimed_at, Item.claimed_until)
            .where(Item.id == comment_id)
            .with_for_update()
        ).one_or_none()
        if row is None:
            raise _unknown(comment_id)
        if row.state not in WAITING:
            raise ReviewError("decided", f"comment {comment_id} is {row.state}: a lead may reopen")
        if row.state == "escalated" and not person.leads:
            raise ReviewError("not_allowed", f"comment {comment_id} is escalated: for a lead")
        require_free(row, person, now)
        begun = row.claimed_at if _holds(row, person, now) else now
        claimed = session.execute(
            update(Item)
            .where(Item.pk == row.pk)
            .values(claimed_by=person.name, claimed_at=begun, claimed_until=until)
            .returning(*COLUMNS)
        ).one()
    return item_view(claimed)


def renew(store: Store, person: Person) -> int:
    """Prolong what the person holds, since there was activity; how many items it is."""
    now = store.now()
    until = now + store.rules.lease
    with store.writing(durable=False) as session:
        items = session.execute(
            update(Item).where(_mine(person), Item.claimed_until >= now).values(claimed_until=until)
        )
        second = session.execute(
            update(Look)
            .where(Look.state == "waiting", Look.person == person.name, Look.claimed_until >= now)
            .values(claimed_until=until)
        )
    return _count(items) + _count(second)


def release(store: Store, person: Person, comment_ids: Collection[str] | None = None) -> int:
    """Give up claims: these, or all that the person holds; how many it were."""
    with store.writing(durable=False) as session:
        mine = update(Item).where(_mine(person))
        again = update(Look).where(Look.state == "waiting", Look.person == person.name)
        if comment_ids is not None:
            mine = mine.where(Item.id.in_(comment_ids))
            again = again.where(Look.item.in_(select(Item.pk).where(Item.id.in_(comment_ids))))
        items = session.execute(mine.values(claimed_by="", claimed_until=0.0))
        second = session.execute(again.values(claimed_until=0.0))
    return _count(items) + _count(second)


def require_free(row: Any, person: Person, now: float) -> None:
    """ReviewError when somebody else holds the item."""
    if row.claimed_by not in {"", person.name} and row.claimed_until >= now:
        raise ReviewError("held", f"{row.claimed_by} holds it until {timestamp(row.claimed_until)}")


def _holds(row: Any, person: Person, now: float) -> bool:
    return bool(row.claimed_by == person.name and row.claimed_until >= now)


def in_campaign(campaign: str) -> ColumnElement[bool]:
    """Items of a campaign, in the words of its index."""
    return and_(Item.campaign == campaign, Item.campaign != literal_column("''"))


def _behind(after: Place, key: Any, pk: Any) -> ColumnElement[bool]:
    """What comes after a place in the order of these columns."""
    return or_(key > after.sort_key, (key == after.sort_key) & (pk > after.pk))


def _mine(person: Person) -> ColumnElement[bool]:
    """Items that the person has claimed, in the words of the index over claimed items."""
    return and_(Item.claimed_by == person.name, Item.claimed_by != literal_column("''"))


def _unknown(comment_id: str) -> ReviewError:
    return ReviewError("not_found", f"no comment {comment_id} is in the queue")


def _count(result: Any) -> int:
    number: int = result.rowcount
    return number


def _held(
    store: Store, session: Session, person: Person, filters: Filters, besides: Collection[str]
) -> Any:
    """What the person holds already, with its lease renewed."""
    now = store.now()
    claims = session.execute(
        select(*COLUMNS).where(_mine(person), Item.claimed_until >= now).order_by(Item.claimed_at)
    )
    held = next(
        (row for row in claims if row.state == filters.state and row.id not in besides), None
    )
    if held is not None:
        session.execute(
            update(Item).where(Item.pk == held.pk).values(claimed_until=now + store.rules.lease)
        )
        return held
    return looks.held(store, session, person, besides) if filters.state == "open" else None


def _claim_free(store: Store, session: Session, person: Person, filters: Filters) -> Any:
    """Claim the first item that nobody holds and that the person has not skipped."""
    now = store.now()
    skipped = (
        select(Skip.item)
        .where(Skip.item == Item.pk, Skip.person == person.name, Skip.revision == Item.revision)
        .exists()
    )
    query, key, pk = matching(store, select(Item.pk), filters)
    first = (
        query.where(Item.claimed_until < now, ~skipped)
        .order_by(key, pk)
        .limit(1)
        # Two who ask at once get two items, and neither waits for the other.
        .with_for_update(skip_locked=True, of=Item)
    )
    return session.execute(
        update(Item)
        .where(Item.pk == first.scalar_subquery())
        .values(claimed_by=person.name, claimed_at=now, claimed_until=now + store.rules.lease)
        .returning(*COLUMNS)
    ).one_or_none()


def matching(store: Store, query: Select[Any], filters: Filters) -> tuple[Select[Any], Any, Any]:
    """The query with its conditions, and the columns of its order.

    State and reason are written into the statement, since the indexes over open items hold for
    the written words only.
    """
    key: Any = Item.sort_key
    pk: Any = Item.pk
    query = query.where(Item.state == literal_column(f"'{filters.state}'"))
    if filters.reason:
        query = query.join(ItemReason, ItemReason.item == Item.pk).where(
            ItemReason.code == filters.reason
        )
        if filters.state == "open":
            query = query.where(ItemReason.open == literal_column("1"))
            # The reason's own index is in queue order.
            key, pk = ItemReason.sort_key, ItemReason.item
    return query.where(*_conditions(store, filters)), key, pk


def _conditions(store: Store, filters: Filters) -> Sequence[ColumnElement[bool]]:
    score: Any = ItemReason.score if filters.reason else Item.priority
    now = store.now()
    given: list[tuple[Any, Any]] = [
        (filters.section, Item.section == section(filters.section)),
        (filters.article_id, Item.article_id == filters.article_id),
        (filters.author_id, Item.author_id == filters.author_id),
        (filters.campaign, in_campaign(filters.campaign)),
    ]
    found = [condition for value, condition in given if value]
    if filters.older_than is not None:
        found.append(Item.arrived_at <= now - filters.older_than)
    if filters.younger_than is not None:
        found.append(Item.arrived_at >= now - filters.younger_than)
    if filters.least is not None:
        found.append(score >= filters.least)
    if filters.most is not None:
        found.append(score <= filters.most)
    if filters.words.strip():
        found.append(_has_words(store, filters.words))
    return found


def _has_words(store: Store, words: str) -> ColumnElement[bool]:
    """Items whose text or author has all the words; what the person typed is no query language."""
    if store.is_sqlite:
        quoted = " ".join(f'"{word}"' for word in re.findall(r"\w+", words)) or '""'
        return Item.pk.in_(
            select(literal_column("rowid"))
            .select_from(text("review_words"))
            .where(text("review_words MATCH :words").bindparams(words=quoted))
        )
    vector: ColumnElement[Any] = literal_column(
        "to_tsvector('simple', author_name || ' ' || review_items.text)"
    )
    matches: ColumnElement[bool] = vector.op("@@")(
        func.plainto_tsquery(literal_column("'simple'"), words)
    )
    return matches
