"""The tables of the review store, the same on SQLite and PostgreSQL.

Times are seconds since the epoch, UTC. Texts that came as JSON stay JSON in a text column: the
store looks into none of them.
"""

from typing import Any, ClassVar, Final, Literal

from sqlalchemy import (
    BigInteger,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
)
from sqlalchemy import (
    text as sql,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

State = Literal["open", "escalated", "approved", "rejected", "golden"]
Action = Literal["approve", "reject", "ban_suggest", "escalate", "skip"]
Outcome = Literal["approve", "reject"]
Kind = Literal["decision", "second", "golden"]

WAITING: Final[tuple[State, ...]] = ("open", "escalated")

# SQLite numbers rows only when the key is called INTEGER.
KEY = BigInteger().with_variant(Integer, "sqlite")
_OPEN: Final = sql("state = 'open'")
_IN_CAMPAIGN: Final = sql("campaign <> ''")
_CLAIMED: Final = sql("claimed_by <> ''")
_GOLDEN: Final = sql("kind = 'golden'")
# Compared as bytes on either database, whatever the language of PostgreSQL's.
_Bytewise = Text().with_variant(Text(collation="C"), "postgresql")


class Base(DeclarativeBase):
    """Of every table."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {float: Double, int: BigInteger, str: Text}


def _queue_index(name: str, *columns: str) -> Index:
    """An index in queue order over the open items alone, since they stay few."""
    options: dict[str, Any] = {"sqlite_where": _OPEN, "postgresql_where": _OPEN}
    # SQLite looks at the items unless the state is in the index as well.
    return Index(name, *columns, "sort_key", "pk", "state", **options)


class Item(Base):
    """A comment that was flagged, in its newest form."""

    __tablename__ = "review_items"
    __table_args__ = (
        _queue_index("review_open_section", "section"),
        _queue_index("review_open_article", "article_id"),
        # The arrival is in it so that ages are counted without looking at the items.
        Index("review_items_state", "state", "sort_key", "pk", "arrived_at"),
        Index("review_items_author", "author_id"),
        Index(
            "review_items_campaign",
            "campaign",
            "sort_key",
            "pk",
            sqlite_where=_IN_CAMPAIGN,
            postgresql_where=_IN_CAMPAIGN,
        ),
        Index(
            "review_campaign_states",
            "campaign",
            "state",
            sqlite_where=_IN_CAMPAIGN,
            postgresql_where=_IN_CAMPAIGN,
        ),
        Index(
            "review_items_claimed",
            "claimed_by",
            sqlite_where=_CLAIMED,
            postgresql_where=_CLAIMED,
        ),
    )

    pk: Mapped[int] = mapped_column(KEY, primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    """Comment id."""
    item_id: Mapped[str]
    """Comment id and revision."""
    revision: Mapped[int]
    version: Mapped[int]
    """Goes up with each change of content or state."""
    state: Mapped[str]
    priority: Mapped[float]
    sort_key: Mapped[float]
    arrived_at: Mapped[float]
    """When the first form of the comment came to Kafka."""
    judged_at: Mapped[str]
    source: Mapped[str]
    """`topic/partition/offset` of the input."""
    fingerprint: Mapped[str]
    """Digest of what a moderator sees."""
    article_id: Mapped[str]
    author_id: Mapped[str]
    author_name: Mapped[str]
    section: Mapped[str]
    reason: Mapped[str]
    """Code of the strongest reason."""
    text: Mapped[str]
    record: Mapped[str]
    """The judged record as JSON."""
    campaign: Mapped[str] = mapped_column(server_default="")
    heat: Mapped[float | None]
    """What its record forecast of the thread's derailing, 0..1; the thread's row says it newer."""
    claimed_by: Mapped[str] = mapped_column(server_default="")
    claimed_at: Mapped[float] = mapped_column(server_default=sql("0"))
    claimed_until: Mapped[float] = mapped_column(server_default=sql("0"))
    decision: Mapped[int | None]
    """The decision in force."""
    allowed: Mapped[int] = mapped_column(server_default=sql("0"))
    """1 when its newest form is an edit in which nothing is flagged."""


class ItemReason(Base):
    """A reason for which an item was flagged, or one that is shown beside it."""

    __tablename__ = "review_item_reasons"
    __table_args__ = (
        Index(
            "review_reasons_open",
            "code",
            "sort_key",
            "item",
            sqlite_where=sql("open = 1"),
            postgresql_where=sql("open = 1"),
        ),
    )

    item: Mapped[int] = mapped_column(
        KEY, ForeignKey("review_items.pk", ondelete="CASCADE"), primary_key=True
    )
    code: Mapped[str] = mapped_column(primary_key=True)
    score: Mapped[float]
    flagged: Mapped[int]
    """1: sent it to review; 0: is shown only."""
    sort_key: Mapped[float]
    open: Mapped[int]
    """1 while the item is open; with `sort_key`, so that a rare reason has an order of its own."""


class ItemVersion(Base):
    """What an item said up to a version, written when it is about to change."""

    __tablename__ = "review_item_versions"
    __table_args__ = (Index("review_item_versions_at", "at"),)

    item: Mapped[int] = mapped_column(
        KEY, ForeignKey("review_items.pk", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[str]
    at: Mapped[float]
    allowed: Mapped[int] = mapped_column(server_default=sql("0"))
    """1 when nothing in it was flagged."""


class Edit(Base):
    """An edit in which nothing is flagged, of a comment that is not in the queue, or not yet."""

    __tablename__ = "review_edits"
    __table_args__ = (
        Index("review_edits_author", "author_id"),
        Index("review_edits_told", "told_at"),
    )

    comment_id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    judged_at: Mapped[str] = mapped_column(_Bytewise)
    author_id: Mapped[str]
    record: Mapped[str]
    """The judged record as JSON."""
    told_at: Mapped[float]


class Decision(Base):
    """What somebody decided on an item, at first sight, at a second look or on a golden item."""

    __tablename__ = "review_decisions"
    __table_args__ = (
        Index("review_decisions_item", "item_id"),
        Index("review_decisions_comment", "comment_id"),
        Index("review_decisions_person", "person", "at"),
        Index("review_decisions_action", "action", "at"),
        Index("review_decisions_reason", "reason", "at"),
        Index("review_decisions_section", "section", "at"),
        Index("review_decisions_author", "author_id", "at"),
        Index("review_decisions_kind", "kind", "at", "action", "undone"),
        Index("review_decisions_batch", "batch"),
        Index("review_decisions_entry", "entry"),
        Index("review_decisions_undone", "undone"),
    )

    pk: Mapped[int] = mapped_column(KEY, primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    batch: Mapped[str] = mapped_column(server_default="")
    """Of decisions that were made, and are undone, as one."""
    kind: Mapped[str]
    comment_id: Mapped[str]
    item_id: Mapped[str]
    author_id: Mapped[str]
    section: Mapped[str]
    action: Mapped[str]
    reason: Mapped[str]
    note: Mapped[str]
    person: Mapped[str]
    at: Mapped[float]
    seconds: Mapped[float | None]
    """From claim to decision."""
    from_state: Mapped[str]
    to_state: Mapped[str]
    version: Mapped[int]
    """Of the item after it."""
    flagged: Mapped[str]
    """`{code: [score, threshold]}` of the reasons, JSON."""
    previous: Mapped[int | None]
    """The decision that was in force before."""
    look: Mapped[int | None]
    undone: Mapped[int | None]
    """The number of the entry that took it back."""
    erased: Mapped[int] = mapped_column(server_default=sql("0"))
    """1 when the author was erased, and note and author with them."""
    entry: Mapped[int]
    """Its number in the log."""


class Skip(Base):
    """Who need not see a version of an item again."""

    __tablename__ = "review_skips"

    item: Mapped[int] = mapped_column(
        KEY, ForeignKey("review_items.pk", ondelete="CASCADE"), primary_key=True
    )
    person: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    at: Mapped[float]


class Look(Base):
    """A second look at a settled item, or one person's look at a golden item."""

    __tablename__ = "review_looks"
    __table_args__ = (
        Index("review_looks_state", "state", "kind", "pk"),
        Index("review_looks_person", "person", "state"),
        Index(
            "review_looks_golden",
            "item",
            "person",
            unique=True,
            sqlite_where=_GOLDEN,
            postgresql_where=_GOLDEN,
        ),
    )

    pk: Mapped[int] = mapped_column(KEY, primary_key=True)
    kind: Mapped[str]
    item: Mapped[int] = mapped_column(KEY, ForeignKey("review_items.pk", ondelete="CASCADE"))
    item_id: Mapped[str]
    state: Mapped[str]
    """`waiting`, `done`, or `settled` by a lead."""
    first: Mapped[str]
    """Who decided first; nobody on a golden item."""
    expected: Mapped[str]
    """The first decision's action, or the golden answer."""
    expected_reason: Mapped[str]
    decision: Mapped[int | None]
    """The decision that was looked at again."""
    person: Mapped[str | None]
    answer: Mapped[int | None]
    """The decision that answers."""
    claimed_at: Mapped[float] = mapped_column(server_default=sql("0"))
    claimed_until: Mapped[float] = mapped_column(server_default=sql("0"))


class Golden(Base):
    """An item whose answer is known."""

    __tablename__ = "review_golden"

    item: Mapped[int] = mapped_column(
        KEY, ForeignKey("review_items.pk", ondelete="CASCADE"), primary_key=True
    )
    action: Mapped[str]
    reason: Mapped[str]
    added_by: Mapped[str]
    at: Mapped[float]


class Outbox(Base):
    """A record that has to be sent."""

    __tablename__ = "review_outbox"
    __table_args__ = (Index("review_outbox_due", "state", "pk"),)

    pk: Mapped[int] = mapped_column(KEY, primary_key=True)
    decision: Mapped[int]
    """The decision whose undoing withdraws it."""
    key: Mapped[str]
    value: Mapped[bytes] = mapped_column(LargeBinary)
    due_at: Mapped[float]
    state: Mapped[str]
    """`waiting`, `taken` by the sender, `sent`, or `withdrawn`."""
    sent_at: Mapped[float | None]


class Lease(Base):
    """A role that one process holds at a time."""

    __tablename__ = "review_leases"

    role: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[float]


class Entry(Base):
    """An entry of the log; triggers refuse to change or remove one."""

    __tablename__ = "review_log"
    __table_args__ = (Index("review_log_comment", "comment_id"),)

    number: Mapped[int] = mapped_column(KEY, primary_key=True, autoincrement=False)
    at: Mapped[str]
    """RFC 3339, UTC."""
    person: Mapped[str]
    action: Mapped[str]
    comment_id: Mapped[str]
    detail: Mapped[str]
    """Canonical JSON."""
    previous: Mapped[str]
    hash: Mapped[str]


class LogHead(Base):
    """The last entry's number and hash; whoever appends holds this row."""

    __tablename__ = "review_log_head"

    one: Mapped[int] = mapped_column(KEY, primary_key=True, autoincrement=False)
    number: Mapped[int]
    hash: Mapped[str]


class Band(Base):
    """A band of a decided text's MinHash signature."""

    __tablename__ = "review_bands"

    band: Mapped[int] = mapped_column(KEY, primary_key=True, autoincrement=False)
    item: Mapped[int] = mapped_column(
        KEY, ForeignKey("review_items.pk", ondelete="CASCADE"), primary_key=True
    )


class Campaign(Base):
    """A campaign as it was last told, or one that has become part of another."""

    __tablename__ = "review_campaigns"
    __table_args__ = (
        Index("review_campaigns_root", "root"),
        Index("review_campaigns_seen", "last_seen"),
        Index("review_campaigns_told", "told_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    root: Mapped[str]
    """The campaign that it belongs to by now; its own id while it stands alone."""
    moved: Mapped[int]
    """1 when it was told to have become part of another."""
    comments: Mapped[int]
    """0 while only others have told of it."""
    authors: Mapped[int]
    articles: Mapped[int]
    exact: Mapped[int]
    first_seen: Mapped[float]
    last_seen: Mapped[float]
    text: Mapped[str]
    varying: Mapped[str]
    """JSON."""
    article_ids: Mapped[str]
    """JSON."""
    told_at: Mapped[float]
    erased_at: Mapped[float] = mapped_column(server_default=sql("0"))
    """Texts seen until then are not kept, since an author of theirs was erased."""


class CampaignMember(Base):
    """A comment that a campaign was told to have, in the queue or not."""

    __tablename__ = "review_campaign_members"
    __table_args__ = (
        Index("review_campaign_members_comment", "comment_id"),
        Index("review_campaign_members_told", "told_at"),
    )

    item_id: Mapped[str] = mapped_column(primary_key=True)
    comment_id: Mapped[str]
    campaign: Mapped[str] = mapped_column(_Bytewise)
    """As it was told; where it has gone since is in its row."""
    told_at: Mapped[float]


class Thread(Base):
    """A thread's heat as it was last told."""

    __tablename__ = "review_threads"
    __table_args__ = (
        Index("review_threads_at", "at"),
        Index("review_threads_told", "told_at"),
    )

    article_id: Mapped[str] = mapped_column(primary_key=True)
    heat: Mapped[float]
    """Forecast of its derailing, 0..1."""
    at: Mapped[float]
    tipped: Mapped[str]
    """Id of the comment that made it hot."""
    detail: Mapped[str]
    history: Mapped[str]
    """`[[at, heat], ...]` in order, JSON."""
    told_at: Mapped[float]


class Day(Base):
    """How many comments came to the queue on a day."""

    __tablename__ = "review_days"

    day: Mapped[int] = mapped_column(KEY, primary_key=True, autoincrement=False)
    """Days since the epoch, UTC."""
    arrivals: Mapped[int]
