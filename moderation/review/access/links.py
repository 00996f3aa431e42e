"""Links that work once: for the first admin, for whoever is invited, for a forgotten password."""

from typing import Final, Literal

import msgspec
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from moderation.errors import ReviewError
from moderation.review import log
from moderation.review.access import passwords, throttle
from moderation.review.access.accounts import (
    COMMAND_LINE,
    NOBODY,
    add,
    added,
    change,
    end_sessions,
    found,
    require_admin,
)
from moderation.review.access.keys import new_key
from moderation.review.access.models import Account, Link
from moderation.review.access.signin import Browser, SignedIn, act, entered
from moderation.review.rules import Person
from moderation.review.store import Store

Purpose = Literal["first", "invite", "reset"]

LIFE: Final[dict[Purpose, float]] = {
    "first": 24 * 3_600.0,
    "invite": 72 * 3_600.0,
    "reset": 24 * 3_600.0,
}
"""How long a link waits, in seconds."""


class Welcome(msgspec.Struct, frozen=True):
    """What a link is for."""

    purpose: Purpose
    name: str
    """Whose; empty for the first admin, who chooses."""


def first(store: Store) -> str:
    """The key for the first admin, in place of any earlier one; empty when there is an account."""
    with store.writing() as session:
        if _any_account(session):
            return ""
        session.execute(delete(Link).where(Link.account.is_(None)))
        return _make(store, session, NOBODY, None, "first")


def invite(store: Store, person: Person, name: str, role: str) -> str:
    """Add an account without a password; the key by which the person sets one."""
    require_admin(person)
    now = store.now()
    with store.writing() as session:
        row = add(session, now, name, role)
        log.append(session, now, [added(person.name, row)])
        return _make(store, session, person.name, row, "invite")


def reset(store: Store, person: Person, name: str) -> str:
    """The key by which somebody sets a new password; earlier ones work no more."""
    require_admin(person)
    with store.writing() as session:
        row = found(session, name)
        if row.disabled:
            raise ReviewError("disabled", f"{row.name} is disabled: enable the account first")
        if row.issuer is not None:
            raise ReviewError("not_ours", f"{row.name} signs in with {row.issuer}")
        purpose: Purpose = "reset" if row.password else "invite"
        return _make(store, session, person.name, row, purpose)


def opened(store: Store, key: str) -> Welcome:
    """What a link is for, without using it up; ReviewError when it works no more."""
    with store.reading() as session:
        link = _found(session, key, store.now())
        name = None
        if link.account is not None:
            name = session.scalar(select(Account.name).where(Account.pk == link.account))
    return Welcome(link.purpose, name or "")  # type: ignore[arg-type]  # only purposes are stored


def accept(store: Store, key: str, password: str, browser: Browser, *, name: str = "") -> SignedIn:
    """Use a link up: set the password, end what sessions there were, and begin one.

    `name` is for the first admin. ReviewError leaves the link as it was.
    """
    welcome = opened(store, key)
    passwords.require_good(welcome.name or name, password)
    kept = passwords.hashed(password)
    now = store.now()
    with store.writing() as session:
        # Read again and held: a link works once, also for two who use it at the same time.
        link = _found(session, key, now, hold=True)
        session.execute(delete(Link).where(Link.digest == link.digest))
        row = _owner(session, now, link, name)
        change(session, row, password=kept)
        end_sessions(session, row.pk)
        session.execute(delete(Link).where(Link.account == row.pk))
        throttle.forgive(session, row.name)
        acts = [added(COMMAND_LINE.name, row)] if link.account is None else []
        acts.append(log.Act(row.name, "link_use", "", {"purpose": link.purpose}))
        acts.append(act(row, "password_set", browser))
        return entered(store, session, row, browser, acts)


def _owner(session: Session, now: float, link: Link, name: str) -> Account:
    if link.account is None:
        if _any_account(session):
            raise ReviewError("used", "this link works no more: there is an admin by now")
        return add(session, now, name, "admin")
    row = session.scalar(select(Account).where(Account.pk == link.account).with_for_update())
    if row is None or row.disabled:
        raise _gone()
    return row


def _make(store: Store, session: Session, by: str, row: Account | None, purpose: Purpose) -> str:
    now = store.now()
    key = new_key(store)
    session.execute(delete(Link).where(Link.expires_at <= now))
    if row is not None:
        session.execute(delete(Link).where(Link.account == row.pk))
    session.execute(
        insert(Link).values(
            digest=log.digest(key),
            account=row.pk if row is not None else None,
            purpose=purpose,
            expires_at=now + LIFE[purpose],
        )
    )
    detail = {"account": row.name if row is not None else "", "purpose": purpose}
    log.append(session, now, [log.Act(by, "link_make", "", detail)])
    return key


def _found(session: Session, key: str, now: float, *, hold: bool = False) -> Link:
    query = select(Link).where(Link.digest == log.digest(key), Link.expires_at > now)
    link = session.scalar(query.with_for_update() if hold else query)
    if link is None:
        raise _gone()
    return link


def _any_account(session: Session) -> bool:
    return bool(session.scalar(select(func.count()).select_from(Account)))


def _gone() -> ReviewError:
    return ReviewError("used", "this link works no more: ask an admin for another one")
