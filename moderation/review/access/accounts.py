"""Accounts: who there is, with which role."""

import re
import unicodedata
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import ColumnElement, func, insert, or_, select, update
from sqlalchemy.orm import Session

from moderation.errors import ReviewError
from moderation.review import log
from moderation.review.access.models import Account, AccountSession, Link
from moderation.review.preferences import Preferences
from moderation.review.rules import ROLES, Person, Role
from moderation.review.store import Store

NAME: Final = r"\w[\w.@+\-]{0,63}"
"""What a name looks like: it stands in URLs, tables and the log."""
COMMAND_LINE: Final = Person("(command line)", "admin")
"""Who acts where there is no account: whoever may start programs beside the database."""
NOBODY: Final = "(nobody)"


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """An account as an admin sees it. Times are seconds since the epoch."""

    name: str
    role: Role
    state: Literal["active", "invited", "disabled"]
    issuer: str
    """Who vouches for the person; empty: a password of our own."""
    sessions: int
    """Browsers that are signed in, expired ones among them until they are cleared."""
    created_at: float
    signed_in_at: float | None


def accounts(store: Store) -> list[AccountView]:
    """Every account by name."""
    sessions = (
        select(func.count())
        .select_from(AccountSession)
        .where(AccountSession.account == Account.pk)
        .scalar_subquery()
    )
    with store.reading() as session:
        rows = session.execute(select(Account, sessions).order_by(Account.folded)).all()
    return [_view(row, count) for row, count in rows]


def account(store: Store, name: str) -> AccountView:
    """The account of this name; ReviewError when there is none."""
    found = [view for view in accounts(store) if fold(view.name) == fold(name)]
    if not found:
        raise _unknown(name)
    return found[0]


def add(
    session: Session,
    now: float,
    name: str,
    role: str,
    *,
    issuer: str | None = None,
    subject: str | None = None,
) -> Account:
    """Add an account in this transaction; ReviewError when the name is taken or is none.

    The caller enters `added` into the log.
    """
    name = unicodedata.normalize("NFKC", name.strip())
    require_role(role)
    if not re.fullmatch(NAME, name):
        raise ReviewError(
            "bad_name", "a name has up to 64 letters, digits and . _ - + @, and no spaces"
        )
    if find(session, name) is not None:
        raise ReviewError("name_taken", f"there is an account {name} already")
    values = {"role": role, "created_at": now, "issuer": issuer, "subject": subject}
    session.execute(insert(Account).values(name=name, folded=fold(name), **values))
    return found(session, name)


def added(by: str, row: Account) -> log.Act:
    """What the log says of a new account."""
    detail = {"account": row.name, "role": row.role, "issuer": row.issuer or ""}
    return log.Act(by, "account_add", "", detail)


def find(session: Session, name: str) -> Account | None:
    """The account of this name, in any case."""
    return session.scalar(select(Account).where(Account.folded == fold(name)))


def found(session: Session, name: str) -> Account:
    """The account of this name, held against other transactions; ReviewError if there is none."""
    row = session.scalar(select(Account).where(Account.folded == fold(name)).with_for_update())
    if row is None:
        raise _unknown(name)
    return row


def set_role(store: Store, person: Person, name: str, role: str) -> None:
    """Give an account another role, which ends its sessions; an admin's business."""
    require_admin(person)
    require_role(role)
    now = store.now()
    with store.writing() as session:
        row = found(session, name)
        if row.role == role:
            return
        _require_other_admin(session, row)
        change(session, row, role=role)
        ended = end_sessions(session, row.pk)
        detail = {"account": row.name, "from": row.role, "to": role, "sessions": ended}
        log.append(session, now, [log.Act(person.name, "account_role", "", detail)])


def disable(store: Store, person: Person, name: str) -> None:
    """Shut an account: its sessions end, its links and API tokens work no more."""
    require_admin(person)
    now = store.now()
    with store.writing() as session:
        row = found(session, name)
        if row.disabled:
            return
        _require_other_admin(session, row)
        change(session, row, disabled=1)
        session.execute(Link.__table__.delete().where(Link.account == row.pk))  # type: ignore[attr-defined]
        detail = {"account": row.name, "sessions": end_sessions(session, row.pk)}
        log.append(session, now, [log.Act(person.name, "account_disable", "", detail)])


def enable(store: Store, person: Person, name: str) -> None:
    """Open a disabled account again."""
    require_admin(person)
    now = store.now()
    with store.writing() as session:
        row = found(session, name)
        if row.disabled:
            change(session, row, disabled=0)
            act = log.Act(person.name, "account_enable", "", {"account": row.name})
            log.append(session, now, [act])


def set_preferences(store: Store, name: str, preferences: Preferences) -> None:
    """Keep what a person has set for themselves; nobody else's business, so it is not logged."""
    said = msgspec.json.encode(preferences).decode()
    with store.writing() as session:
        change(session, found(session, name), preferences=said)


def preferences_of(kept: str) -> Preferences:
    """Preferences from their column; the defaults, if they are from another version."""
    try:
        return msgspec.json.decode(kept.encode(), type=Preferences)
    except msgspec.DecodeError:
        return Preferences()


def change(session: Session, row: Account, **values: Any) -> None:
    """Set columns of an account."""
    session.execute(update(Account).where(Account.pk == row.pk).values(**values))


def end_sessions(session: Session, account: int, *, besides: str = "") -> int:
    """End an account's sessions, but for the one of this digest; how many it were."""
    result: Any = session.execute(
        AccountSession.__table__.delete().where(  # type: ignore[attr-defined]
            AccountSession.account == account, AccountSession.digest != besides
        )
    )
    return int(result.rowcount)


def fold(name: str) -> str:
    """A name without case and in one form, of characters that every database takes."""
    storable = name.encode("utf-8", "replace").decode().replace("\x00", "?")
    return unicodedata.normalize("NFKC", storable.strip()).casefold()


def require_admin(person: Person) -> None:
    """ReviewError when it is not an admin."""
    if person.role != "admin":
        raise ReviewError("not_allowed", "accounts are an admin's business")


def require_role(role: str) -> None:
    """ReviewError when there is no such role."""
    if role not in ROLES:
        raise ReviewError("unknown_role", f"{role!r} is none of {', '.join(ROLES)}")


def can_enter() -> ColumnElement[bool]:
    """Accounts that somebody can sign in to."""
    return (Account.disabled == 0) & or_(Account.password != "", Account.issuer.is_not(None))


def _require_other_admin(session: Session, row: Account) -> None:
    """ReviewError when nobody would be left who can look after accounts."""
    if row.role != "admin" or row.disabled:
        return
    # Locked, so that two admins do not shut each other out at the same moment.
    admins = session.scalars(
        select(Account.pk).where(Account.role == "admin", can_enter()).with_for_update()
    ).all()
    if not set(admins) - {row.pk}:
        raise ReviewError("last_admin", f"{row.name} is the last admin: make another one first")


def _view(row: Account, sessions: int) -> AccountView:
    state: Literal["active", "invited", "disabled"] = "active"
    if row.disabled:
        state = "disabled"
    elif not row.password and row.issuer is None:
        state = "invited"
    return AccountView(
        name=row.name,
        role=row.role,  # type: ignore[arg-type]  # only roles are stored
        state=state,
        issuer=row.issuer or "",
        sessions=sessions,
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
    )


def _unknown(name: str) -> ReviewError:
    return ReviewError("not_found", f"there is no account {name}")
