"""Erasing an author: nothing of theirs is left, and the log still verifies."""

from typing import Any

from sqlalchemy import select

from moderation.records import Context, Utterance
from moderation.review import log, outbox, queue
from moderation.review.erasure import forget, holds
from moderation.review.intake import take_in
from moderation.review.models import Base
from tests.moderation.review.desk import LEAD, Desk, judged

SECRETS = ("u-erased", "Gertrude", "xylophone", "hush")


def test_nothing_is_left(desk: Desk) -> None:
    """Text, name, id and notes are in no table any more; others' items and the log are whole.

    Nor are they in what stood before somebody else's comment, now or in an earlier form of it.
    """
    desk.luck = 0.0
    said = [
        Utterance("c0", "u-erased", "The xylophone!", "Gertrude"),
        Utterance("c9", "u-stays", "A drum."),
    ]
    for revision in (0, 1):
        desk.add("other", revision=revision, context=Context(conversation=said))
    named: dict[str, Any] = {"author_id": "u-erased", "author_name": "Gertrude"}
    take_in(desk.store, [judged(name, text="xylophone", **named) for name in ("c1", "c2")])
    desk.decide("c1", "reject", note="hush")
    desk.time += 60
    (due,) = outbox.take_due(desk.store, "test")
    outbox.confirm(desk.store, [due.pk])
    take_in(desk.store, [judged("c1", text="xylophone 2", revision=1, **named)])
    assert 2 == forget(desk.store, LEAD, "u-erased")
    with desk.store.reading() as session:
        for table in Base.metadata.sorted_tables:
            rows = repr(session.execute(select(table)).all())
            assert not [secret for secret in SECRETS if secret in rows], table.name
    (other,) = queue.waiting(desk.store).items
    assert ("other", said[1:]) == (other.id, other.judged.context.conversation)
    assert [] == queue.waiting(desk.store, queue.Filters(words="xylophone")).items
    assert [] == log.verify(desk.store).problems
    assert ["reject"] == [row.action for row in queue.history(desk.store, "c1")]


def test_what_was_said_before_others_is_found(desk: Desk) -> None:
    """Whose only trace is in what stood before others' comments is found, and erased there."""
    said = [Utterance("c0", 'u-"%_', "The xylophone!")]
    desk.add("other", context=Context(conversation=said))
    assert holds(desk.store, 'u-"%_')
    assert not holds(desk.store, 'u-"xx')
    assert 0 == forget(desk.store, LEAD, 'u-"%_')
    assert not holds(desk.store, 'u-"%_')


def test_decision_on_its_way_is_sent(desk: Desk) -> None:
    """Erasing does not swallow a decision that others have not heard of; then that goes, too."""
    desk.add("c")
    desk.decide("c", "reject")
    forget(desk.store, LEAD, "author-of-c")
    desk.time += 60
    assert 1 == outbox.unsent(desk.store, "author-of-c")
    assert 0 == outbox.unsent(desk.store, "another")
    (due,) = outbox.take_due(desk.store, "test")
    outbox.confirm(desk.store, [due.pk])
    with desk.store.reading() as session:
        assert [] == session.execute(select(Base.metadata.tables["review_outbox"])).all()
