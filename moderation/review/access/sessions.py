"""Sessions: browsers that are signed in."""

from typing import Any, Final

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from moderation.errors import ReviewError
from moderation.review import log
from moderation.review.access.accounts import (
    change,
    end_sessions,
    found,
    preferences_of,
    require_admin,
)
from moderation.review.access.keys import new_id, new_key
from moderation.review.access.models import Account, AccountSession
from moderation.review.preferences import Preferences
from moderation.review.rules import Person, Role
from moderation.review.store import Store

IDLE: Final = 2 * 3_600.0
"""A session that is not used ends."""
LONGEST: Final = 12 * 3_600.0
"""A session ends with the working day, used or not."""
_MOST: Final = 20
"""Of one person at a time; the oldest go first."""
_NOTED_EVERY: Final = 60.0
"""Reading is no reason to write each time."""
_MAX_AGENT: Final = 200


class Entered(msgspec.Struct, frozen=True):
    """Whose session or API token it is."""

    name: str
    role: Role
    preferences: Preferences
    id: str
    """Of the session or the token."""


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session as its owner sees it. Times are seconds since the epoch."""

    id: str
    address: str
    agent: str
    begun_at: float
    used_at: float
    ends_at: float
    """At the latest."""


def begin(store: Store, session: Session, row: Account, *, address: str, agent: str) -> str:
    """Begin a session in this transaction; its key, which nobody had before."""
    now = store.now()
    _make_room(session, row.pk, now)
    key = new_key(store)
    session.execute(
        insert(AccountSession).values(
            digest=log.digest(key),
            id=new_id(store),
            account=row.pk,
            address=address,
            agent=agent[:_MAX_AGENT].replace("\x00", ""),
            begun_at=now,
            used_at=now,
        )
    )
    change(session, row, signed_in_at=now)
    return key


def find(store: Store, key: str, *, used: bool = True) -> Entered | None:
    """Whose session it is; None when it has ended, or never was.

    `used` says that somebody acts; what a page asks of itself keeps no session alive.
    """
    now = store.now()
    query = (
        select(
            AccountSession.id,
            AccountSession.digest,
            AccountSession.used_at,
            Account.name,
            Account.role,
            Account.preferences,
        )
        .join(Account, Account.pk == AccountSession.account)
        .where(AccountSession.digest == log.digest(key), Account.disabled == 0, *_lives(now))
    )
    with store.reading() as session:
        row = session.execute(query).one_or_none()
    if row is None:
        return None
    if used and now - row.used_at >= _NOTED_EVERY:
        with store.writing(durable=False) as session:
            session.execute(
                update(AccountSession)
                .where(AccountSession.digest == row.digest)
                .values(used_at=now)
            )
    return Entered(row.name, row.role, preferences_of(row.preferences), row.id)


def own(store: Store, name: str) -> list[SessionView]:
    """A person's sessions, the newest first."""
    query = (
        select(AccountSession)
        .join(Account, Account.pk == AccountSession.account)
        .where(Account.name == name, *_lives(store.now()))
        .order_by(AccountSession.begun_at.desc(), AccountSession.id)
    )
    with store.reading() as session:
        return [
            SessionView(
                id=row.id,
                address=row.address,
                agent=row.agent,
                begun_at=row.begun_at,
                used_at=row.used_at,
                ends_at=row.begun_at + LONGEST,
            )
            for row in session.scalars(query)
        ]


def end(store: Store, name: str, session_id: str) -> None:
    """End one of a person's own sessions; ReviewError when it is not theirs."""
    now = store.now()
    with store.writing() as session:
        account = found(session, name)
        result: Any = session.execute(
            delete(AccountSession).where(
                AccountSession.id == session_id, AccountSession.account == account.pk
            )
        )
        if not result.rowcount:
            raise ReviewError("not_found", "there is no such session of yours")
        act = log.Act(account.name, "session_end", "", {"session": session_id})
        log.append(session, now, [act])


def end_all(store: Store, person: Person, name: str, *, besides: str = "") -> int:
    """End all sessions of a person, oneself or, as an admin, another; how many it were.

    `besides` is the id of one that goes on.
    """
    now = store.now()
    with store.writing() as session:
        account = found(session, name)
        if account.name != person.name:
            require_admin(person)
        kept = session.scalar(
            select(AccountSession.digest).where(
                AccountSession.id == besides, AccountSession.account == account.pk
            )
        )
        count = end_sessions(session, account.pk, besides=kept or "")
        detail = {"account": account.name, "sessions": count}
        log.append(session, now, [log.Act(person.name, "sessions_end", "", detail)])
    return count


def _lives(now: float) -> tuple[Any, ...]:
    return AccountSession.used_at > now - IDLE, AccountSession.begun_at > now - LONGEST


def _make_room(session: Session, account: int, now: float) -> None:
    """Remove what has expired, and a person's oldest where there are too many."""
    session.execute(
        delete(AccountSession).where(
            (AccountSession.used_at <= now - IDLE) | (AccountSession.begun_at <= now - LONGEST)
        )
    )
    oldest = (
        select(AccountSession.digest)
        .where(AccountSession.account == account)
        .order_by(AccountSession.begun_at.desc())
        .offset(_MOST - 1)
    )
    found_ones = session.scalars(oldest).all()
    session.execute(delete(AccountSession).where(AccountSession.digest.in_(found_ones)))
