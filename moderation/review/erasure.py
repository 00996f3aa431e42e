"""Erasing an author from the queue, without breaking its log."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from moderation.records import decode_judged, encode
from moderation.review import campaigns, log, threads
from moderation.review.locks import alone
from moderation.review.models import Decision, Edit, Item, ItemVersion, Outbox
from moderation.review.rules import Person
from moderation.review.store import Store

_AT_ONCE: Final = 500


def holds(store: Store, author_id: str) -> bool:
    """Whether the queue holds anything of an author."""
    with store.reading() as session:
        own = any(
            session.scalar(select(exists().where(table.author_id == author_id)))
            for table in (Item, Decision, Edit)
        )
    return own or bool(_quoting(store, author_id))


def forget(store: Store, person: Person, author_id: str) -> int:
    """Remove an author's comments with all that hangs on them; how many comments it were.

    Where they stand before a comment of somebody else's they are taken out of its record.
    Decisions stay as figures, without author and note. What is still to be sent is sent, since
    others have to learn of it; what was sent is removed. A campaign in which the author has an
    item loses its texts. The log says that somebody was erased, and not who.
    """
    now = store.now()
    # Looked for beforehand, since it reads every record and nobody is to wait for that.
    quoting = _quoting(store, author_id)
    with store.writing() as session:
        alone(store, session)
        items = select(Item.pk).where(Item.author_id == author_id)
        count = session.scalar(select(func.count()).select_from(items.subquery())) or 0
        ours = select(Decision.pk).where(Decision.author_id == author_id)
        session.execute(
            delete(Outbox).where(Outbox.decision.in_(ours), Outbox.state.in_(("sent", "withdrawn")))
        )
        session.execute(
            update(Decision)
            .where(Decision.author_id == author_id)
            .values(author_id="", note="", erased=1)
        )
        campaigns.erase(store, session, author_id)
        threads.erase(session, author_id)
        session.execute(delete(Edit).where(Edit.author_id == author_id))
        session.execute(delete(Item).where(Item.author_id == author_id))
        for start in range(0, len(quoting), _AT_ONCE):
            _unquote(session, quoting[start : start + _AT_ONCE], author_id)
        log.append(session, now, [log.Act(person.name, "forget", "", {"comments": count})])
    return count


def _quoting(store: Store, author_id: str) -> list[int]:
    """Items before whose comments the author has said something, now or in an earlier form."""
    said = f'"author_id":{msgspec.json.encode(author_id).decode()}'
    with store.reading() as session:
        now = session.scalars(
            select(Item.pk).where(
                Item.author_id != author_id, Item.record.contains(said, autoescape=True)
            )
        ).all()
        earlier = session.scalars(
            select(ItemVersion.item).where(ItemVersion.content.contains(said, autoescape=True))
        ).all()
    return sorted({*now, *earlier})


def _unquote(session: Session, items: Sequence[int], author_id: str) -> None:
    now = session.execute(select(Item.pk, Item.record).where(Item.pk.in_(items))).all()
    for pk, record in now:
        left = _without(record, author_id)
        session.execute(update(Item).where(Item.pk == pk).values(record=left))
    columns = (ItemVersion.item, ItemVersion.version, ItemVersion.content)
    earlier = session.execute(select(*columns).where(ItemVersion.item.in_(items))).all()
    for pk, version, record in earlier:
        left = _without(record, author_id)
        session.execute(
            update(ItemVersion)
            .where(ItemVersion.item == pk, ItemVersion.version == version)
            .values(content=left)
        )


def _without(record: str, author_id: str) -> str:
    """A judged record in which the author has said nothing."""
    judged = decode_judged(record.encode())
    left = [said for said in judged.context.conversation if said.author_id != author_id]
    judged.context = msgspec.structs.replace(judged.context, conversation=left)
    return encode(judged).decode()
