"""Coming in: with a password, or vouched for by an identity provider."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.errors import ReviewError
from moderation.review import log
from moderation.review.access import passwords, sessions, throttle
from moderation.review.access.accounts import NOBODY, add, added, change, end_sessions, find, found
from moderation.review.access.keys import new_key
from moderation.review.access.models import Account
from moderation.review.rules import Role
from moderation.review.store import Store


class Browser(NamedTuple):
    """What asks."""

    address: str = ""
    agent: str = ""
    device: str = ""
    """Device key from an earlier sign-in; empty if it has none."""


class SignedIn(NamedTuple):
    """What the browser keeps."""

    name: str
    session: str
    """Key of the session."""
    device: str
    """Device key."""


class Identity(NamedTuple):
    """Whom an identity provider vouches for."""

    issuer: str
    subject: str
    name: str
    role: Role


def sign_in(store: Store, name: str, password: str, browser: Browser) -> SignedIn:
    """Begin a session; ReviewError `wrong` or `locked`, the same whether there is such a name."""
    name = name[:200]
    comer = throttle.Comer(name, browser.address, browser.device)
    throttle.enter(store, comer)
    row = _right(store, name, password)
    if row is None:
        _failed(store, name, browser)
        raise ReviewError("wrong", "the name or the password is wrong")
    anew = passwords.hashed(password) if passwords.outdated(row.password) else ""
    with store.writing() as session:
        now_row = found(session, name)
        # It may have been changed while it was looked at.
        if now_row.password != row.password or now_row.disabled:
            raise ReviewError("wrong", "the name or the password is wrong")
        if anew:
            change(session, now_row, password=anew)
        throttle.passed(store, session, comer)
        return entered(store, session, now_row, browser, [act(now_row, "sign_in", browser)])


def sign_in_by(store: Store, identity: Identity, browser: Browser) -> SignedIn:
    """Begin a session for somebody an identity provider vouches for.

    The account is made at the first time and belongs to the provider's subject from then on; an
    account of ours of the same name is never theirs. Their role is what the provider says today.
    """
    now = store.now()
    query = select(Account).where(
        Account.issuer == identity.issuer, Account.subject == identity.subject
    )
    with store.writing() as session:
        row = session.scalar(query.with_for_update())
        acts = []
        if row is None:
            vouched = {"issuer": identity.issuer, "subject": identity.subject}
            row = add(session, now, identity.name, identity.role, **vouched)
            acts.append(added(NOBODY, row))
        if row.disabled:
            raise ReviewError("disabled", f"the account {row.name} is disabled: ask an admin")
        if row.role != identity.role:
            ended = end_sessions(session, row.pk)
            detail = {"account": row.name, "from": row.role, "to": identity.role}
            change(session, row, role=identity.role)
            acts.append(log.Act(row.name, "account_role", "", detail | {"sessions": ended}))
        return entered(store, session, row, browser, [*acts, act(row, "sign_in", browser)])


def sign_out(store: Store, name: str, session_id: str) -> None:
    """End the session that is used."""
    sessions.end(store, name, session_id)


def change_password(store: Store, name: str, old: str, new: str, browser: Browser) -> SignedIn:
    """Set another password, which ends every session; the browser gets a new one.

    The old one is asked for, and tries at it count, since a session may be somebody else's.
    """
    require_password(store, name, old, browser)
    passwords.require_good(name, new)
    kept = passwords.hashed(new)
    with store.writing() as session:
        row = found(session, name)
        change(session, row, password=kept)
        end_sessions(session, row.pk)
        return entered(store, session, row, browser, [act(row, "password_set", browser)])


def require_password(store: Store, name: str, password: str, browser: Browser) -> None:
    """ReviewError `wrong` or `locked` when it is not the person's password."""
    comer = throttle.Comer(name, browser.address, browser.device)
    throttle.enter(store, comer)
    if _right(store, name, password) is None:
        _failed(store, name, browser)
        raise ReviewError("wrong", "that is not your password")
    with store.writing() as session:
        throttle.passed(store, session, comer)


def has_password(store: Store, name: str) -> bool:
    """Whether the person signs in with a password of ours."""
    with store.reading() as session:
        row = find(session, name)
    return row is not None and bool(row.password)


def entered(
    store: Store, session: Session, row: Account, browser: Browser, acts: Sequence[log.Act]
) -> SignedIn:
    """Begin a session in this transaction, and write down how it came about.

    The log comes last: whoever appends to it keeps all others waiting.
    """
    device = browser.device or new_key(store)
    throttle.know(store, session, throttle.Comer(row.name, browser.address, device))
    key = sessions.begin(store, session, row, address=browser.address, agent=browser.agent)
    log.append(session, store.now(), acts)
    return SignedIn(row.name, key, device)


def act(row: Account, action: str, browser: Browser) -> log.Act:
    """What the log says of somebody who came in."""
    detail = {"network": throttle.network(browser.address), "issuer": row.issuer or ""}
    return log.Act(row.name, action, "", detail)


def _right(store: Store, name: str, password: str) -> Account | None:
    """The account, if that is its password; the same work if there is no such account."""
    with store.reading() as session:
        row = find(session, name)
    usable = row is not None and not row.disabled
    kept = row.password if row is not None and usable else ""
    return row if passwords.matches(kept, password) else None


def _failed(store: Store, name: str, browser: Browser) -> None:
    """Write a failed sign-in down; a name that is none may be a password, and is not kept."""
    now = store.now()
    with store.writing() as session:
        row = find(session, name)
        who = row.name if row is not None else NOBODY
        detail = {"network": throttle.network(browser.address)}
        log.append(session, now, [log.Act(who, "sign_in_failed", "", detail)])
