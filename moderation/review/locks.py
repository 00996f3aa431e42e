"""How items, campaigns and the heat of threads find each other, whichever comes first.

Whoever takes one of them in looks whether the others are here already. Two processes that do so at
once would not see what the other is about to commit, and an item could miss its campaign for good.
So those who tell surroundings do it alone, and those who take items in do it beside each other.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Final, TypeVar

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from moderation.review.models import Item
from moderation.review.store import Store

_Any = TypeVar("_Any")

_LOCK: Final = 7_466_552
"""Of PostgreSQL's advisory locks, ours. SQLite lets one write at a time anyway."""
_MOST_NAMED: Final = 1_000
"""Names in one statement; databases allow some ten thousand."""


def beside(store: Store, session: Session) -> None:
    """Wait until nobody tells surroundings, and keep it so for this transaction."""
    if not store.is_sqlite:
        session.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": _LOCK})


def alone(store: Store, session: Session) -> None:
    """Wait until nobody takes items in or tells surroundings, and keep it so."""
    if not store.is_sqlite:
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def hold(session: Session, items: Collection[int]) -> None:
    """Lock items by key, in the order in which everybody locks them."""
    for some in portions(sorted(items)):
        session.execute(
            select(Item.pk).where(Item.pk.in_(some)).order_by(Item.pk).with_for_update()
        ).all()


def portions(names: Sequence[_Any]) -> Iterator[Sequence[_Any]]:
    """Names in as many as one statement may hold."""
    for start in range(0, len(names), _MOST_NAMED):
        yield names[start : start + _MOST_NAMED]
