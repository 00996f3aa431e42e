"""Carrying out decisions on items that are locked: all that one transaction has to write."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from moderation.errors import ReviewError
from moderation.records import Anchor, Decided, Judged, decode_judged
from moderation.review import log, outbox
from moderation.review.actions import OUTCOMES
from moderation.review.likeness import bands, shingles
from moderation.review.models import Band, Decision, Item, ItemReason, Look
from moderation.review.rules import Person
from moderation.review.store import Store

COLUMNS: Final[tuple[Any, ...]] = (
    Item.pk,
    Item.id,
    Item.item_id,
    Item.revision,
    Item.version,
    Item.state,
    Item.author_id,
    Item.section,
    Item.text,
    Item.record,
    Item.campaign,
    Item.claimed_by,
    Item.claimed_at,
    Item.claimed_until,
    Item.decision,
)
"""What a deed needs of an item."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that was made."""

    decision_id: str
    """What `undo` wants."""
    comment_id: str
    version: int
    """The item's version now."""
    state: str
    undo_until: float
    """Seconds since the epoch."""


class Deed(NamedTuple):
    """What is done to one item."""

    item: Any
    action: str
    to_state: str
    kind: str = "decision"
    look: int | None = None
    begun: float = 0.0
    """When the person claimed it."""
    takes_back: str = ""


def locked(session: Session, comment_id: str) -> Any:
    """The item, held against other transactions; ReviewError when there is none."""
    item = session.execute(
        select(*COLUMNS).where(Item.id == comment_id).with_for_update()
    ).one_or_none()
    if item is None:
        raise ReviewError("not_found", f"no comment {comment_id} is in the queue")
    return item


def carry_out(
    store: Store,
    session: Session,
    person: Person,
    deeds: Sequence[Deed],
    *,
    reason: str = "",
    note: str = "",
    batch: str = "",
) -> list[Receipt]:
    """Carry out decisions on locked items: log, decisions, items, outbox, index, second looks."""
    if not deeds:
        return []
    now = store.now()
    settles = [deed.kind == "decision" and deed.action in OUTCOMES for deed in deeds]
    # First what needs no place in the log: others wait from there on until this is committed.
    _index(store, session, [deed.item for deed, does in zip(deeds, settles, strict=True) if does])
    open_reasons(
        session, [(deed.item.pk, deed.to_state) for deed in deeds if deed.kind == "decision"]
    )
    ids = [uuid.uuid4().hex for _ in deeds]
    # A second look changes nothing about the item.
    versions = [
        deed.item.version + (deed.kind == "decision" and not _only_skips(deed)) for deed in deeds
    ]
    acts = [
        log.Act(
            person.name,
            "decide" if deed.kind == "decision" else "look",
            deed.item.id,
            {
                "decision": name,
                "kind": deed.kind,
                "batch": batch,
                "item_id": deed.item.item_id,
                "version": version,
                "do": deed.action,
                "from": deed.item.state,
                "to": deed.to_state,
                "reason": reason,
                "note": log.digest(note),
                "text": log.digest(deed.item.text),
            },
        )
        for deed, name, version in zip(deeds, ids, versions, strict=True)
    ]
    anchors = log.append(session, now, acts)
    judged = [decode_judged(deed.item.record.encode()) for deed in deeds]
    rows = [
        {
            "id": name,
            "batch": batch,
            "kind": deed.kind,
            "comment_id": deed.item.id,
            "item_id": deed.item.item_id,
            "author_id": deed.item.author_id,
            "section": deed.item.section,
            "action": deed.action,
            "reason": reason,
            "note": note,
            "person": person.name,
            "at": now,
            "seconds": now - deed.begun if deed.begun else None,
            "from_state": deed.item.state,
            "to_state": deed.to_state,
            "version": version,
            "flagged": _flagged(seen),
            "previous": deed.item.decision,
            "look": deed.look,
            "entry": anchor.number,
        }
        for deed, name, version, anchor, seen in zip(
            deeds, ids, versions, anchors, judged, strict=True
        )
    ]
    statement = insert(Decision).returning(Decision.pk, sort_by_parameter_order=True)
    keys = list(session.scalars(statement, rows))
    _change_items(session, deeds, keys, versions)
    _answer(session, deeds, keys, person)
    outbox.put(
        session,
        now + store.rules.undo,
        [
            (key, _decided(person, deed, row, seen, anchor))
            for deed, row, key, seen, anchor in zip(deeds, rows, keys, judged, anchors, strict=True)
            if deed.kind == "decision" and (deed.action in OUTCOMES or deed.action == "reopen")
        ],
    )
    settled = [(deed, key) for deed, key, does in zip(deeds, keys, settles, strict=True) if does]
    _draw(store, session, person, settled, reason)
    return [
        Receipt(
            decision_id=name,
            comment_id=deed.item.id,
            version=version,
            state=deed.to_state,
            undo_until=now + store.rules.undo,
        )
        for deed, name, version in zip(deeds, ids, versions, strict=True)
    ]


def _only_skips(deed: Deed) -> bool:
    """Whether nothing about the item changes."""
    return deed.action == "skip" and deed.to_state == deed.item.state


def _flagged(judged: Judged) -> str:
    """Score and threshold by code of what sent the comment to review."""
    return log.canonical(
        {reason.code: [reason.score, reason.threshold] for reason in judged.reasons}
    )


def _change_items(
    session: Session, deeds: Sequence[Deed], keys: Sequence[int], versions: Sequence[int]
) -> None:
    rows = [
        {
            "pk": deed.item.pk,
            "state": deed.to_state,
            "version": version,
            "claimed_by": "",
            "claimed_until": 0.0,
            "decision": _in_force(deed, key),
        }
        for deed, key, version in zip(deeds, keys, versions, strict=True)
        if deed.kind == "decision"
    ]
    if rows:
        session.execute(update(Item), rows)


def _in_force(deed: Deed, key: int) -> int | None:
    if deed.action == "reopen":
        return None
    return deed.item.decision if _only_skips(deed) else key


def open_reasons(session: Session, states: Sequence[tuple[int, str]]) -> None:
    """Keep the index of the reasons to the items that are open."""
    for is_open in (0, 1):
        items = [pk for pk, state in states if int(state == "open") == is_open]
        if items:
            session.execute(
                update(ItemReason)
                .where(ItemReason.item.in_(items), ItemReason.open != is_open)
                .values(open=is_open)
            )


def _answer(session: Session, deeds: Sequence[Deed], keys: Sequence[int], person: Person) -> None:
    """Answer the looks; a skipped second look waits for somebody else."""
    for deed, key in zip(deeds, keys, strict=True):
        if deed.look is None:
            continue
        if deed.action == "skip" and deed.kind == "second":
            values: dict[str, Any] = {"person": None, "claimed_until": 0.0}
        else:
            values = {"state": "done", "answer": key, "person": person.name}
        session.execute(update(Look).where(Look.pk == deed.look).values(**values))


def _decided(
    person: Person, deed: Deed, row: Mapping[str, Any], judged: Judged, anchor: Anchor
) -> Decided:
    return Decided(
        decision_id=row["id"],
        id=deed.item.id,
        item_id=deed.item.item_id,
        revision=deed.item.revision,
        article_id=judged.article_id,
        author_id=deed.item.author_id,
        section=deed.item.section,
        decision=row["action"],
        reason=row["reason"],
        moderator=person.name,
        decided_at=log.timestamp(row["at"]),
        flagged={reason.code: reason.score for reason in judged.reasons},
        policy=judged.policy,
        models=judged.models,
        campaign=deed.item.campaign,
        takes_back=deed.takes_back,
        log=anchor,
    )


def _index(store: Store, session: Session, items: Sequence[Any]) -> None:
    """Make decided texts findable as precedent."""
    rows = [
        {"band": band, "item": item.pk} for item in items for band in bands(shingles(item.text))
    ]
    if rows:
        session.execute(store.insert(Band).on_conflict_do_nothing(), rows)


def _draw(
    store: Store,
    session: Session,
    person: Person,
    settled: Sequence[tuple[Deed, int]],
    reason: str,
) -> None:
    """Draw by lot which settled items get a second look."""
    rows = [
        {
            "kind": "second",
            "item": deed.item.pk,
            "item_id": deed.item.item_id,
            "state": "waiting",
            "first": person.name,
            "expected": deed.action,
            "expected_reason": reason,
            "decision": key,
        }
        for deed, key in settled
        if store.chance() < store.rules.second_looks
    ]
    if rows:
        session.execute(insert(Look), rows)
