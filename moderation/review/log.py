"""The log of the queue: append-only, each entry bound to the one before by its hash."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from moderation.records import Anchor
from moderation.review.models import Decision, Entry, LogHead
from moderation.review.store import Store

_CHUNK: Final = 5_000
_DECIDED: Final = frozenset({"decide", "look"})
"""Actions whose entries have a row among the decisions."""


class Act(NamedTuple):
    """What somebody did."""

    person: str
    action: str
    comment_id: str = ""
    detail: Mapping[str, Any] = {}


class Verified(msgspec.Struct):
    """What a check of the log found."""

    entries: int
    head: Anchor
    """The last entry: keep it elsewhere, and give it to the next check."""
    problems: list[str]
    """The first of them, a line each."""


def append(session: Session, now: float, acts: Sequence[Act]) -> list[Anchor]:
    """Append entries in this transaction. Whoever else appends waits for its end."""
    head = session.execute(
        select(LogHead.number, LogHead.hash).where(LogHead.one == 1).with_for_update()
    ).one()
    number, previous = head.number, head.hash
    at = timestamp(now)
    rows: list[dict[str, Any]] = []
    for act in acts:
        number += 1
        row = {
            "number": number,
            "at": at,
            "person": act.person,
            "action": act.action,
            "comment_id": act.comment_id,
            "detail": canonical(act.detail),
            "previous": previous,
        }
        previous = row["hash"] = entry_hash(row)
        rows.append(row)
    session.execute(insert(Entry), rows)
    session.execute(
        update(LogHead).where(LogHead.one == 1).values(number=number, hash=previous),
        execution_options={"synchronize_session": False},
    )
    return [Anchor(row["number"], row["hash"]) for row in rows]


def record(store: Store, person: str, action: str, comment_id: str = "", **detail: Any) -> Anchor:
    """Enter something that is no decision, such as the reading of an author's history."""
    with store.writing() as session:
        return append(session, store.now(), [Act(person, action, comment_id, detail)])[0]


def entry_hash(row: Mapping[str, Any]) -> str:
    """SHA-256 over the entry as canonical JSON and the hash of the one before, in hexadecimal."""
    said = {name: row[name] for name in ("number", "at", "person", "action", "comment_id")}
    body = canonical(said | {"detail": json.loads(row["detail"])})
    return hashlib.sha256(f"{row['previous']}\n{body}".encode()).hexdigest()


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: the same text for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """What the log keeps of a text."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def timestamp(seconds: float) -> str:
    """RFC 3339, UTC, to the millisecond."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds")


def entries(
    store: Store, *, after: int = 0, comment_id: str = "", last: int = 0
) -> Iterator[Entry]:
    """Entries by number, those of one comment when it is named; `last` bounds the number."""
    while True:
        query = select(Entry).where(Entry.number > after).order_by(Entry.number).limit(_CHUNK)
        if comment_id:
            query = query.where(Entry.comment_id == comment_id)
        if last:
            query = query.where(Entry.number <= last)
        with store.reading() as session:
            found = list(session.scalars(query))
        yield from found
        if len(found) < _CHUNK:
            return
        after = found[-1].number


def verify(store: Store, anchor: Anchor | None = None, *, most: int = 20) -> Verified:
    """Recompute the chain and compare the decisions with it.

    An `anchor` is an entry as it was known outside, from an earlier check or from a record of
    `moderation.decisions`: it finds a chain that was rebuilt whole.
    """
    with store.reading() as session:
        head = session.execute(
            select(LogHead.number, LogHead.hash).where(LogHead.one == 1)
        ).one_or_none()
    problems: list[str] = []
    if head is None:
        return Verified(0, Anchor(0, ""), ["the log has no head"])
    # What is appended while we read is left to the next check.
    check = _Check(store, problems)
    if anchor is not None and anchor.number > head.number:
        problems.append(f"entry {anchor.number}: it was known outside and is gone")
    for entry in entries(store, last=head.number):
        check.entry(entry)
        if anchor is not None and entry.number == anchor.number and entry.hash != anchor.hash:
            problems.append(f"entry {entry.number}: its hash is not the one known outside")
        if len(problems) >= most:
            break
    else:
        check.end(head.number, head.hash)
    return Verified(check.count, Anchor(head.number, head.hash), problems[:most])


class _Check:
    """The chain as far as it was read."""

    def __init__(self, store: Store, problems: list[str]) -> None:
        self._store = store
        self._problems = problems
        self._number = 0
        self._hash = ""
        self._decisions = _Decisions(store)
        self.count = 0

    def entry(self, entry: Entry) -> None:
        """Check one against the one before and against its decision."""
        self.count += 1
        if entry.number != self._number + 1:
            self._say(f"entry {self._number + 1}: it is missing before entry {entry.number}")
        elif entry.previous != self._hash:
            self._say(f"entry {entry.number}: it does not follow the one before")
        if not _is_whole(entry):
            self._say(f"entry {entry.number}: it was changed")
        elif entry.action in _DECIDED:
            for problem in self._decisions.differences(entry):
                self._say(f"entry {entry.number}: {problem}")
        elif entry.action == "undo":
            self._undo(entry)
        self._number, self._hash = entry.number, entry.hash

    def end(self, number: int, last: str) -> None:
        """Check the head, and that no decision is without its entry."""
        if (self._number, self._hash) != (number, last):
            self._say(f"entry {number}: the end of the log is missing")
        # A decision and its entry are written as one, so these look at all there is by now.
        with self._store.reading() as session:
            orphans = session.scalars(
                select(Decision.id)
                .outerjoin(Entry, Entry.number == Decision.entry)
                .where(Entry.number.is_(None))
                .limit(5)
            )
            for orphan in orphans:
                self._say(f"decision {orphan}: it has no entry")
            undone = session.scalars(
                select(Decision.id)
                .outerjoin(Entry, (Entry.number == Decision.undone) & (Entry.action == "undo"))
                .where(Decision.undone.is_not(None), Entry.number.is_(None))
                .limit(5)
            )
            for decision in undone:
                self._say(f"decision {decision}: it is marked as undone, which no entry says")

    def _undo(self, entry: Entry) -> None:
        with self._store.reading() as session:
            found = session.scalar(select(Decision.id).where(Decision.undone == entry.number))
        if found != json.loads(entry.detail)["decision"]:
            self._say(f"entry {entry.number}: its decision is not marked as undone")

    def _say(self, problem: str) -> None:
        self._problems.append(problem)


class _Decisions:
    """Decisions by the number of their entries, read in chunks, since the log is in order."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: dict[int, Decision] = {}
        self._upto = 0

    def differences(self, entry: Entry) -> Iterator[str]:
        """In what the decision's row is not what its entry says."""
        if entry.number > self._upto:
            self._upto = entry.number + _CHUNK - 1
            with self._store.reading() as session:
                rows = session.scalars(
                    select(Decision).where(Decision.entry.between(entry.number, self._upto))
                )
                self._rows = {row.entry: row for row in rows}
        row = self._rows.get(entry.number)
        if row is None:
            yield "its decision is gone"
            return
        said = json.loads(entry.detail)
        found = {
            "decision": row.id,
            "kind": row.kind,
            "do": row.action,
            "reason": row.reason,
            "from": row.from_state,
            "to": row.to_state,
            "version": row.version,
            "item_id": row.item_id,
        }
        for name, value in found.items():
            if said[name] != value:
                yield f"its decision now says {name} {value!r}, it was {said[name]!r}"
        if (row.person, row.comment_id) != (entry.person, entry.comment_id):
            yield "its decision names another person or comment"
        if timestamp(row.at) != entry.at:
            yield "its decision has another time"
        if digest(row.note) != said["note"] and not row.erased:
            yield "its decision has another note"


def _is_whole(entry: Entry) -> bool:
    row = {name: getattr(entry, name) for name in Entry.__table__.columns.keys()}  # noqa: SIM118
    try:
        return entry_hash(row) == entry.hash
    except ValueError:
        # The detail is no JSON any more.
        return False
