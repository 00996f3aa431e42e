"""Eight moderators at once, in processes of their own, one of which dies."""

import concurrent.futures
import contextlib
import multiprocessing
import time
from collections import Counter
from multiprocessing.process import BaseProcess

from moderation.errors import ChangedError, StoreError
from moderation.review import log, outbox, queue
from moderation.review.actions import Choice
from moderation.review.decisions import decide
from moderation.review.rules import Person, Rules
from moderation.review.store import Store
from tests.moderation.review.desk import Desk
from tests.pipeline import until
from tests.postgres import Server, database

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


def test_database_that_crashes() -> None:
    """PostgreSQL ends in the middle and comes back: people go on, and nothing is done twice."""
    items = 400
    with contextlib.ExitStack() as stack:
        server = Server()
        stack.callback(server.close)
        server.start()
        url = stack.enter_context(database(server.url))
        desk = stack.enter_context(Desk.at(url))
        desk.add(*(f"c{number}" for number in range(items)))
        pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(PEOPLE))
        people = [pool.submit(_persist, desk, Person(f"p{n}")) for n in range(PEOPLE)]
        until(lambda: queue.count(desk.store) < items * 3 // 4, "a quarter of it", within=300)
        server.crash()
        server.start()
        for one in people:
            one.result(timeout=300)
        assert 0 == queue.count(desk.store)
        decided = Counter(
            entry.comment_id for entry in log.entries(desk.store) if entry.action == "decide"
        )
        assert (items, {1}) == (len(decided), set(decided.values()))
        assert items == outbox.unsent(desk.store)
        assert [] == log.verify(desk.store).problems


def _persist(desk: Desk, person: Person) -> None:
    """Decide until nothing is left; what fails is tried again, as a person would."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        try:
            item = queue.claim_next(desk.store, person)
            if item is None:
                return
            desk.decide(item.id, person=person, version=item.version)
        except ChangedError:
            # The decision was stored, although the answer was lost.
            continue
        except StoreError:
            time.sleep(0.05)
