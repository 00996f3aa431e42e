"""API tokens: keys by which a program acts as a person."""

from typing import Any, Final

import msgspec
from sqlalchemy import delete, func, insert, select, update

from moderation.errors import ReviewError
from moderation.review import log
from moderation.review.access.accounts import found, preferences_of, require_role
from moderation.review.access.keys import new_id, new_key
from moderation.review.access.models import Account, Token
from moderation.review.access.sessions import Entered
from moderation.review.rules import ROLES, Person, Role
from moderation.review.store import Store

PREFIX: Final = "trollbridge_"
"""So that a scanner for leaked secrets knows one."""
MOST_DAYS: Final = 365
_MOST: Final = 50
_MAX_NAME: Final = 64
_NOTED_EVERY: Final = 60.0


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    """An API token as its owner sees it. Times are seconds since the epoch."""

    id: str
    name: str
    role: Role
    made_at: float
    expires_at: float
    used_at: float | None


def make(store: Store, person: Person, name: str, role: str, *, days: int) -> str:
    """Make a token for oneself; its key, which is never shown again.

    ReviewError when the role is more than the person's own, or the name says nothing.
    """
    require_role(role)
    name = name.strip()
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise ReviewError("bad_name", f"a token needs a name of up to {_MAX_NAME} characters")
    if not 1 <= days <= MOST_DAYS:
        raise ReviewError("bad_expiry", f"a token lives for 1 to {MOST_DAYS} days")
    now = store.now()
    key = new_key(store, PREFIX)
    with store.writing() as session:
        account = found(session, person.name)
        if _rank(role) > min(_rank(account.role), _rank(person.role)):
            raise ReviewError("not_allowed", "a token's role is at most your own")
        session.execute(delete(Token).where(Token.account == account.pk, Token.expires_at <= now))
        many = session.scalar(
            select(func.count()).select_from(Token).where(Token.account == account.pk)
        )
        if (many or 0) >= _MOST:
            raise ReviewError("too_many", f"you have {_MOST} tokens: revoke one first")
        token_id = new_id(store)
        session.execute(
            insert(Token).values(
                digest=log.digest(key),
                id=token_id,
                account=account.pk,
                name=name,
                role=role,
                made_at=now,
                expires_at=now + days * 86_400.0,
            )
        )
        detail = {"token": token_id, "name": name, "role": role, "days": days}
        log.append(session, now, [log.Act(account.name, "token_make", "", detail)])
    return key


def find(store: Store, key: str) -> Entered | None:
    """Whose token it is, with the lesser of the two roles; None when it opens nothing."""
    if not key.startswith(PREFIX):
        return None
    now = store.now()
    query = (
        select(Token, Account)
        .join(Account, Account.pk == Token.account)
        .where(Token.digest == log.digest(key), Token.expires_at > now, Account.disabled == 0)
    )
    with store.reading() as session:
        row = session.execute(query).one_or_none()
    if row is None:
        return None
    token, account = row
    if token.used_at is None or now - token.used_at >= _NOTED_EVERY:
        with store.writing(durable=False) as session:
            session.execute(update(Token).where(Token.digest == token.digest).values(used_at=now))
    role = ROLES[min(_rank(token.role), _rank(account.role))]
    return Entered(account.name, role, preferences_of(account.preferences), token.id)


def own(store: Store, name: str) -> list[TokenView]:
    """A person's tokens, the newest first."""
    query = (
        select(Token)
        .join(Account, Account.pk == Token.account)
        .where(Account.name == name, Token.expires_at > store.now())
        .order_by(Token.made_at.desc(), Token.id)
    )
    names = TokenView.__struct_fields__
    with store.reading() as session:
        return [
            TokenView(**{field: getattr(row, field) for field in names})
            for row in session.scalars(query)
        ]


def revoke(store: Store, person: Person, token_id: str) -> None:
    """End a token of one's own or, as an admin, anybody's."""
    now = store.now()
    with store.writing() as session:
        row = session.execute(
            select(Token.digest, Account.name)
            .join(Account, Account.pk == Token.account)
            .where(Token.id == token_id)
        ).one_or_none()
        if row is None or (row.name != person.name and person.role != "admin"):
            raise ReviewError("not_found", "there is no such token of yours")
        session.execute(delete(Token).where(Token.digest == row.digest))
        detail: dict[str, Any] = {"token": token_id, "account": row.name}
        log.append(session, now, [log.Act(person.name, "token_revoke", "", detail)])


def _rank(role: str) -> int:
    return [str(one) for one in ROLES].index(role)
