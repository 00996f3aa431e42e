"""From `comments.review` to a decision on `moderation.decisions`, whatever dies in between."""

import concurrent.futures
import contextlib
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from moderation.errors import ChangedError, StoreError
from moderation.records import Decided, decode_decided, encode
from moderation.review import campaigns, log, outbox, queue
from moderation.review.actions import Choice
from moderation.review.decisions import decide
from moderation.review.rules import Person, Rules
from moderation.review.store import Store
from moderation.trolling.campaigns import CampaignRecord
from moderation.trolling.heat import HeatRecord
from streams.broker import free_port
from tests.broker.review_reader import UNDO, Reader, send_flagged
from tests.moderation.review.desk import edit, judged
from tests.pipeline import Pipeline, until

RULES = Rules(undo=UNDO, second_looks=0, golden=0)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """The store that the reader fills."""
    store = Store(database_url, rules=RULES)
    yield store
    store.close()


@contextlib.contextmanager
def _reading(pipeline: Pipeline, url: str, **options: str) -> Iterator[Reader]:
    reader = Reader(pipeline, url, pipeline.folder / "reader.log", **options)
    try:
        yield reader
    finally:
        if reader.process.poll() is None:
            reader.kill()


def _wait_waiting(reader: Reader, store: Store, count: int, *, within: float = 60) -> None:
    def reached() -> bool:
        reader.require_alive()
        return queue.count(store) >= count

    until(reached, f"{count} items in the store", within=within)


def _decisions(pipeline: Pipeline) -> list[Decided]:
    return [decode_decided(record.value) for record in pipeline.read(pipeline.topics.decisions)]


def _work(store: Store, person: Person, *, pause: float = 0.0) -> int:
    """Decide until nothing waits; what fails for the moment is tried again, as a person would."""
    done = 0
    failing_since = 0.0
    while True:
        try:
            item = queue.claim_next(store, person)
            if item is None:
                return done
            choice = Choice(comment_id=item.id, version=item.version, action="approve")
            decide(store, person, choice)
            done += 1
            failing_since = 0.0
        except ChangedError:
            # The commit came through although its answer did not.
            continue
        except StoreError:
            failing_since = failing_since or time.monotonic()
            assert time.monotonic() < failing_since + 60
            time.sleep(0.1)
        time.sleep(pause)


def test_reader_killed_twice(pipeline: Pipeline, database_url: str, store: Store) -> None:
    """A reader killed with SIGKILL twice in the middle: every flagged comment is there, once."""
    total = 4_000
    send_flagged(pipeline, total)
    for part in (500, 2_000):
        with _reading(pipeline, database_url) as reader:
            _wait_waiting(reader, store, part)
            reader.kill()
    with _reading(pipeline, database_url) as reader:
        _wait_waiting(reader, store, total)
        assert total == queue.count(store)
        # The last offsets are committed: who reads next has nothing to read again.
        assert 0 == reader.stop()


def test_eight_moderators(pipeline: Pipeline, database_url: str, store: Store) -> None:
    """Eight people at work, the sender killed in the middle.

    Each item is decided exactly once, every decision reaches Kafka with its place in the log, and
    the log verifies.
    """
    total = 600
    send_flagged(pipeline, total)
    with _reading(pipeline, database_url) as reader:
        _wait_waiting(reader, store, total)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            people = [pool.submit(_work, store, Person(f"p{number}")) for number in range(8)]
            until(lambda: queue.count(store) < total // 2, "half of it decided", within=120)
            reader.kill()
            done = [one.result(timeout=180) for one in people]
    assert total == sum(done)
    with _reading(pipeline, database_url) as reader:
        until(lambda: outbox.unsent(store) == 0, "all decisions sent", within=60)
        assert 0 == reader.stop()
    decided = {record.decision_id: record for record in _decisions(pipeline)}
    assert {f"c{number}" for number in range(total)} == {r.id for r in decided.values()}
    assert {1} == set(Counter(record.id for record in decided.values()).values())
    found = log.verify(store)
    assert ([], total) == (found.problems, found.entries)
    hashes = {entry.number: entry.hash for entry in log.entries(store)}
    assert all(hashes[record.log.number] == record.log.hash for record in decided.values())


def test_flagged_comment_to_decision(embedded: Pipeline, database_url: str, store: Store) -> None:
    """The whole way: a comment crosses the worker, is decided, and the author's record says so."""
    embedded.articles(1)
    embedded.worker()
    embedded.send(
        embedded.topics.comments,
        [("a0", '{"id": "c", "article_id": "a0", "author_id": "u9", "text": "you idiot"}')],
    )
    with _reading(embedded, database_url) as reader:
        _wait_waiting(reader, store, 1)
        anna = Person("anna")
        item = queue.claim_next(store, anna)
        assert item is not None
        choice = Choice(comment_id="c", version=item.version, action="reject", reason="insult")
        decide(store, anna, choice)
        until(lambda: outbox.unsent(store) == 0, "the decision sent", within=30)
    (record,) = embedded.read(embedded.topics.decisions)
    assert b"u9" == record.key
    decided = decode_decided(record.value)
    assert ("reject", "insult", "c") == (decided.decision, decided.reason, decided.id)


def test_broken_records_do_not_stop_the_queue(
    embedded: Pipeline, database_url: str, store: Store
) -> None:
    """What is no flagged comment becomes a dead letter with its code; the good ones are stored."""
    allowed = judged("allowed", decision="allow")
    embedded.send(
        embedded.topics.review,
        [
            ("x", b"{"),
            ("y", None),
            ("z", encode(judged("c" * 300))),
            ("allowed", encode(allowed)),
            ("good", encode(judged("good"))),
        ],
    )
    with _reading(embedded, database_url) as reader:
        _wait_waiting(reader, store, 1)
        until(lambda: embedded.count(embedded.topics.deadletter) == 4, "dead letters", within=30)
        assert 0 == reader.stop()
    letters = embedded.read(embedded.topics.deadletter)
    codes = [dict(letter.headers)["trollbridge.code"].decode() for letter in letters]
    assert ["not_json", "tombstone", "too_long", "wrong_topic"] == sorted(codes)
    assert ["good"] == [item.id for item in queue.waiting(store).items]


def test_campaign_and_heat_reach_the_items(
    embedded: Pipeline, database_url: str, store: Store
) -> None:
    """Records of `campaigns` and `threads.heat` update rows; broken ones become dead letters."""
    topics = embedded.topics
    campaign = CampaignRecord(id="c0#0", comments=5, authors=3, joined=["c0#0", "c1#0"])
    heat = HeatRecord(article_id="a1", heat=0.75, contributions=[], at=time.time())
    send_flagged(embedded, 2)
    embedded.send(
        topics.campaigns,
        [("c0#0", msgspec.json.encode(campaign)), ("x", b"{}"), ("y", b'{"id": ""}')],
    )
    embedded.send(
        topics.heat,
        [("a1", msgspec.json.encode(heat)), ("gone", None), ("x", b'{"article_id": 1}')],
    )
    with _reading(embedded, database_url) as reader:
        _wait_waiting(reader, store, 2)

        def told() -> bool:
            reader.require_alive()
            items = [queue.get(store, name) for name in ("c0", "c1")]
            return all((item.campaign, item.heat) == ("c0#0", 0.75) for item in items)

        until(told, "campaign and heat on both items", within=30)
        send_flagged(embedded, 1, start=2)
        until(lambda: queue.count(store) == 3, "the third item", within=30)
        until(lambda: embedded.count(topics.deadletter) == 3, "dead letters", within=30)
        assert 0 == reader.stop()
    assert 0.75 == queue.get(store, "c2").heat
    (found,) = campaigns.listed(store)
    assert ("c0#0", 3, 2) == (found.id, found.authors, found.waiting)
    letters = embedded.read(topics.deadletter)
    codes = [dict(letter.headers)["trollbridge.code"].decode() for letter in letters]
    assert ["missing_field", "missing_field", "wrong_type"] == sorted(codes)


def test_reader_tells_how_it_fares(embedded: Pipeline, tmp_path: Path) -> None:
    """Prometheus and a supervisor learn from the reader what it does and that it is well."""
    url = f"sqlite:///{tmp_path / 'review.db'}"
    send_flagged(embedded, 3)
    embedded.send(embedded.topics.campaigns, [("x", b"{")])
    bind = f"127.0.0.1:{free_port()}"

    def page(path: str) -> str:
        try:
            with urllib.request.urlopen(f"http://{bind}{path}", timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    with _reading(embedded, url, metrics_bind=bind) as reader:

        def told() -> bool:
            reader.require_alive()
            found = page("/metrics")
            return (
                'trollbridge_review_comments_total{outcome="new"} 3.0' in found
                and 'trollbridge_review_dead_letters_total{code="not_json"} 1.0' in found
            )

        until(told, "its counters", within=60)
        until(lambda: page("/readyz") == "ok\n", "readiness", within=10)
        assert "trollbridge_review_oldest_seconds" in page("/metrics")
        assert "trollbridge_comments_total" not in page("/metrics")
        assert 0 == reader.stop()


def test_edited_comment_comes_again(embedded: Pipeline, database_url: str, store: Store) -> None:
    """A later revision in the topic brings the item to its new words, in a new version."""
    send_flagged(embedded, 1)
    with _reading(embedded, database_url) as reader:
        _wait_waiting(reader, store, 1)
        send_flagged(embedded, 1, text="Edited.", revision=1)

        def edited() -> bool:
            reader.require_alive()
            return queue.get(store, "c0").version == 2

        until(edited, "the edit in the store", within=30)


def test_edit_makes_a_comment_harmless(pipeline: Pipeline, database_url: str, store: Store) -> None:
    """Of the ledger the queue hears what makes an item harmless, whichever topic is read first."""
    topics = pipeline.topics
    ledger = [
        *[judged(f"x{number}", decision="allow", reasons={}) for number in range(500)],
        *[judged(f"c{number}") for number in range(2)],
        *[edit(f"c{number}") for number in range(2)],
        edit("x1"),
    ]
    pipeline.send(topics.judged, [("a1", encode(record)) for record in ledger] + [("a1", b"{")])
    # The edit of the second one is read before it.
    send_flagged(pipeline, 1)
    with _reading(pipeline, database_url) as reader:

        def edited(name: str) -> bool:
            reader.require_alive()
            found = queue.waiting(store).items
            return any(item.id == name and item.judged.text == "Harmless 1." for item in found)

        until(lambda: edited("c0"), "the edit of the first", within=60)
        until(lambda: pipeline.count(topics.deadletter) == 1, "the dead letter", within=30)
        send_flagged(pipeline, 1, start=1)
        until(lambda: edited("c1"), "the edit of the second", within=30)
        assert 0 == reader.stop()
    items = queue.waiting(store).items
    assert {"c0", "c1"} == {item.id for item in items}
    assert all(item.earlier and item.earlier.reasons for item in items)


def test_two_readers(kafka: Pipeline, database_url: str, store: Store) -> None:
    """A second reader joins and the first dies: nothing is missing, and one sender sends."""
    total = 4_000
    send_flagged(kafka, total // 2)
    with _reading(kafka, database_url) as first, _reading(kafka, database_url) as second:
        _wait_waiting(second, store, 500)
        send_flagged(kafka, total // 2, start=total // 2)
        first.kill()
        _wait_waiting(second, store, total)
        _decide_some(store, 20)
        until(lambda: outbox.unsent(store) == 0, "decisions sent", within=60)
    assert total - 20 == queue.count(store)
    assert 20 == len({record.decision_id for record in _decisions(kafka)})


def _decide_some(store: Store, count: int) -> None:
    anna = Person("anna")
    for _ in range(count):
        item = queue.claim_next(store, anna)
        assert item is not None
        decide(store, anna, Choice(comment_id=item.id, version=item.version, action="approve"))
