"""Taking decisions back: undo by who decided, reopening and disagreements by a lead."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from moderation.errors import ReviewError
from moderation.review import intake, log, outbox
from moderation.review.actions import OUTCOMES, STATES, require_valid
from moderation.review.deeds import COLUMNS, Deed, Receipt, carry_out, locked, open_reasons
from moderation.review.models import WAITING, Decision, Item, Look, Outbox, Skip
from moderation.review.rules import Person
from moderation.review.store import Store


class Undone(msgspec.Struct, frozen=True):
    """What was taken back."""

    comment_ids: list[str]
    left: list[str]
    """Of a bulk: items that have changed since, whose decision stays."""


def undo(store: Store, person: Person, decision_id: str) -> Undone:
    """Take back a decision, or the whole of a bulk by its `batch`, within `rules.undo` seconds.

    The person holds the items again. ReviewError when it is too late, when somebody else decided,
    or when the item has changed since.
    """
    now = store.now()
    with store.writing() as session:
        rows = session.scalars(
            select(Decision)
            .where((Decision.id == decision_id) | (Decision.batch == decision_id))
            .where(Decision.undone.is_(None))
            .order_by(Decision.pk)
        ).all()
        # A decision that was made alone has an empty batch, which names nothing.
        if not rows or not decision_id:
            raise ReviewError("not_found", "there is no such decision, or it is undone already")
        if any(row.person != person.name for row in rows):
            raise ReviewError("not_allowed", "only who decided can undo; a lead may reopen")
        if now > rows[0].at + store.rules.undo:
            raise ReviewError(
                "too_late",
                f"a decision can be undone for {store.rules.undo:g} s; a lead may reopen it",
            )
        undone, left = _undo(store, session, person, rows)
        intake.follow_edits(store, session, sorted(set(undone)))
        if not undone:
            raise ReviewError(
                "too_late", f"comment {rows[0].comment_id} has changed since, or it is sent"
            )
    return Undone(undone, left)


def reopen(store: Store, person: Person, comment_id: str, *, note: str = "") -> Receipt:
    """Open a decided item again, as a lead; whoever was told of the decision is told."""
    if not person.leads:
        raise ReviewError("not_allowed", "only a lead may reopen")
    require_valid("approve", "", note)
    with store.writing() as session:
        item = locked(session, comment_id)
        receipt = _reopen(store, session, person, item, note)
        edited = intake.follow_edits(store, session, [item.id])
        return msgspec.structs.replace(receipt, version=receipt.version + edited)


def settle(
    store: Store, person: Person, look: int, *, uphold: bool, note: str = ""
) -> Receipt | None:
    """End a disagreement as a lead: uphold the first decision, or put the second in its place."""
    if not person.leads:
        raise ReviewError("not_allowed", "disagreements are for leads")
    now = store.now()
    with store.writing() as session:
        row = session.scalar(select(Look).where(Look.pk == look).with_for_update())
        if row is None or row.state != "done" or row.answer is None:
            raise ReviewError("not_found", "there is no such disagreement")
        answer = session.get_one(Decision, row.answer)
        session.execute(update(Look).where(Look.pk == look).values(state="settled"))
        detail = {"item_id": row.item_id, "uphold": uphold, "note": log.digest(note)}
        log.append(session, now, [log.Act(person.name, "settle", answer.comment_id, detail)])
        if uphold:
            return None
        item = locked(session, answer.comment_id)
        if item.decision != row.decision or answer.action not in OUTCOMES:
            raise ReviewError(
                "changed", f"comment {item.id} has changed since: reopen it and decide"
            )
        _reopen(store, session, person, item, note)
        item = locked(session, answer.comment_id)
        deed = Deed(item, answer.action, str(STATES[OUTCOMES[answer.action]]))
        return carry_out(store, session, person, [deed], reason=answer.reason, note=note)[0]


def _reopen(store: Store, session: Session, person: Person, item: Any, note: str) -> Receipt:
    if item.state in WAITING or item.decision is None:
        raise ReviewError("not_decided", f"comment {item.id} is {item.state}")
    taken_back = session.get_one(Decision, item.decision)
    deed = Deed(item, "reopen", "open", takes_back=taken_back.id)
    return carry_out(store, session, person, [deed], note=note)[0]


def _undo(
    store: Store, session: Session, person: Person, rows: Sequence[Decision]
) -> tuple[list[str], list[str]]:
    """Take back what can be; the comments whose decision is undone, and those left."""
    now = store.now()
    query = select(*COLUMNS).where(Item.id.in_([row.comment_id for row in rows]))
    items = {
        item.id: item for item in session.execute(query.order_by(Item.pk).with_for_update()).all()
    }
    late = outbox.withdraw(session, [row.pk for row in rows])
    undone: list[Decision] = []
    left: list[str] = []
    for row in rows:
        item = items.get(row.comment_id)
        if item is None or row.pk in late or not _stands(row, item):
            left.append(row.comment_id)
        else:
            undone.append(row)
    # A record that was withdrawn for a decision that stays is sent after all.
    _put_back(session, [row for row in rows if row not in undone])
    if not undone:
        return [], left
    acts = [
        log.Act(
            person.name,
            "undo",
            row.comment_id,
            {
                "decision": row.id,
                "item_id": row.item_id,
                "from": row.to_state,
                "to": row.from_state,
                "batch": row.batch,
            },
        )
        for row in undone
    ]
    anchors = log.append(session, now, acts)
    session.execute(
        update(Decision),
        [
            {"pk": row.pk, "undone": anchor.number}
            for row, anchor in zip(undone, anchors, strict=True)
        ],
    )
    _restore(store, session, person, undone, items)
    return [row.comment_id for row in undone], left


def _stands(row: Decision, item: Any) -> bool:
    """Whether the item is still as the decision left it."""
    if row.kind != "decision":
        return bool(row.item_id == item.item_id)
    if row.action in {"skip", "reopen"}:
        return bool(row.version == item.version)
    return bool(row.pk == item.decision)


def _put_back(session: Session, rows: Sequence[Decision]) -> None:
    if rows:
        session.execute(
            update(Outbox)
            .where(Outbox.decision.in_([row.pk for row in rows]), Outbox.state == "withdrawn")
            .values(state="waiting")
        )


def _restore(
    store: Store,
    session: Session,
    person: Person,
    undone: Sequence[Decision],
    items: Mapping[str, Any],
) -> None:
    """Bring items and looks back to where they were, in the hands of the person."""
    now = store.now()
    until = now + store.rules.lease
    changes = []
    for row in undone:
        item = items[row.comment_id]
        if row.action == "skip":
            session.execute(delete(Skip).where(Skip.item == item.pk, Skip.person == person.name))
        if row.look is not None:
            session.execute(
                update(Look)
                .where(Look.pk == row.look)
                .values(
                    state="waiting",
                    answer=None,
                    person=person.name,
                    claimed_at=now,
                    claimed_until=until,
                )
            )
        if row.kind != "decision":
            continue
        waits = row.from_state in WAITING
        changes.append(
            {
                "pk": item.pk,
                "state": row.from_state,
                "version": item.version + 1,
                "decision": row.previous,
                "claimed_by": person.name if waits else "",
                "claimed_at": now,
                "claimed_until": until if waits else 0.0,
            }
        )
    if changes:
        session.execute(update(Item), changes)
        open_reasons(session, [(change["pk"], change["state"]) for change in changes])
        session.execute(
            delete(Look).where(
                Look.kind == "second",
                Look.state == "waiting",
                Look.decision.in_([row.pk for row in undone]),
            )
        )
