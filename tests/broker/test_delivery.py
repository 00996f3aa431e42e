"""Delivery: at least once, every input in one terminal record, whatever dies in between."""

import signal
import time

import pytest

from streams.broker import ApacheKafka
from tests.conftest import kafka_home
from tests.pipeline import Pipeline, until

PER_SECOND = 4_000
"""More than a worker carries in a second: an upper bound for what a kill may repeat in a hop."""


def test_killed_twice(pipeline: Pipeline) -> None:
    """20,000 comments and a worker killed with SIGKILL twice in the middle: nothing is missing.

    Half as many on the embedded broker, which keeps no more than 5 MB of a partition.

    Duplicates stay within a second of traffic per kill and hop, and each has the identity of the
    record that it repeats, so that no consumer takes it for another item.
    """
    total = 10_000 if pipeline.settings.api_version else 20_000
    pipeline.articles(200)
    pipeline.comments(total, articles=200)
    for part in (total // 4, total // 2):
        worker = pipeline.worker()
        pipeline.wait_terminal(part, within=120)
        worker.kill()
    pipeline.worker()
    pipeline.wait_terminal(total, within=120)
    found = pipeline.wait_balanced(within=60)
    assert total == found.inputs
    assert [] == found.conflicts
    assert 2 * 2 * PER_SECOND >= found.duplicates
    assert total == len({judged.item_id for judged in pipeline.judged()})


def test_worker_joins_and_leaves(kafka: Pipeline) -> None:
    """A second worker that joins and one that leaves in mid-stream cost nothing.

    What the leaving worker was handling is finished and committed before its partitions go.
    """
    total = 12_000
    kafka.articles(20)
    first = kafka.worker()
    first.wait_ready()
    kafka.comments(total // 2)
    second = kafka.worker()
    kafka.wait_terminal(total // 4, within=60)
    second.wait_ready()
    kafka.comments(total // 2, start=total // 2)
    kafka.wait_terminal(total // 2 + 500, within=60)
    assert 0 == first.stop(within=10)
    kafka.wait_terminal(total, within=60)
    found = kafka.wait_balanced(within=60)
    assert total == found.inputs
    assert total // 20 >= found.duplicates


def test_stopped_and_continued(kafka: Pipeline) -> None:
    """A worker that freezes past its session and comes back loses nothing and stays of use."""
    total = 8_000
    kafka.articles(20)
    frozen, other = kafka.worker(), kafka.worker()
    frozen.wait_ready()
    other.wait_ready()
    kafka.comments(total // 2)
    kafka.wait_terminal(total // 8, within=60)
    frozen.signal(signal.SIGSTOP)
    kafka.comments(total // 2, start=total // 2)
    kafka.wait_terminal(total, within=90)
    frozen.signal(signal.SIGCONT)
    found = kafka.wait_balanced(within=60)
    assert total == found.inputs
    until(lambda: frozen.get("/readyz")[0] == 200, "frozen worker ready again", within=60)


def test_broker_away(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A broker that is killed and back ten seconds later: all that it confirmed is judged."""
    total = 6_000
    with (
        ApacheKafka(kafka_home()) as kafka,
        Pipeline.on_kafka(kafka, tmp_path_factory.mktemp("away")) as pipeline,
    ):
        pipeline.articles(20)
        pipeline.comments(total)
        worker = pipeline.worker(scorers=("tests.scorers:slow",))
        pipeline.wait_terminal(total // 6, within=60)
        kafka.kill()
        back = time.monotonic() + 10
        until(lambda: time.monotonic() > back, "ten seconds without a broker", within=11)
        kafka.start()
        pipeline.wait_terminal(total, within=120)
        found = pipeline.wait_balanced(within=60)
        assert total == found.inputs
        assert worker.process.poll() is None


def test_sigterm_drains(kafka: Pipeline) -> None:
    """SIGTERM in the middle ends the worker with 0 within ten seconds, and nothing is repeated."""
    total = 10_000
    kafka.articles(20)
    kafka.comments(total)
    worker = kafka.worker()
    kafka.wait_terminal(total // 5, within=60)
    assert 0 == worker.stop(within=10)
    kafka.worker()
    kafka.wait_terminal(total, within=90)
    found = kafka.wait_balanced(within=60)
    assert total == found.inputs
    assert 0 == found.duplicates
