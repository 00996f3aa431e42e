"""Looks that measure: a second person's on a settled item, and one on an item with a known answer.

Both are claimed and decided like any other item; the person cannot tell.
"""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from moderation.errors import ReviewError
from moderation.records import Judged
from moderation.review import log
from moderation.review.actions import OUTCOMES, require_valid
from moderation.review.intake import take_in
from moderation.review.models import Action, Decision, Golden, Item, Look, Skip
from moderation.review.rules import Person
from moderation.review.store import Store
from moderation.review.views import COLUMNS

_SECOND_TURNS: Final = 0.5
"""Share of claims that may get a second look while any wait."""


def claim(store: Store, session: Session, person: Person, *, turn: float) -> Any:
    """A golden item or a second look for this person, if it is the turn (0..1) of one."""
    if turn < store.rules.golden:
        found = _claim_golden(store, session, person)
        if found is not None:
            return found
    if turn < store.rules.golden + _SECOND_TURNS:
        return claim_second(store, session, person)
    return None


def held(store: Store, session: Session, person: Person, besides: Collection[str]) -> Any:
    """A look that the person has begun, with its lease renewed."""
    now = store.now()
    found = session.execute(
        select(Look.pk.label("look"), *COLUMNS)
        .join(Item, Item.pk == Look.item)
        .where(
            Look.state == "waiting",
            Look.person == person.name,
            Look.claimed_until >= now,
            Item.id.not_in(besides),
        )
        .order_by(Look.claimed_at)
        .limit(1)
    ).one_or_none()
    if found is not None:
        session.execute(
            update(Look).where(Look.pk == found.look).values(claimed_until=now + store.rules.lease)
        )
    return found


def claim_second(store: Store, session: Session, person: Person) -> Any:
    """Claim the oldest settled item that waits for somebody else's look."""
    now = store.now()
    skipped = select(Skip.item).where(Skip.item == Item.pk, Skip.person == person.name).exists()
    found = session.execute(
        select(Look.pk.label("look"), *COLUMNS)
        .join(Item, Item.pk == Look.item)
        .where(
            Look.state == "waiting",
            Look.kind == "second",
            Look.first != person.name,
            Look.claimed_until < now,
            # The decision that is looked at again is still in force.
            Look.decision == Item.decision,
            ~skipped,
        )
        .order_by(Look.pk)
        .limit(1)
        .with_for_update(skip_locked=True, of=Look)
    ).one_or_none()
    if found is not None:
        session.execute(
            update(Look)
            .where(Look.pk == found.look)
            .values(person=person.name, claimed_at=now, claimed_until=now + store.rules.lease)
        )
    return found


def _claim_golden(store: Store, session: Session, person: Person) -> Any:
    """Claim a golden item that this person has not met."""
    now = store.now()
    met = select(Look.pk).where(
        Look.kind == "golden", Look.item == Golden.item, Look.person == person.name
    )
    found = session.execute(
        select(Golden.action, Golden.reason, *COLUMNS)
        .join(Item, Item.pk == Golden.item)
        .outerjoin(Decision, Decision.pk == Item.decision)
        .where(
            ~met.exists(),
            Golden.added_by != person.name,
            or_(Decision.pk.is_(None), Decision.person != person.name),
            Item.state != "open",
        )
        .order_by(Golden.item)
        .limit(1)
    ).one_or_none()
    if found is not None:
        statement = store.insert(Look).values(
            kind="golden",
            item=found.pk,
            item_id=found.item_id,
            state="waiting",
            first="",
            expected=found.action,
            expected_reason=found.reason,
            person=person.name,
            claimed_at=now,
            claimed_until=now + store.rules.lease,
        )
        # The same person may ask twice at once.
        session.execute(statement.on_conflict_do_nothing())
    return found


def begun(session: Session, person: Person, item: int, now: float) -> Look | None:
    """The look that the person has claimed on an item."""
    return session.scalar(
        select(Look)
        .where(
            Look.item == item,
            Look.state == "waiting",
            Look.person == person.name,
            Look.claimed_until >= now,
        )
        .limit(1)
        .with_for_update()
    )


def add_golden(
    store: Store, person: Person, judged: Judged, action: Action, reason: str = ""
) -> None:
    """Mix an item with this answer in from now on. ReviewError when a lead has to do it.

    A comment that is in the queue already stays what it is, and must be decided.
    """
    if not person.leads:
        raise ReviewError("not_allowed", "golden items are added by leads")
    require_valid(action, reason, "")
    if action not in OUTCOMES:
        raise ReviewError("unknown_action", "a golden item is to be approved or rejected")
    take_in(store, [judged], state="golden")
    now = store.now()
    with store.writing() as session:
        item = session.execute(
            select(Item.pk, Item.state, Item.id).where(Item.id == judged.id)
        ).one()
        if item.state == "open":
            raise ReviewError("not_decided", f"comment {judged.id} has to be decided first")
        answer = {"action": action, "reason": reason, "added_by": person.name, "at": now}
        statement = store.insert(Golden).values(item=item.pk, **answer)
        session.execute(statement.on_conflict_do_update(index_elements=["item"], set_=answer))
        detail = {"do": action, "reason": reason}
        log.append(session, now, [log.Act(person.name, "golden", item.id, detail)])
