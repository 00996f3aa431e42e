"""Erasing an author: nothing of theirs is left in any state, and nothing else is touched."""

import contextlib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from confluent_kafka import Producer

from moderation.records import decode_judged
from moderation.review import log, outbox, queue
from moderation.review.actions import Choice
from moderation.review.decisions import decide
from moderation.review.intake import take_in
from moderation.review.rules import Person
from moderation.review.store import Store
from moderation.trolling.bands import BandState
from moderation.trolling.campaigns import CampaignState, decode_record
from moderation.trolling.distinct import hash63
from moderation.trolling.pseudonym import pseudonym
from moderation.trolling.rows import AUTHORS, THREADS, AuthorRow, Codec
from streams.clients import librdkafka_options
from streams.forget import forget
from streams.review import open_store, send_due
from streams.topics import TABLES
from tests.pipeline import Pipeline, Worker, comment, until
from tests.streams.test_cli import run

GONE = "u-gone"
WORD = "xylophone"
"""Stands in the author's own texts alone."""
SALT = "pepper"
CODECS: dict[str, Codec[Any]] = {
    "authors": AUTHORS,
    "threads": THREADS,
    "bands": Codec(BandState, "a band"),
    "campaigns": Codec(CampaignState, "a campaign"),
}
ADVERT = "Whoever still believes this council should visit {} street and count broken lamps herself"
CHAIN = "Nobody told our pensioners that ferries stop {} before winter holidays and never return"

Table = dict[bytes, bytes]


@pytest.fixture(params=["memory", "rocksdb"])
def state_store(request: pytest.FixtureRequest) -> str:
    """Both stores."""
    return str(request.param)


@contextlib.contextmanager
def _store(pipeline: Pipeline, *, undo: float = 0) -> Iterator[Store]:
    pipeline.settings = msgspec.structs.replace(
        pipeline.settings,
        database_url=f"sqlite:///{pipeline.folder / 'review.db'}",
        review_undo=undo,
        review_second_looks=0,
    )
    store = open_store(pipeline.settings)
    yield store
    store.close()


def _worker(pipeline: Pipeline, state_store: str) -> Worker:
    """On the folder of the one before, as a restarted one is."""
    return pipeline.worker(
        state_store=state_store,
        author_salt=SALT,
        campaign_comments=50,
        data_dir=str(pipeline.folder / "data"),
    )


def _say(pipeline: Pipeline, *comments: dict[str, Any]) -> None:
    """Send comments, and wait until they are judged."""
    before = pipeline.terminal()
    records = [comment(0, **{"article_id": "a0", **fields}) for fields in comments]
    pipeline.send(
        pipeline.topics.comments,
        [
            (fields.get("article_id", "a0"), value)
            for fields, (_, value) in zip(comments, records, strict=True)
        ],
    )
    pipeline.wait_terminal(before + len(comments), within=60)


def _talk(pipeline: Pipeline) -> None:
    """The author provokes, is answered and called a troll, answers, and is in two campaigns."""
    pipeline.articles(4)
    copies = (
        {
            "id": f"{name}-{who}",
            "author_id": who,
            "article_id": f"a{number}",
            "text": text.format(where),
        }
        for name, text in (("ad", ADVERT), ("chain", CHAIN))
        for number, (who, where) in enumerate(
            [("u3", "Mill"), ("u4", "Lake"), (GONE, WORD), ("u5", "Bank")][
                : 4 if name == "ad" else 3
            ]
        )
    )
    _say(
        pipeline,
        {"id": "g1", "author_id": GONE, "text": f"You idiot, a {WORD} says more than you."},
        {"id": "o1", "author_id": "u1", "text": "You are a troll, idiot.", "parent_id": "g1"},
        {"id": "o2", "author_id": "u2", "text": "The bridge opens on Monday, they say."},
        {"id": "g2", "author_id": GONE, "text": "You are a troll, idiot!", "parent_id": "o2"},
        {"id": "o3", "author_id": "u1", "text": "So do I believe.", "parent_id": "o2"},
        *copies,
    )
    until(
        lambda: {"ad-u5#0", f"chain-{GONE}#0"} <= _campaign_members(pipeline),
        "two campaigns",
        within=30,
    )


def _campaign_members(pipeline: Pipeline) -> set[str]:
    records = [decode_record(record.value) for record in pipeline.read(pipeline.topics.campaigns)]
    return {name for record in records for name in record.joined}


def _reject(pipeline: Pipeline, store: Store) -> None:
    """The author's flagged comments come to the queue; the first is rejected, and that is sent."""
    flagged = [decode_judged(record.value) for record in pipeline.read(pipeline.topics.review)]
    take_in(store, flagged)
    item = next(item for item in queue.waiting(store).items if item.id == "g1")
    decide(
        store,
        Person("anna"),
        Choice(comment_id="g1", version=item.version, action="reject", reason="insult"),
    )


def _tables(pipeline: Pipeline) -> dict[str, Table]:
    """What a worker would restore: the last value of each key of each changelog."""
    tables: dict[str, Table] = {}
    for name in TABLES:
        rows: dict[bytes, bytes | None] = {}
        for record in pipeline.read(pipeline.topics.state(name)):
            rows[record.key] = record.value
        tables[name] = {key: value for key, value in rows.items() if value is not None}
    return tables


def _rows(tables: dict[str, Table]) -> dict[tuple[str, bytes], Any]:
    return {
        (name, key): msgspec.to_builtins(CODECS[name].decode(value))
        for name, table in tables.items()
        for key, value in table.items()
    }


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = value.values()
    if isinstance(value, str | bytes | int | float) or value is None:
        yield value
    else:
        for each in value:
            yield from _flat(each)


NUMBER = pseudonym(GONE, SALT.encode())


def _is_his(value: Any) -> bool:
    if isinstance(value, str):
        # Ids of comments are public, and stand for a group even when their author is gone.
        return value == GONE or WORD in value
    return value in (NUMBER, hash63(str(NUMBER)))


def _mentions(tables: dict[str, Table]) -> dict[str, int]:
    """By table, the rows that tell of the author."""
    found = dict.fromkeys(TABLES, 0)
    for (name, key), row in _rows(tables).items():
        found[name] += key.endswith(f"/{GONE}".encode()) or any(map(_is_his, _flat(row)))
    return found


def _untouched(tables: dict[str, Table], mentioned: set[tuple[str, bytes]]) -> dict[Any, Any]:
    return {place: row for place, row in _rows(tables).items() if place not in mentioned}


def _mentioned(tables: dict[str, Table]) -> set[tuple[str, bytes]]:
    return {
        (name, key)
        for (name, key), row in _rows(tables).items()
        if key.endswith(f"/{GONE}".encode()) or any(map(_is_his, _flat(row)))
    }


def _author(tables: dict[str, Table], author_id: str) -> AuthorRow | None:
    """An author's row, wherever it stands."""
    found = [
        AUTHORS.decode(value)
        for key, value in tables["authors"].items()
        if key.endswith(f"/{author_id}".encode())
    ]
    return found[0] if found else None


def test_nothing_is_left(pipeline: Pipeline, state_store: str) -> None:
    """State, decisions, queue and the campaigns' texts lose the author; others stay as they are.

    The author's next comment begins anew, and neither the command nor the worker names the author.
    """
    worker = _worker(pipeline, state_store).wait_ready()
    with _store(pipeline) as store:
        _talk(pipeline)
        _reject(pipeline, store)
        send_due(pipeline.settings, store)
        until(
            lambda: (row := _author(_tables(pipeline), GONE)) is not None and row.decisions,
            "the decision in the author's row",
            within=30,
        )
        before = _tables(pipeline)
        assert all(_mentions(before).values()), _mentions(before)

        done = run(
            "forget", "--yes", GONE,
            pipeline=pipeline,
            TROLLBRIDGE_CONSUMER_GROUP=pipeline.settings.consumer_group,
            TROLLBRIDGE_DATABASE_URL=pipeline.settings.database_url,
        )  # fmt: skip
        assert (0, "") == (done.returncode, done.stderr)
        assert "2 comments" in done.stdout
        assert GONE not in done.stdout

        after = _tables(pipeline)
        assert dict.fromkeys(TABLES, 0) == _mentions(after)
        mentioned = _mentioned(before)
        assert _untouched(before, mentioned) == _untouched(after, mentioned)
        _check_others(before, after)
        _check_campaigns(pipeline)
        tombstone = pipeline.read(pipeline.topics.decisions)[-1]
        assert (GONE.encode(), None) == (tombstone.key, tombstone.value)
        assert ["o1"] == [item.id for item in queue.waiting(store).items]
        assert [] == log.verify(store).problems

    _say(pipeline, {"id": "g9", "author_id": GONE, "text": "I am back, and calm."})
    until(lambda: _author(_tables(pipeline), GONE) is not None, "a new row", within=10)
    row = _author(_tables(pipeline), GONE)
    assert row is not None
    assert (1, (), ()) == (len(row.state.recent), row.state.accusers, row.decisions)
    assert 0 == pipeline.count(pipeline.topics.deadletter)
    assert 0 == worker.stop()
    assert GONE not in worker.log_text()


def _check_others(before: dict[str, Table], after: dict[str, Table]) -> None:
    """Whom the author accused and answered keeps the rest, and so do threads."""
    old, new = _author(before, "u2"), _author(after, "u2")
    assert old is not None
    assert new is not None
    assert [1, 0] == [len(row.state.accusers) for row in (old, new)]
    assert [2, 1] == [len(row.state.partners) for row in (old, new)]
    assert (old.state.recent, old.state.replies, old.posted, old.replied) == (
        new.state.recent,
        new.state.replies,
        new.posted,
        new.replied,
    )
    for key, value in before["threads"].items():
        had, has = THREADS.decode(value), THREADS.decode(after["threads"][key])
        assert [said.toxicity for said in had.state.recent] == [
            said.toxicity for said in has.state.recent
        ]
        assert [writer for writer in had.writers if writer.author_id != GONE] == list(has.writers)


def _check_campaigns(pipeline: Pipeline) -> None:
    """Whoever follows the topic has another text, or none where too few are left."""
    last = {
        record.id: record
        for record in (decode_record(r.value) for r in pipeline.read(pipeline.topics.campaigns))
    }
    found = [record for record in last.values() if not record.merged_into]
    advert, chain = sorted(found, key=lambda record: record.id)
    assert (3, 3, True) == (advert.comments, advert.authors, bool(advert.text))
    assert (2, 2, "") == (chain.comments, chain.authors, chain.text)
    assert WORD not in repr(last)


def test_no_worker(pipeline: Pipeline, state_store: str) -> None:
    """Without a worker the command says so and fails; the next worker does it, killed or not.

    A comment of the author that no worker had read by then is erased by the next run.
    """
    worker = _worker(pipeline, state_store).wait_ready()
    _talk(pipeline)
    worker.kill()
    before = _tables(pipeline)
    key, value = comment(0, id="g5", article_id="a0", author_id=GONE, text="Unread so far.")
    pipeline.send(pipeline.topics.comments, [(key, value)])
    done = run(
        "forget", "--yes", "--no-queue", "--wait", "0.5", GONE,
        pipeline=pipeline,
        TROLLBRIDGE_CONSUMER_GROUP=pipeline.settings.consumer_group,
    )  # fmt: skip
    assert (1, "") == (done.returncode, done.stdout)
    assert "will take effect when a worker runs" in done.stderr
    assert 1 == len(done.stderr.strip().splitlines())
    assert GONE not in done.stderr
    assert before == _tables(pipeline)

    changes = pipeline.count(pipeline.topics.state("authors"))
    worker = _worker(pipeline, state_store)
    until(
        lambda: pipeline.count(pipeline.topics.state("authors")) > changes,
        "forgetting has begun",
        within=90,
    )
    worker.kill()
    _worker(pipeline, state_store)
    found = forget(pipeline.settings, GONE, store=None, person=Person("test"), wait=90)
    assert ([], None) == (found.waiting, found.comments)
    after = _tables(pipeline)
    assert dict.fromkeys(TABLES, 0) == _mentions(after)
    mentioned = _mentioned(before) | {("threads", key) for key in before["threads"]}
    assert _untouched(before, mentioned) == _untouched(after, mentioned)
    assert 0 == pipeline.count(pipeline.topics.deadletter)


def test_decision_that_can_be_undone(embedded: Pipeline) -> None:
    """A decision that is sent only later is waited for, and does not bring the author back."""
    _worker(embedded, "memory").wait_ready()
    with _store(embedded, undo=2) as store:
        embedded.articles(1)
        _say(embedded, {"id": "g1", "author_id": GONE, "text": "You idiot."})
        _reject(embedded, store)
        found = forget(embedded.settings, GONE, store=store, person=Person("test"), wait=60)
        assert ([], 1) == (found.waiting, found.comments)
        assert 0 == outbox.unsent(store)
        values = [record.value for record in embedded.read(embedded.topics.decisions)]
        assert 1 == len([value for value in values if value is not None])
        assert None is values[-1]
    assert _author(_tables(embedded), GONE) is None


def test_producer_with_transactions(kafka: Pipeline) -> None:
    """A transaction's marker stands behind the last comment: nobody waits for it to be read."""
    _worker(kafka, "memory").wait_ready()
    producer = Producer(
        librdkafka_options(kafka.settings) | {"transactional.id": kafka.settings.consumer_group}
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    key, value = comment(0, id="g1", author_id=GONE)
    producer.produce(kafka.topics.comments, value, key)
    producer.commit_transaction(30)
    kafka.wait_terminal(1, within=60)
    found = forget(kafka.settings, GONE, store=None, person=Person("test"), wait=60)
    assert [] == found.waiting
    assert _author(_tables(kafka), GONE) is None
