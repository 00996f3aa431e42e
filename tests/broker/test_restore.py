"""A worker that starts anew knows what its changelogs say."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka.partitioner.default import murmur2

from moderation.records import Source
from moderation.trolling import author, rows
from moderation.trolling.author import Posted
from moderation.trolling.rows import AuthorRow
from streams.clients import producer
from tests.pipeline import Pipeline, comment, until

_OTHERS = 5_000
"""More than what is read at once."""
_SUSPICIOUS = 0.3


def rejected() -> bytes:
    """The row of an author whom moderators have rejected again and again."""
    now = time.time()
    row = rows.posted(AuthorRow(), Source("comments", 0, 1), Posted(at=now, comment=1, thread=1))
    state = row.state
    for _ in range(10):
        state = author.applied(state, author.Decided(at=now, approved=False))
    return rows.AUTHORS.encode(AuthorRow(state))


def changelog() -> Iterator[tuple[int, bytes, bytes | None]]:
    """Two authors whose rows were written first, and one of them erased last."""
    yield stored("known", rejected())
    yield stored("erased", rejected())
    for number in range(_OTHERS):
        yield stored(f"other{number}", rows.AUTHORS.encode(AuthorRow()))
    yield stored("erased", None)


def stored(author_id: str, value: bytes | None) -> tuple[int, bytes, bytes | None]:
    """Partition, key and value of an author's row."""
    partition = (murmur2(author_id.encode()) & 0x7FFFFFFF) % 4
    return partition, f"{partition}/{author_id}".encode(), value


@pytest.mark.parametrize("store", ["memory", "rocksdb"])
def test_a_new_worker_knows_the_authors(kafka: Pipeline, store: str) -> None:
    """Without a folder of its own a worker has all rows, and none that was deleted."""
    with producer(kafka.settings) as client:
        for partition, key, value in changelog():
            client.send(kafka.topics.state("authors"), key=key, value=value, partition=partition)
        client.flush(timeout=60)
    kafka.articles(1)
    kafka.worker(state_store=store).wait_ready(within=120)
    authors = ("known", "erased", "other7", "new")
    kafka.send(
        kafka.topics.comments,
        (comment(number, articles=1, author_id=name) for number, name in enumerate(authors)),
    )
    kafka.wait_terminal(len(authors), within=60)
    troll = {record.author_id: record.scores["troll"] for record in kafka.judged()}
    assert ["known"] == [name for name in authors if troll[name] > _SUSPICIOUS]


def test_a_rebalance_with_a_backlog_loses_nothing(kafka: Pipeline) -> None:
    """What a worker reads before Faust has sought the committed offsets is not thrown away.

    Faust would throw it away, which `tests/losses` shows of a table; so the worker holds the flow
    until then. It takes little at once here, so that most of the backlog waits inside Faust.
    """
    kafka.articles(20)
    slow: dict[str, Any] = {
        "module": "tests.broker.slow_trollbridge",
        "besides": {"SEEK_SECONDS": "2"},
        "scorers": ("tests.scorers:slow",),
        "max_in_flight": 16,
        "batch_size": 8,
    }
    kafka.worker(**slow).wait_ready()
    kafka.comments(4_000)
    kafka.wait_terminal(200, within=60)
    kafka.worker(**slow)
    assert 4_000 == kafka.wait_balanced(within=120).inputs


def test_a_rebalance_before_the_first_commit_loses_nothing(kafka: Pipeline, tmp_path: Path) -> None:
    """Comments that come while workers share out partitions of which nothing is committed yet.

    Faust throws them away and goes on behind them, which `tests/losses` shows; so the worker's
    consumer seeks the beginning of such partitions.
    """
    rebalances = tmp_path / "rebalances"
    rebalances.mkdir()
    besides = {"FETCH_SECONDS": "60", "REBALANCES": str(rebalances), "REBALANCE_SECONDS": "3"}
    slow: dict[str, Any] = {"module": "tests.broker.slow_trollbridge", "besides": besides}
    first = kafka.worker(**slow)
    kafka.articles(1)
    kafka.wait_settled(within=60)
    kafka.worker(**slow)
    mine = f"{first.process.pid}-*"
    until(lambda: len([*rebalances.glob(mine)]) == 2, "a rebalance", within=60)
    kafka.comments(40)
    kafka.wait_terminal(40, within=60)
    kafka.wait_settled(within=60)
    assert 40 == kafka.wait_balanced(within=60).inputs
