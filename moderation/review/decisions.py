"""Deciding, one item or many at once."""

import uuid
from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.errors import ChangedError, PrecedentError, ReviewError
from moderation.review import log, looks
from moderation.review.actions import STATES, Choice, require_valid
from moderation.review.changes import changed
from moderation.review.deeds import COLUMNS, Deed, Receipt, carry_out, locked
from moderation.review.models import WAITING, Action, Item, Skip
from moderation.review.precedent import against_own
from moderation.review.queue import Filters, in_campaign, matching, require_free
from moderation.review.rules import Person
from moderation.review.store import Store

_MOST_AT_ONCE: Final = 1_000


class Selection(msgspec.Struct, frozen=True):
    """Items for a decision on all of them, as they were when somebody looked."""

    versions: dict[str, int]
    """Version by comment id."""
    held: int = 0
    """Further items, which other people hold."""

    @property
    def count(self) -> int:
        """What a person is shown and confirms."""
        return len(self.versions)


class Bulk(msgspec.Struct, frozen=True):
    """What became of a decision on many items."""

    batch: str
    """What `undo` wants."""
    receipts: list[Receipt]
    changed: list[str]
    """Left alone: they are not any more what the person saw."""
    held: list[str]
    """Left alone: somebody else holds them."""
    undo_until: float


def decide(store: Store, person: Person, choice: Choice) -> Receipt:
    """Decide one item.

    ReviewError says why not: a reason is missing, somebody else holds the item, it is for a
    lead. ChangedError when it is not the version that the person saw; PrecedentError, once, when
    the person decided the same words the other way.
    """
    require_valid(choice.action, choice.reason, choice.note)
    with store.writing() as session:
        outcome = _decide(store, session, person, choice)
    # Raised here, since a late attempt stays in the log.
    if isinstance(outcome, ChangedError):
        raise outcome
    return outcome


def _decide(
    store: Store, session: Session, person: Person, choice: Choice
) -> Receipt | ChangedError:
    now = store.now()
    item = locked(session, choice.comment_id)
    look = looks.begun(session, person, item.pk, now)
    if item.version != choice.version or (look is not None and look.item_id != item.item_id):
        return _late(session, now, person, item, choice, blind=look is not None)
    if look is not None:
        deed = Deed(item, choice.action, item.state, look.kind, look.pk, look.claimed_at)
    else:
        _require_deciding(item, person, now)
        begun = item.claimed_at if item.claimed_by == person.name else 0.0
        deed = Deed(item, choice.action, _target(store, session, person, item, choice), begun=begun)
    if not choice.despite_precedent and look is None:
        _require_no_precedent(session, person, item, choice.action)
    if choice.action == "skip":
        _skip(store, session, person, item)
    receipt = carry_out(store, session, person, [deed], reason=choice.reason, note=choice.note)[0]
    if look is not None:
        # Told as for any other item, so that nobody knows a second look by its receipt.
        return msgspec.structs.replace(receipt, state=STATES[choice.action])
    return receipt


def preview(
    store: Store,
    person: Person,
    *,
    campaign: str = "",
    comment_ids: Collection[str] = (),
    filters: Filters | None = None,
) -> Selection:
    """The waiting items of a campaign, a selection or a filter, to be shown and confirmed.

    At most a thousand at once. ReviewError when there are more.
    """
    now = store.now()
    query: Any = select(*COLUMNS)
    if filters is not None:
        query, _, _ = matching(store, query, filters)
    else:
        chosen = in_campaign(campaign) if campaign else Item.id.in_(comment_ids)
        query = query.where(chosen, Item.state.in_(_states(person)))
    with store.reading() as session:
        items = session.execute(query.order_by(Item.pk).limit(_MOST_AT_ONCE + 1)).all()
    if len(items) > _MOST_AT_ONCE:
        raise ReviewError("too_many", f"more than {_MOST_AT_ONCE:,} items at once: narrow it down")
    free = [item for item in items if not _is_held(item, person, now)]
    return Selection({item.id: item.version for item in free}, len(items) - len(free))


def decide_many(
    store: Store,
    person: Person,
    versions: Mapping[str, int],
    action: Action,
    *,
    confirmed: int,
    reason: str = "",
    note: str = "",
) -> Bulk:
    """Decide all of a selection in one transaction, to be undone as one.

    `confirmed` is the count that the person was shown; ReviewError when it is not the
    selection's. Items that changed or that others hold are left alone and told.
    """
    require_valid(action, reason, note)
    if action == "skip":
        raise ReviewError("unknown_action", "many items cannot be skipped: release them")
    if confirmed != len(versions):
        raise ReviewError(
            "not_confirmed", f"{confirmed} items were confirmed, the selection has {len(versions)}"
        )
    if len(versions) > _MOST_AT_ONCE:
        raise ReviewError("too_many", f"more than {_MOST_AT_ONCE:,} items at once: narrow it down")
    now = store.now()
    batch = uuid.uuid4().hex
    deeds: list[Deed] = []
    late: list[str] = []
    held: list[str] = []
    with store.writing() as session:
        query = select(*COLUMNS).where(Item.id.in_(list(versions)))
        items = session.execute(query.order_by(Item.pk).with_for_update()).all()
        late += sorted(set(versions) - {item.id for item in items})
        for item in items:
            if item.version != versions[item.id] or item.state not in _states(person):
                late.append(item.id)
            elif _is_held(item, person, now):
                held.append(item.id)
            else:
                deeds.append(Deed(item, action, STATES[action]))
        receipts = carry_out(store, session, person, deeds, reason=reason, note=note, batch=batch)
    return Bulk(batch, receipts, late, held, now + store.rules.undo)


def _states(person: Person) -> tuple[str, ...]:
    """The states whose items the person may decide."""
    return WAITING if person.leads else ("open",)


def _is_held(item: Any, person: Person, now: float) -> bool:
    return item.claimed_by not in {"", person.name} and item.claimed_until >= now


def _late(
    session: Session, now: float, person: Person, item: Any, choice: Choice, *, blind: bool
) -> ChangedError:
    detail = {
        "item_id": item.item_id,
        "seen": choice.version,
        "version": item.version,
        "do": choice.action,
        "reason": choice.reason,
        "note": log.digest(choice.note),
    }
    log.append(session, now, [log.Act(person.name, "refused", item.id, detail)])
    return changed(session, item, choice.version, blind=blind)


def _require_deciding(item: Any, person: Person, now: float) -> None:
    if item.state not in WAITING:
        raise ReviewError("decided", f"comment {item.id} is {item.state}: a lead may reopen it")
    if item.state not in _states(person):
        raise ReviewError("not_allowed", f"comment {item.id} is escalated: for a lead")
    require_free(item, person, now)


def _require_no_precedent(session: Session, person: Person, item: Any, action: str) -> None:
    own = against_own(session, person.name, item.id, item.text, action)
    if own:
        other = own[0]
        raise PrecedentError(
            f"you decided {other.action} on the same words in comment {other.comment_id}; "
            "decide again if you mean it",
            own,
        )


def _target(store: Store, session: Session, person: Person, item: Any, choice: Choice) -> str:
    """The state that a first decision leads to; an item that several people skip is a lead's."""
    if choice.action != "skip":
        return STATES[choice.action]
    others = session.scalars(
        select(Skip.person).where(
            Skip.item == item.pk, Skip.revision == item.revision, Skip.person != person.name
        )
    ).all()
    if len(others) + 1 >= store.rules.skips:
        return "escalated"
    return str(item.state)


def _skip(store: Store, session: Session, person: Person, item: Any) -> None:
    said = {"revision": item.revision, "at": store.now()}
    statement = store.insert(Skip).values(item=item.pk, person=person.name, **said)
    session.execute(statement.on_conflict_do_update(index_elements=["item", "person"], set_=said))
