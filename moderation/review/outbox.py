"""Records that must be sent: written with the decision, withdrawn with it, sent until confirmed.

Sending itself is the caller's: `take_due`, send, `confirm`.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from moderation.records import Decided, encode
from moderation.review.models import Decision, Lease, Outbox
from moderation.review.store import Store

_ROLE: Final = "outbox"


class Due(NamedTuple):
    """A record whose time has come."""

    pk: int
    key: str
    value: bytes


def put(session: Session, due_at: float, records: Iterable[tuple[int, Decided]]) -> None:
    """Write records, each with the decision that it tells, into this transaction."""
    rows: list[dict[str, Any]] = [
        {
            "decision": decision,
            "key": decided.author_id,
            "value": encode(decided),
            "due_at": due_at,
            "state": "waiting",
        }
        for decision, decided in records
    ]
    if rows:
        session.execute(insert(Outbox), rows)


def withdraw(session: Session, decisions: Collection[int]) -> set[int]:
    """Withdraw these decisions' records; the decisions for which it is too late.

    A record that the sender has taken may have been sent already, whatever the clocks say.
    """
    session.execute(
        update(Outbox)
        .where(Outbox.decision.in_(decisions), Outbox.state == "waiting")
        .values(state="withdrawn")
    )
    late = session.scalars(
        select(Outbox.decision).where(
            Outbox.decision.in_(decisions), Outbox.state.in_(("taken", "sent"))
        )
    )
    return set(late)


def take_due(store: Store, holder: str, *, lease: float = 15.0, limit: int = 500) -> list[Due]:
    """Records to be sent now, oldest first; none while another `holder` has the sender's role.

    The role is held for `lease` seconds from the last call. What an earlier holder took and did
    not confirm comes again, before what is new.
    """
    now = store.now()
    with store.writing() as session:
        if not _hold(store, session, holder, now + lease):
            return []
        waiting = (
            select(Outbox.pk)
            .where(Outbox.state == "waiting", Outbox.due_at < now)
            .order_by(Outbox.pk)
            .limit(limit)
        )
        session.execute(update(Outbox).where(Outbox.pk.in_(waiting)).values(state="taken"))
        taken = session.execute(
            select(Outbox.pk, Outbox.key, Outbox.value)
            .where(Outbox.state == "taken")
            .order_by(Outbox.pk)
            .limit(limit)
        )
        return [Due(row.pk, row.key, row.value) for row in taken]


def confirm(store: Store, sent: Sequence[int]) -> None:
    """The broker has these; they are not sent again, and those of erased authors go."""
    erased = select(Decision.pk).where(Decision.erased == 1)
    with store.writing() as session:
        session.execute(delete(Outbox).where(Outbox.pk.in_(sent), Outbox.decision.in_(erased)))
        session.execute(
            update(Outbox).where(Outbox.pk.in_(sent)).values(state="sent", sent_at=store.now())
        )


def unsent(store: Store, author_id: str | None = None) -> int:
    """Records that still have to be sent, due or not; of one author, or all."""
    open_ones = select(func.count()).where(Outbox.state.in_(("waiting", "taken")))
    if author_id is not None:
        open_ones = open_ones.where(Outbox.key == author_id)
    with store.reading() as session:
        return session.scalar(open_ones) or 0


def resign(store: Store, holder: str) -> None:
    """Give the sender's role up, so that another need not wait for its end."""
    with store.writing() as session:
        session.execute(
            update(Lease).where(Lease.role == _ROLE, Lease.holder == holder).values(until=0.0)
        )


def _hold(store: Store, session: Session, holder: str, until: float) -> bool:
    """Take or prolong the sender's role; False when another has it."""
    now = store.now()
    statement = store.insert(Lease).values(role=_ROLE, holder=holder, until=until)
    held = session.execute(
        statement.on_conflict_do_update(
            index_elements=["role"],
            set_={"holder": holder, "until": until},
            where=(Lease.holder == holder) | (Lease.until < now),
        ).returning(Lease.holder)
    ).one_or_none()
    return held is not None
