"""Eight moderators at once, in processes of their own, one of which dies."""

import multiprocessing
from collections import Counter
from multiprocessing.process import BaseProcess

from moderation.review import log, outbox, queue
from moderation.review.actions import Choice
from moderation.review.decisions import decide
from moderation.review.rules import Person, Rules
from moderation.review.store import Store
from tests.moderation.review.desk import Desk
from tests.pipeline import until

ITEMS = 2_000
PEOPLE = 8


def _work(url: str, name: str) -> None:
    """Decide until nothing is left."""
    store = Store(url, rules=Rules(undo=1_000, second_looks=0, golden=0))
    person = Person(name)
    while item := queue.claim_next(store, person):
        decide(
            store,
            person,
            Choice(comment_id=item.id, version=item.version, action="reject", reason="insult"),
        )
    store.close()


def test_each_item_is_decided_once(database_url: str) -> None:
    """Eight processes decide 2,000 items, one is killed with SIGKILL in the middle.

    Each item is decided exactly once, the log verifies, and the outbox holds every decision: what
    the killed one had begun is whole or not there.
    """
    with Desk.at(database_url) as desk:
        desk.add(*(f"c{number}" for number in range(ITEMS)))
        spawn = multiprocessing.get_context("spawn")
        people: list[BaseProcess] = [
            spawn.Process(target=_work, args=(database_url, f"p{number}"))
            for number in range(PEOPLE)
        ]
        for one in people:
            one.start()
        try:
            until(lambda: queue.count(desk.store) < ITEMS // 2, "half of it", within=600)
            people[0].kill()
            for one in people:
                one.join(timeout=600)
            assert [-9] + [0] * (PEOPLE - 1) == [one.exitcode for one in people]
        finally:
            for one in people:
                one.kill()
        # What the killed one held is left until its lease has ended, and then free.
        desk.time = 2e9
        late = Person("late")
        while item := queue.claim_next(desk.store, late):
            desk.decide(item.id, person=late, version=item.version)
        decided = Counter(
            entry.comment_id for entry in log.entries(desk.store) if entry.action == "decide"
        )
        assert ITEMS == len(decided)
        assert {1} == set(decided.values())
        assert ITEMS == outbox.unsent(desk.store)
        assert [] == log.verify(desk.store).problems
