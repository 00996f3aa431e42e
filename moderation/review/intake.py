"""Judged records into the store: each comment one row, however often its record comes."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from moderation.errors import RecordError
from moderation.records import MAX_REVISION, Judged, encode
from moderation.review import campaigns, edits, log, threads
from moderation.review.locks import alone, beside
from moderation.review.models import WAITING, Day, Item, ItemReason, ItemVersion, State
from moderation.review.order import sort_key
from moderation.review.plain import plain
from moderation.review.store import Store
from moderation.trolling.decay import DAY
from moderation.trolling.heat import HeatRecord

_MAX_ID: Final = 256
_MAX_SECTION: Final = 200

SYSTEM: Final = "trollbridge"
"""Who acts where nobody does."""


class Taken(msgspec.Struct):
    """What became of a batch."""

    new: int = 0
    updated: int = 0
    reopened: int = 0
    """Of the updated: decided items that their author has edited."""
    repeated: int = 0
    """Nothing new, or overtaken by a later form."""
    harmless: int = 0
    """Items whose author's edit was read before them: nothing in the newer words is flagged."""


def check(judged: Judged) -> None:
    """RecordError when no table can hold the record, or when it is none for review."""
    _require_fitting(judged)
    if judged.decision != "review":
        raise RecordError("wrong_topic", f"a comment that was judged {judged.decision}")


def check_edit(judged: Judged) -> None:
    """RecordError when no table can hold the record, or when it is no edit that was allowed."""
    _require_fitting(judged)
    if judged.decision != "allow" or not judged.revision:
        raise RecordError(
            "wrong_topic", f"revision {judged.revision} of a comment, judged {judged.decision}"
        )


def _require_fitting(judged: Judged) -> None:
    for name in ("id", "item_id", "article_id", "author_id"):
        value: str = getattr(judged, name)
        if not value:
            raise RecordError("missing_field", f"{name} is empty")
        if len(value) > _MAX_ID + (len("#") + len(str(MAX_REVISION))) * (name == "item_id"):
            raise RecordError("too_long", f"{name} has {len(value)} characters")
    if not 0 <= judged.revision <= MAX_REVISION:
        raise RecordError("out_of_range", f"revision is {judged.revision}")


def take_in(store: Store, records: Iterable[Judged], *, state: State = "open") -> Taken:
    """Store records in one transaction; what is there already is not changed by a repetition.

    Records must pass `check`. `state` is that of new items. An edit of a decided comment opens
    it again. Edits that were allowed and read before their comment follow it.
    """
    said = list(records)
    newest = _newest(said)
    taken = Taken(repeated=len(said) - len(newest))
    if not newest:
        return taken
    # In one order, so that two transactions cannot wait for each other.
    ids = sorted(newest)
    with store.writing() as session:
        beside(store, session)
        campaigns.remember(store, session, _told(said))
        rows = _rows(session, newest)
        present = _present(session, ids)
        fresh = {name: rows[name] for name in ids if name not in present}
        added = _add(store, session, fresh, newest, state)
        taken.new = len(added)
        late = sorted(fresh.keys() - added.keys())
        if late:
            # Another reader was first with these; its rows are there now.
            present |= _present(session, late)
        for name in sorted(present):
            _update(session, present[name], newest[name], rows[name], taken, now=store.now())
        taken.harmless = follow_edits(store, session, ids)
        if state != "golden":
            _count_arrivals(store, session, (newest[name] for name in added))
    return taken


def take_in_edits(store: Store, records: Sequence[Judged]) -> int:
    """Give waiting items the newer words in which nothing is flagged; how many items it were.

    Records must pass `check_edit`. Edits of comments that are not here are remembered for
    `edits.KEPT` seconds, since the comments come by another topic; decided items stay what they
    are.
    """
    if not records:
        return 0
    newest = _newest(records)
    with store.writing() as session:
        # Whoever takes the comment in at the same time would not see the edit, nor we the comment.
        alone(store, session)
        campaigns.remember(store, session, _told(records))
        edits.remember(store, session, newest)
        return follow_edits(store, session, sorted(newest))


def place_in_campaign(store: Store, campaign: str, comment_ids: Collection[str]) -> int:
    """Tell which campaign comments belong to; the number of items that are here."""
    with store.writing() as session:
        alone(store, session)
        query = select(Item.pk).where(Item.id.in_([plain(name) for name in comment_ids]))
        items = session.scalars(query).all()
        campaigns.put(session, dict.fromkeys(items, plain(campaign)))
        return len(items)


def set_heat(store: Store, article_id: str, heat: float) -> None:
    """Tell the heat (0..1) of a thread as of now; its items show it."""
    said = HeatRecord(article_id=article_id, heat=heat, contributions=[], at=store.now())
    threads.take_in(store, [said])


def _age(judged: Judged) -> tuple[int, bool, str]:
    """Of two records of a comment the one with the greater counts.

    Where one revision was flagged once and allowed once, people see that it was flagged.
    """
    return judged.revision, judged.decision == "review", judged.judged_at


def _newest(records: Iterable[Judged]) -> dict[str, Judged]:
    """By comment id."""
    newest: dict[str, Judged] = {}
    for judged in records:
        name = plain(judged.id)
        if name not in newest or _age(judged) > _age(newest[name]):
            newest[name] = judged
    return newest


def _told(records: Iterable[Judged]) -> list[tuple[str, str]]:
    """What records say of their campaigns."""
    return [(judged.item_id, judged.campaign) for judged in records if judged.campaign]


def follow_edits(store: Store, session: Session, ids: Sequence[str]) -> int:
    """Bring waiting items to the edits that are remembered of them; how many were changed by it.

    What is decided keeps its words, and the edit is remembered on: the decision may be taken back.
    """
    remembered = edits.of_comments(session, ids)
    present = _present(session, sorted(remembered)) if remembered else {}
    if not present:
        return 0
    rows = _rows(session, {name: remembered[name] for name in present})
    taken = Taken()
    for name in sorted(present):
        _update(session, present[name], remembered[name], rows[name], taken, now=store.now())
    edits.drop(session, [name for name, row in present.items() if row.state in WAITING])
    return taken.updated


def _present(session: Session, ids: Sequence[str]) -> dict[str, Any]:
    found = session.execute(
        select(
            Item.pk,
            Item.id,
            Item.item_id,
            Item.revision,
            Item.version,
            Item.state,
            Item.arrived_at,
            Item.judged_at,
            Item.source,
            Item.fingerprint,
            Item.campaign,
            Item.allowed,
        )
        .where(Item.id.in_(ids))
        .order_by(Item.pk)
        .with_for_update()
    )
    return {row.id: row for row in found}


def _add(
    store: Store,
    session: Session,
    fresh: dict[str, dict[str, Any]],
    newest: dict[str, Judged],
    state: State,
) -> dict[str, int]:
    """Insert new items; their keys by id. One that is there by now is left out."""
    if not fresh:
        return {}
    rows = [row | {"version": 1, "state": state} for row in fresh.values()]
    statement = store.insert(Item).on_conflict_do_nothing(index_elements=["id"])
    returned = session.execute(statement.returning(Item.id, Item.pk), rows)
    added = {row.id: row.pk for row in returned}
    reasons = [
        reason
        for name, pk in added.items()
        for reason in _reasons(pk, newest[name], fresh[name]["sort_key"], is_open=state == "open")
    ]
    if reasons:
        session.execute(insert(ItemReason), reasons)
    return added


def _update(
    session: Session, row: Any, judged: Judged, fresh: dict[str, Any], taken: Taken, *, now: float
) -> None:
    """Bring an item to a later form of its comment, if it is one.

    A form in which nothing is flagged is for items that wait: it does not touch a decision.
    """
    same = row.item_id == fresh["item_id"]
    alike = same and row.allowed == fresh["allowed"]
    if same:
        # What is told of the same words holds; other words may be in no campaign.
        fresh["campaign"] = fresh["campaign"] or row.campaign
    if (
        row.state == "golden"
        or (fresh["allowed"] and row.state not in WAITING)
        or (alike and row.source == fresh["source"])
        or (alike and row.fingerprint == fresh["fingerprint"])
        or _age(judged) < (row.revision, not row.allowed, row.judged_at)
    ):
        taken.repeated += 1
        if same and fresh["campaign"] != row.campaign:
            session.execute(
                update(Item).where(Item.pk == row.pk).values(campaign=fresh["campaign"])
            )
        return
    edited = judged.revision > row.revision
    reopens = edited and row.state not in WAITING
    state = "open" if reopens else row.state
    if not reopens:
        # Whoever waits keeps the place in the queue that the first form has earned.
        fresh["arrived_at"] = row.arrived_at
        fresh["sort_key"] = sort_key(judged.priority, row.arrived_at)
    old = session.scalar(select(Item.record).where(Item.pk == row.pk))
    session.execute(
        insert(ItemVersion),
        [
            {
                "item": row.pk,
                "version": row.version,
                "content": old,
                "at": now,
                "allowed": row.allowed,
            }
        ],
    )
    values = fresh | {"version": row.version + 1, "state": state}
    if edited:
        values["decision"] = None
    session.execute(update(Item).where(Item.pk == row.pk).values(**values))
    session.execute(delete(ItemReason).where(ItemReason.item == row.pk))
    reasons = list(_reasons(row.pk, judged, fresh["sort_key"], is_open=state == "open"))
    if reasons:
        session.execute(insert(ItemReason), reasons)
    taken.updated += 1
    if reopens:
        taken.reopened += 1
        detail = {
            "item_id": fresh["item_id"],
            "from": row.state,
            "to": state,
            "version": row.version + 1,
            "text": log.digest(judged.text),
        }
        log.append(session, now, [log.Act(SYSTEM, "edited", row.id, detail)])


def _rows(session: Session, newest: Mapping[str, Judged]) -> dict[str, dict[str, Any]]:
    """The columns of items, from their records and from what is known of what surrounds them."""
    rows = {name: _row(judged) for name, judged in newest.items()}
    placed = campaigns.of_items(session, [row["item_id"] for row in rows.values()])
    for name, row in rows.items():
        forecast = newest[name].forecast
        row["campaign"] = placed.get(row["item_id"], "")
        row["heat"] = forecast.heat if forecast else None
    return rows


def _count_arrivals(store: Store, session: Session, added: Iterable[Judged]) -> None:
    """Count new items by day. Last of all, since other readers wait for a day's row."""
    days = Counter(int(judged.arrived_at // DAY) for judged in added)
    rows = [{"day": day, "arrivals": count} for day, count in sorted(days.items())]
    if rows:
        statement = store.insert(Day)
        more = Day.arrivals + statement.excluded.arrivals
        session.execute(
            statement.on_conflict_do_update(index_elements=["day"], set_={"arrivals": more}), rows
        )


def _row(judged: Judged) -> dict[str, Any]:
    """The columns of an item that follow from the record alone."""
    source = judged.source
    return {
        "id": plain(judged.id),
        "item_id": plain(judged.item_id),
        "revision": judged.revision,
        "priority": judged.priority,
        "sort_key": sort_key(judged.priority, judged.arrived_at),
        "arrived_at": judged.arrived_at,
        "judged_at": plain(judged.judged_at),
        "source": plain(f"{source.topic}/{source.partition}/{source.offset}"),
        "fingerprint": _fingerprint(judged),
        "article_id": plain(judged.article_id),
        "author_id": plain(judged.author_id),
        "author_name": plain(judged.author_name),
        "section": section(judged.section),
        "reason": plain(judged.reasons[0].code) if judged.reasons else "",
        "text": plain(judged.text),
        "allowed": int(judged.decision == "allow"),
        # JSON writes a NUL as an escape, which is stored as it is.
        "record": encode(judged).decode(),
    }


def section(name: str) -> str:
    """A section as the queue knows it: policies match sections without regard to case, too."""
    return plain(name.strip().lower()[:_MAX_SECTION])


def _reasons(pk: int, judged: Judged, key: float, *, is_open: bool) -> Iterable[dict[str, Any]]:
    seen: set[str] = set()
    for flagged, reasons in ((1, judged.reasons), (0, judged.shown)):
        for reason in reasons:
            code = plain(reason.code)[:_MAX_ID]
            if code in seen:
                continue
            seen.add(code)
            yield {
                "item": pk,
                "code": code,
                "score": reason.score,
                "flagged": flagged,
                "sort_key": key,
                "open": int(is_open),
            }


def _fingerprint(judged: Judged) -> str:
    """Digest of what a moderator sees: two records with the same one are the same to a person."""
    seen = (
        judged.text,
        judged.parent_text,
        judged.author_name,
        judged.section,
        judged.priority,
        judged.scores,
        judged.reasons,
        judged.shown,
        judged.evidence,
    )
    return hashlib.sha256(msgspec.json.encode(seen, order="sorted")).hexdigest()[:32]
