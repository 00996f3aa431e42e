"""Edits in which nothing is flagged, remembered until their comments are here.

A flagged comment comes by a topic of its own and the ledger tells of its edits, so either may be
read first. Most edits are of comments that were never flagged; they are forgotten after a day.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session

from moderation.records import Judged, decode_judged, encode
from moderation.review.locks import alone, portions
from moderation.review.models import Edit
from moderation.review.plain import plain
from moderation.review.store import Store
from moderation.trolling.decay import DAY

KEPT: Final = DAY
"""How long an edit is remembered. Two topics that one process reads are not farther apart."""


class _Glance(msgspec.Struct):
    """As much of a judged record as tells whether it is an edit that was allowed."""

    decision: str
    revision: int = 0


_glance: Final = msgspec.json.Decoder(_Glance)


def concerns(value: bytes | None) -> bool:
    """Whether a record of the ledger is an edit that was allowed, or is broken.

    The ledger has every comment; what is neither is told apart without reading the rest of it.
    """
    try:
        seen = _glance.decode(value or b"")
    except (msgspec.DecodeError, RecursionError):
        # Whoever reads it whole says what is wrong.
        return True
    return seen.revision != 0 and seen.decision == "allow"


def remember(store: Store, session: Session, newest: Mapping[str, Judged]) -> None:
    """Remember edits, by comment id; of two of a comment the later."""
    now = store.now()
    rows = [
        {
            "comment_id": name,
            "revision": judged.revision,
            "judged_at": plain(judged.judged_at),
            "author_id": plain(judged.author_id),
            "record": encode(judged).decode(),
            "told_at": now,
        }
        for name, judged in sorted(newest.items())
    ]
    statement = store.insert(Edit)
    fresh = statement.excluded
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["comment_id"],
            set_={name: fresh[name] for name in rows[0]},
            where=tuple_(fresh.revision, fresh.judged_at) > tuple_(Edit.revision, Edit.judged_at),
        ),
        rows,
    )


def of_comments(session: Session, ids: Collection[str]) -> dict[str, Judged]:
    """The remembered edit of each of these comments that has one."""
    found: dict[str, Judged] = {}
    for some in portions(sorted(ids)):
        query = select(Edit.comment_id, Edit.record).where(Edit.comment_id.in_(some))
        for name, record in session.execute(query):
            found[name] = decode_judged(record.encode())
    return found


def drop(session: Session, ids: Collection[str]) -> None:
    """Forget the edits of these comments, which have gone to their items."""
    for some in portions(sorted(ids)):
        session.execute(delete(Edit).where(Edit.comment_id.in_(some)))


def expire(store: Store) -> int:
    """Forget edits whose comments have not come; how many."""
    with store.writing() as session:
        alone(store, session)
        found: Any = session.execute(delete(Edit).where(Edit.told_at < store.now() - KEPT))
        count: int = found.rowcount
        return count
