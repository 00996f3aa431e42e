"""Campaigns as the queue knows them, and which items belong to them.

Records of a campaign come at least once and in any order, before its comments and after them. What
is kept is what they say taken together, so that the order leaves no trace:

- of two records of one campaign the newer one counts: it was seen later, or has more comments;
- a comment that several campaigns were told to have counts to the least id of them; such campaigns
  are one by the next link that comes;
- linked campaigns are one group (union-find), whose id is that of the campaign which was never told
  to have moved, the least one where there are several.

Times are seconds since the epoch.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, delete, func, literal_column, select, update
from sqlalchemy.orm import Session

from moderation.errors import RecordError
from moderation.records import MAX_TEXT
from moderation.review.locks import alone, hold, portions
from moderation.review.models import WAITING, Campaign, CampaignMember, Item
from moderation.review.plain import plain
from moderation.review.store import Store
from moderation.trolling.campaigns import CampaignRecord
from moderation.trolling.decay import DAY

MEMBERS_KEPT: Final = 14 * DAY
"""How long a comment that is not in the queue is remembered as a campaign's."""
KEPT: Final = 90 * DAY
"""How long a campaign is kept after it was last told of."""
_MAX_ID: Final = 300
_MOST: Final = 2**53
_LATEST: Final = 1e11


class CampaignView(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign as a moderator sees it."""

    id: str
    comments: int
    """Comments that are alike, flagged or not; 0 where no record has told."""
    authors: int
    articles: int
    exact: bool
    """Whether the three counts are; otherwise they are right within a few per cent."""
    first_seen: float
    last_seen: float
    text: str
    """The most typical one; empty when it was erased."""
    varying: list[list[str]]
    """Where texts differ: each place with its wordings, that of `text` first."""
    article_ids: list[str]
    waiting: int
    """Items that wait for a decision."""


def check(record: CampaignRecord) -> None:
    """RecordError when no table can hold the record."""
    for name in ("id", "merged_into"):
        if len(getattr(record, name)) > _MAX_ID:
            raise RecordError("too_long", f"{name} has {len(getattr(record, name))} characters")
    if len(record.text) > MAX_TEXT:
        raise RecordError("too_long", f"text has {len(record.text)} characters")
    if not record.id:
        raise RecordError("missing_field", "id is empty")
    if any(not 0 < len(name) <= _MAX_ID for name in record.joined):
        raise RecordError("too_long", "an item id in joined is empty or too long")
    for name in ("comments", "authors", "articles"):
        if not 0 <= getattr(record, name) <= _MOST:
            raise RecordError("out_of_range", f"{name} is {getattr(record, name)}")
    for name in ("first_seen", "last_seen"):
        if not 0 <= getattr(record, name) <= _LATEST:
            raise RecordError("out_of_range", f"{name} is {getattr(record, name)}")


def take_in(store: Store, records: Sequence[CampaignRecord]) -> int:
    """Store records that pass `check` in one transaction; how many items found their campaign."""
    if not records:
        return 0
    with store.writing() as session:
        alone(store, session)
        said = [record for record in records if not record.merged_into]
        _store(store, session, said)
        moved = _link(store, session, [record for record in records if record.merged_into])
        joined = remember(
            store, session, ((name, record.id) for record in said for name in record.joined)
        )
        return _place(session, moved, joined)


def remember(store: Store, session: Session, told: Iterable[tuple[str, str]]) -> list[str]:
    """Remember comments' item ids as members of campaigns; the item ids, each once."""
    least: dict[str, str] = {}
    for item_id, campaign in told:
        name, other = plain(item_id), plain(campaign)
        least[name] = min(least.get(name, other), other)
    rows = [
        {
            "item_id": name,
            "comment_id": _comment_id(name),
            "campaign": campaign,
            "told_at": store.now(),
        }
        for name, campaign in sorted(least.items())
    ]
    if rows:
        statement = store.insert(CampaignMember)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["item_id"],
                set_={"campaign": statement.excluded.campaign},
                where=statement.excluded.campaign < CampaignMember.campaign,
            ),
            rows,
        )
    return sorted(least)


def of_items(session: Session, item_ids: Collection[str]) -> dict[str, str]:
    """The campaign of each of these item ids that has one."""
    found: dict[str, str] = {}
    for some in portions(sorted(item_ids)):
        rows = session.execute(
            select(CampaignMember.item_id, func.coalesce(Campaign.root, CampaignMember.campaign))
            .outerjoin(Campaign, Campaign.id == CampaignMember.campaign)
            .where(CampaignMember.item_id.in_(some))
        )
        found |= dict(rows.all())
    return found


def get(store: Store, campaign: str) -> CampaignView | None:
    """A campaign, or the one that it has become part of; None when nothing is known of it."""
    with store.reading() as session:
        root = session.scalar(select(Campaign.root).where(Campaign.id == campaign)) or campaign
        found = _views(session, [root])
    return found[0] if found else None


def listed(
    store: Store, *, all_of_them: bool = False, limit: int = 30, offset: int = 0
) -> list[CampaignView]:
    """Campaigns with waiting items, those with most first; or all of them, the latest first."""
    with store.reading() as session:
        if all_of_them:
            query = (
                select(Campaign.id)
                .where(Campaign.root == Campaign.id)
                .order_by(Campaign.last_seen.desc(), Campaign.id)
            )
        else:
            query = (
                select(Item.campaign)
                .outerjoin(Campaign, Campaign.id == Item.campaign)
                .where(*_waits())
                .group_by(Item.campaign, Campaign.last_seen)
                .order_by(func.count().desc(), Campaign.last_seen.desc(), Item.campaign)
            )
        return _views(session, session.scalars(query.limit(limit).offset(offset)).all())


def unknown(campaign: str) -> CampaignView:
    """What there is to show of a campaign of which only comments tell."""
    return _view(_row(CampaignRecord(id=campaign)), 0)


def expire(store: Store) -> int:
    """Forget members and campaigns that nobody has told of for long; how many."""
    now = store.now()
    with store.writing() as session:
        alone(store, session)
        members = session.execute(
            delete(CampaignMember).where(CampaignMember.told_at < now - MEMBERS_KEPT)
        )
        campaigns = session.execute(delete(Campaign).where(Campaign.told_at < now - KEPT))
        return _count(members) + _count(campaigns)


def erase(store: Store, session: Session, author_id: str) -> None:
    """Forget what tells of an author: memberships, and texts that may be the author's.

    A campaign keeps its samples without their authors, so every text goes of a campaign in which
    the author has an item, and records that Kafka delivers again do not bring one back.
    """
    theirs = select(Item.id).where(Item.author_id == author_id)
    session.execute(delete(CampaignMember).where(CampaignMember.comment_id.in_(theirs)))
    roots = session.scalars(
        select(Item.campaign).where(Item.author_id == author_id, Item.campaign != "").distinct()
    ).all()
    _ensure(store, session, roots)
    for some in portions(roots):
        session.execute(
            update(Campaign)
            .where(Campaign.root.in_(some))
            .values(text="", varying="[]", erased_at=store.now())
        )


def _ensure(store: Store, session: Session, names: Iterable[str]) -> None:
    """Make rows for campaigns of which no record has told yet."""
    rows = [
        {**_row(CampaignRecord(id=name)), "root": name, "moved": 0, "told_at": store.now()}
        for name in sorted(names)
    ]
    if rows:
        session.execute(store.insert(Campaign).on_conflict_do_nothing(), rows)


def _store(store: Store, session: Session, records: Sequence[CampaignRecord]) -> None:
    """Keep the newest record of each campaign."""
    newest: dict[str, dict[str, Any]] = {}
    for record in records:
        row = _row(record)
        known = newest.get(row["id"])
        if known is None or _newness(row) > _newness(known):
            newest[row["id"]] = row
    for row in _rows(session, newest):
        fresh = newest[row["id"]]
        if fresh["last_seen"] <= row["erased_at"]:
            fresh |= {"text": "", "varying": "[]"}
        if _newness(row) >= _newness(fresh):
            del newest[row["id"]]
    now = store.now()
    rows = [{"root": name, "moved": 0, "told_at": now, **newest[name]} for name in sorted(newest)]
    if rows:
        statement = store.insert(Campaign)
        set_ = {name: statement.excluded[name] for name in (*_TOLD, "told_at")}
        session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=set_), rows)


def _link(store: Store, session: Session, records: Sequence[CampaignRecord]) -> set[str]:
    """Make groups of campaigns that became one; those whose items may have to go elsewhere."""
    touched: set[str] = set()
    for record in records:
        name, other = plain(record.id), plain(record.merged_into)
        if name == other:
            continue
        _ensure(store, session, (name, other))
        session.execute(update(Campaign).where(Campaign.id == name).values(moved=1))
        roots = select(Campaign.root).where(Campaign.id.in_((name, other)))
        group = session.execute(
            select(Campaign.id, Campaign.root, Campaign.moved).where(Campaign.root.in_(roots))
        ).all()
        root = min((row.moved, row.id) for row in group)[1]
        before = {row.root for row in group}
        session.execute(update(Campaign).where(Campaign.root.in_(before)).values(root=root))
        touched |= before
    return touched


def _place(session: Session, names: Collection[str], item_ids: Collection[str]) -> int:
    """Take the items of these campaigns to where these have gone, and members to their campaign."""
    places: dict[int, str] = {}
    for some in portions(sorted(names)):
        moved = select(Item.pk, Campaign.root).join(Campaign, Campaign.id == Item.campaign)
        places |= dict(
            session.execute(
                moved.where(
                    Item.campaign.in_(some),
                    Item.campaign != literal_column("''"),
                    Campaign.root != Campaign.id,
                )
            ).all()
        )
    campaigns = of_items(session, item_ids)
    for some in portions(sorted(campaigns)):
        query = select(Item.pk, Item.item_id, Item.campaign).where(
            Item.id.in_([_comment_id(name) for name in some])
        )
        for row in session.execute(query):
            # An edited comment is in the campaign only if its new words are.
            if campaigns.get(row.item_id, row.campaign) != row.campaign:
                places[row.pk] = campaigns[row.item_id]
    put(session, places)
    return len(places)


def put(session: Session, places: Mapping[int, str]) -> None:
    """Write the campaigns of items, by the items' keys."""
    hold(session, places)
    if places:
        session.execute(
            update(Item), [{"pk": pk, "campaign": name} for pk, name in sorted(places.items())]
        )


_TOLD: Final = (
    "comments", "authors", "articles", "exact", "first_seen", "last_seen", "text", "varying",
    "article_ids",
)  # fmt: skip
"""Columns that a record tells."""


def _row(record: CampaignRecord) -> dict[str, Any]:
    return {
        "id": plain(record.id),
        "comments": record.comments,
        "authors": record.authors,
        "articles": record.articles,
        "exact": int(record.exact),
        "first_seen": record.first_seen,
        "last_seen": record.last_seen,
        "text": plain(record.text),
        "varying": msgspec.json.encode(record.varying).decode(),
        "article_ids": msgspec.json.encode(record.article_ids).decode(),
    }


def _newness(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Of two records the newer one has the greater; the rest only makes it the same every time."""
    return (
        row["last_seen"], row["comments"], row["authors"], row["articles"], -row["first_seen"],
        row["exact"], row["text"], row["varying"], row["article_ids"],
    )  # fmt: skip


def _rows(session: Session, names: Collection[str]) -> list[dict[str, Any]]:
    columns = [Campaign.id, Campaign.erased_at, *(getattr(Campaign, name) for name in _TOLD)]
    return [
        dict(row)
        for some in portions(sorted(names))
        for row in session.execute(select(*columns).where(Campaign.id.in_(some))).mappings()
    ]


def _views(session: Session, names: Sequence[str]) -> list[CampaignView]:
    """Views in the order of the names, of what is known of them."""
    known = {row["id"]: row for row in _rows(session, names)}
    query = select(Item.campaign, func.count()).where(*_waits(), Item.campaign.in_(names))
    waiting = dict(session.execute(query.group_by(Item.campaign)).all())
    return [
        _view(known.get(name) or _row(CampaignRecord(id=name)), waiting.get(name, 0))
        for name in names
        if name in known or name in waiting
    ]


def _view(row: Mapping[str, Any], waiting: int) -> CampaignView:
    return CampaignView(
        **{name: row[name] for name in ("id", *_TOLD[:3], "first_seen", "last_seen", "text")},
        exact=bool(row["exact"]),
        varying=msgspec.json.decode(row["varying"], type=list[list[str]]),
        article_ids=msgspec.json.decode(row["article_ids"], type=list[str]),
        waiting=waiting,
    )


def _waits() -> tuple[ColumnElement[bool], ...]:
    """Waiting items of campaigns, in the words of the index over campaigns and their states.

    The state is put so that SQLite does not begin with all items that wait.
    """
    return Item.campaign != literal_column("''"), Item.state.concat("").in_(WAITING)


def _comment_id(item_id: str) -> str:
    """An item id is `comment#revision`."""
    return item_id.rpartition("#")[0] or item_id


def _count(result: Any) -> int:
    count: int = result.rowcount
    return count
