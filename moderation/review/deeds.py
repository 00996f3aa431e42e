"""Carrying out decisions on items that are locked: all that one transaction has to write."""

import uuid
from collections.abc import Sequence
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
    said = _Said(person, now, reason, note, batch)
    steps = [_Step(deed) for deed in deeds]
    changing = [step for step in steps if step.deed.kind == "decision"]
    settling = [step for step in changing if step.deed.action in OUTCOMES]
    # First what needs no place in the log: others wait from there on until this is committed.
    _index(store, session, settling)
    open_reasons(session, [(step.item.pk, step.deed.to_state) for step in changing])
    anchors = log.append(session, now, [_act(said, step) for step in steps])
    for step, anchor in zip(steps, anchors, strict=True):
        step.anchor = anchor
    statement = insert(Decision).returning(Decision.pk, sort_by_parameter_order=True)
    keys = session.scalars(statement, [_row(said, step) for step in steps])
    for step, key in zip(steps, keys, strict=True):
        step.key = key
    _change_items(session, changing)
    _answer(session, steps, person)
    until = now + store.rules.undo
    told = [step for step in changing if step.deed.action in {*OUTCOMES, "reopen"}]
    outbox.put(session, until, [(step.key, _decided(said, step)) for step in told])
    _draw(store, session, said, settling)
    return [
        Receipt(
            decision_id=step.id,
            comment_id=step.item.id,
            version=step.version,
            state=step.deed.to_state,
            undo_until=until,
        )
        for step in steps
    ]


class _Said(NamedTuple):
    """What is the same for all that is decided at once."""

    person: Person
    now: float
    reason: str
    note: str
    batch: str


class _Step:
    """A deed while it is carried out."""

    anchor: Anchor
    """Its entry in the log."""
    key: int
    """Of its row among the decisions."""

    def __init__(self, deed: Deed) -> None:
        self.deed = deed
        self.item = deed.item
        self.id = uuid.uuid4().hex
        self.judged: Judged = decode_judged(deed.item.record.encode())
        # A second look changes nothing about the item, and neither does a skip.
        self.version: int = deed.item.version + (deed.kind == "decision" and not _only_skips(deed))


def _only_skips(deed: Deed) -> bool:
    """Whether nothing about the item changes."""
    return deed.action == "skip" and deed.to_state == deed.item.state


def _act(said: _Said, step: _Step) -> log.Act:
    deed = step.deed
    detail = {
        "decision": step.id,
        "kind": deed.kind,
        "batch": said.batch,
        "item_id": step.item.item_id,
        "version": step.version,
        "do": deed.action,
        "from": step.item.state,
        "to": deed.to_state,
        "reason": said.reason,
        "note": log.digest(said.note),
        "text": log.digest(step.item.text),
    }
    action = "decide" if deed.kind == "decision" else "look"
    return log.Act(said.person.name, action, step.item.id, detail)


def _row(said: _Said, step: _Step) -> dict[str, Any]:
    deed, item = step.deed, step.item
    # Score and threshold of what sent the comment to review.
    flagged = {reason.code: [reason.score, reason.threshold] for reason in step.judged.reasons}
    return {
        "id": step.id,
        "batch": said.batch,
        "kind": deed.kind,
        "comment_id": item.id,
        "item_id": item.item_id,
        "author_id": item.author_id,
        "section": item.section,
        "action": deed.action,
        "reason": said.reason,
        "note": said.note,
        "person": said.person.name,
        "at": said.now,
        "seconds": said.now - deed.begun if deed.begun else None,
        "from_state": item.state,
        "to_state": deed.to_state,
        "version": step.version,
        "flagged": log.canonical(flagged),
        "previous": item.decision,
        "look": deed.look,
        "entry": step.anchor.number,
    }


def _change_items(session: Session, steps: Sequence[_Step]) -> None:
    rows = [
        {
            "pk": step.item.pk,
            "state": step.deed.to_state,
            "version": step.version,
            "claimed_by": "",
            "claimed_until": 0.0,
            "decision": _in_force(step),
        }
        for step in steps
    ]
    if rows:
        session.execute(update(Item), rows)


def _in_force(step: _Step) -> int | None:
    """The decision that holds from now on."""
    if step.deed.action == "reopen":
        return None
    held: int | None = step.item.decision
    return held if _only_skips(step.deed) else step.key


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


def _answer(session: Session, steps: Sequence[_Step], person: Person) -> None:
    """Answer the looks; a skipped second look waits for somebody else."""
    for step in steps:
        deed = step.deed
        if deed.look is None:
            continue
        if deed.action == "skip" and deed.kind == "second":
            values: dict[str, Any] = {"person": None, "claimed_until": 0.0}
        else:
            values = {"state": "done", "answer": step.key, "person": person.name}
        session.execute(update(Look).where(Look.pk == deed.look).values(**values))


def _decided(said: _Said, step: _Step) -> Decided:
    """What others are told."""
    item, judged = step.item, step.judged
    return Decided(
        decision_id=step.id,
        id=item.id,
        item_id=item.item_id,
        revision=item.revision,
        article_id=judged.article_id,
        author_id=item.author_id,
        section=item.section,
        decision=step.deed.action,  # type: ignore[arg-type]  # only these are told
        reason=said.reason,
        moderator=said.person.name,
        decided_at=log.timestamp(said.now),
        flagged={reason.code: reason.score for reason in judged.reasons},
        policy=judged.policy,
        models=judged.models,
        campaign=item.campaign,
        heat_before=judged.forecast.before if judged.forecast else None,
        source=judged.source,
        takes_back=step.deed.takes_back,
        log=step.anchor,
    )


def _index(store: Store, session: Session, steps: Sequence[_Step]) -> None:
    """Make decided texts findable as precedent."""
    rows = [
        {"band": band, "item": step.item.pk}
        for step in steps
        for band in bands(shingles(step.item.text))
    ]
    if rows:
        session.execute(store.insert(Band).on_conflict_do_nothing(), rows)


def _draw(store: Store, session: Session, said: _Said, steps: Sequence[_Step]) -> None:
    """Draw by lot which settled items get a second look."""
    rows = [
        {
            "kind": "second",
            "item": step.item.pk,
            "item_id": step.item.item_id,
            "state": "waiting",
            "first": said.person.name,
            "expected": step.deed.action,
            "expected_reason": said.reason,
            "decision": step.key,
        }
        for step in steps
        if store.chance() < store.rules.second_looks
    ]
    if rows:
        session.execute(insert(Look), rows)
