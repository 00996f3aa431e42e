"""Erasing an author from the queue, without breaking its log."""

from sqlalchemy import delete, func, select, update

from moderation.review import campaigns, log, threads
from moderation.review.locks import alone
from moderation.review.models import Decision, Item, Outbox
from moderation.review.rules import Person
from moderation.review.store import Store


def holds(store: Store, author_id: str) -> bool:
    """Whether the queue holds anything of an author."""
    with store.reading() as session:
        return any(
            session.scalar(select(table.pk).where(table.author_id == author_id).limit(1))
            for table in (Item, Decision)
        )


def forget(store: Store, person: Person, author_id: str) -> int:
    """Remove an author's comments with all that hangs on them; how many comments it were.

    Decisions stay as figures, without author and note. What is still to be sent is sent, since
    others have to learn of it; what was sent is removed. A campaign in which the author has an
    item loses its texts. The log says that somebody was erased, and not who.
    """
    now = store.now()
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
        session.execute(delete(Item).where(Item.author_id == author_id))
        log.append(session, now, [log.Act(person.name, "forget", "", {"comments": count})])
    return count
