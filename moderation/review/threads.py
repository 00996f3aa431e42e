"""How hot threads are, and how they came to be so.

Records of a thread's heat come at least once; the newest one counts, in whatever order they come.
Times are seconds since the epoch.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import delete, func, literal_column, select, update
from sqlalchemy.orm import Session

from moderation.errors import RecordError
from moderation.review.locks import alone, portions
from moderation.review.models import Item, Thread
from moderation.review.plain import plain
from moderation.review.store import Store
from moderation.trolling.decay import DAY
from moderation.trolling.heat import COOL_AT, EXPIRES_AFTER, HeatRecord
from moderation.trolling.logistic import in_words

POINTS: Final = 60
"""Most points of a thread's history."""
LATELY: Final = DAY
_MAX_ID: Final = 256
_LATEST: Final = 1e11

Point = tuple[float, float]
"""Time and heat."""


class ThreadView(msgspec.Struct, frozen=True, kw_only=True):
    """A thread as a moderator sees it."""

    article_id: str
    heat: float
    """Forecast of its derailing as it was last told, 0..1."""
    at: float
    """When that was."""
    tipped: str
    """Id of the comment that made it hot; empty while it is calm."""
    detail: str
    """A sentence on what makes it hot."""
    history: list[Point]
    waiting: int
    """Items that wait for a decision."""


def check(record: HeatRecord) -> None:
    """RecordError when no table can hold the record."""
    if not record.article_id:
        raise RecordError("missing_field", "article_id is empty")
    for name in ("article_id", "tipped"):
        if len(getattr(record, name)) > _MAX_ID:
            raise RecordError("too_long", f"{name} has {len(getattr(record, name))} characters")
    if not 0 <= record.heat <= 1:
        raise RecordError("out_of_range", f"heat is {record.heat}")
    if not 0 <= record.at <= _LATEST:
        raise RecordError("out_of_range", f"at is {record.at}")


def take_in(store: Store, records: Sequence[HeatRecord]) -> int:
    """Store records that pass `check` in one transaction; of how many threads they were.

    Items show their thread's heat without being written to.
    """
    by_article: dict[str, list[HeatRecord]] = {}
    for record in records:
        by_article.setdefault(plain(record.article_id), []).append(record)
    if not by_article:
        return 0
    with store.writing() as session:
        alone(store, session)
        rows: list[dict[str, Any]] = []
        known = _known(session, by_article)
        for article_id, told in sorted(by_article.items()):
            grown = _grown(article_id, known.get(article_id), told)
            rows.append(grown | {"told_at": store.now()})
        statement = store.insert(Thread)
        set_ = {name: statement.excluded[name] for name in rows[0] if name != "article_id"}
        session.execute(
            statement.on_conflict_do_update(index_elements=["article_id"], set_=set_), rows
        )
        return len(rows)


def history(store: Store, article_id: str) -> list[Point]:
    """At most `POINTS` times with the thread's heat then, in order; thinned where they are many."""
    with store.reading() as session:
        kept = session.scalar(select(Thread.history).where(Thread.article_id == article_id))
    return _points(kept)


def hot(
    store: Store, *, least: float = COOL_AT, within: float = LATELY, limit: int = 50
) -> list[ThreadView]:
    """Threads of at least this heat that were told of lately (seconds), the hottest first."""
    query = (
        select(Thread)
        .where(Thread.at >= store.now() - within, Thread.heat >= least)
        .order_by(Thread.heat.desc(), Thread.at.desc(), Thread.article_id)
        .limit(limit)
    )
    with store.reading() as session:
        rows = session.scalars(query).all()
        names = [row.article_id for row in rows]
        counted = select(Thread.article_id, _open_items()).where(Thread.article_id.in_(names))
        waiting: Counter[str] = Counter(dict(session.execute(counted).all()))
        # Few, and so found by their state.
        escalated = select(Item.article_id).where(
            Item.state == literal_column("'escalated'"), Item.article_id.in_(names)
        )
        waiting.update(session.scalars(escalated))
    return [
        ThreadView(
            article_id=row.article_id,
            heat=row.heat,
            at=row.at,
            tipped=row.tipped,
            detail=row.detail,
            history=_points(row.history),
            waiting=waiting[row.article_id],
        )
        for row in rows
    ]


def expire(store: Store) -> int:
    """Forget threads that nobody has told of for long; how many."""
    with store.writing() as session:
        alone(store, session)
        gone: Any = session.execute(
            delete(Thread).where(Thread.told_at < store.now() - EXPIRES_AFTER)
        )
        return int(gone.rowcount)


def erase(session: Session, author_id: str) -> None:
    """Forget that comments of an author tipped threads."""
    theirs = select(Item.id).where(Item.author_id == author_id)
    session.execute(update(Thread).where(Thread.tipped.in_(theirs)).values(tipped=""))


def _grown(article_id: str, row: Any, told: Sequence[HeatRecord]) -> dict[str, Any]:
    """The row with what these records tell."""
    newest = max(told, key=lambda record: (record.at, record.heat, record.tipped))
    points = dict(_points(row and row["history"]))
    for record in sorted(told, key=lambda record: (record.at, record.heat)):
        points[record.at] = record.heat
    grown = {
        "article_id": article_id,
        "heat": newest.heat,
        "at": newest.at,
        "tipped": plain(newest.tipped),
        "detail": plain(in_words(newest.contributions)),
    }
    if row is not None and (row["at"], row["heat"]) > (newest.at, newest.heat):
        grown |= {name: row[name] for name in ("heat", "at", "tipped", "detail")}
    return grown | {"history": msgspec.json.encode(_thinned(sorted(points.items()))).decode()}


def _thinned(points: list[Point]) -> list[Point]:
    """At most `POINTS`, without those that stand closest to their neighbours in time."""
    while len(points) > POINTS:
        gaps = [
            (after[0] - before[0], index)
            for index, (before, after) in enumerate(zip(points, points[2:], strict=False), 1)
        ]
        del points[min(gaps)[1]]
    return points


def _known(session: Session, article_ids: Collection[str]) -> dict[str, Mapping[str, Any]]:
    columns = (
        Thread.article_id, Thread.heat, Thread.at, Thread.tipped, Thread.detail, Thread.history
    )  # fmt: skip
    return {
        row["article_id"]: dict(row)
        for some in portions(sorted(article_ids))
        for row in session.execute(select(*columns).where(Thread.article_id.in_(some))).mappings()
    }


def _points(kept: str | None) -> list[Point]:
    return msgspec.json.decode(kept, type=list[Point]) if kept else []


def _open_items() -> Any:
    """How many open items a thread has.

    Asked for each thread by itself, and in the words of the index over open items: else SQLite goes
    through all that wait.
    """
    theirs = Item.article_id == Thread.article_id
    counted = select(func.count()).where(theirs, Item.state == literal_column("'open'"))
    return counted.correlate(Thread).scalar_subquery()
