"""What a naive Faust agent loses: every loss that docs/why.md shows, reproduced.

Each test runs the agent of `naive.py` as a process of its own and balances its books: what came
in, what came out, and where the group would read on. A comment is lost when it is not among the
judged and the group's committed offset has passed it.

When one of these tests fails because Faust behaves better than before, that is good news: take
the loss out of docs/why.md and the test with it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from streams.broker import ApacheKafka, EmbeddedBroker
from tests.conftest import kafka_home

NAIVE = Path(__file__).with_name("naive.py")
ROOT = NAIVE.parents[2]

PARTITIONS = EmbeddedBroker.PARTITIONS
SESSION_SECONDS = 6
"""The least that Apache Kafka allows by default; the test of a kill waits it out."""
COMMIT_SECONDS = 0.2
"""How often the naive worker commits."""
FETCH_SECONDS = 1.5
"""Faust's longest fetch: how late a record may come to an idle worker on the embedded broker."""
SUPERVISOR_SECONDS = 5
"""How often Faust's supervisor looks for dead agents when nothing wakes it."""
LIMIT_SECONDS = 45
"""Nothing here takes that long unless it never comes."""


def comment(name: str, text: str = "A fine story.") -> bytes:
    """A comment as a producer sends it."""
    return json.dumps({"id": name, "text": text}).encode()


WORDLESS = comment("wordless", " ")
"""The naive scorer divides by the number of words."""


def latin_1(name: str) -> bytes:
    """A comment from a producer that does not know that JSON is UTF-8."""
    return json.dumps({"id": name, "text": "Café"}, ensure_ascii=False).encode("latin-1")


class Worker:
    """A naive worker's process with its log."""

    def __init__(self, case: str, folder: Path, environment: dict[str, str]) -> None:
        folder.mkdir()
        self._log = folder / "log"
        self._told_to_end = False
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(NAIVE), case, "worker", "--without-web", "-l", "warn"],
                cwd=folder,
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                # Faust's banner; what it logs goes to standard error.
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    @property
    def ended_by_itself(self) -> bool:
        """Whether the process ended without being told to, which none of these agents does."""
        return not (self.is_alive or self._told_to_end)

    def log(self) -> str:
        """What the worker wrote so far."""
        return self._log.read_text(errors="replace")

    def end(self, signal_: signal.Signals) -> None:
        """Send a signal and wait for the end."""
        self._told_to_end = True
        self.process.send_signal(signal_)
        self.process.wait(timeout=LIMIT_SECONDS)


class Trial:
    """One naive worker's books: comments in, judged out, and the group's committed offset."""

    def __init__(self, address: str, folder: Path) -> None:
        self._address = address
        self._folder = folder
        self._workers: list[Worker] = []
        client = {"bootstrap.servers": address, "log_level": 2}
        # Lingering puts the records of one `put` into one batch, so that they arrive together.
        self._producer = Producer(client | {"linger.ms": 20})
        self._group = Consumer(client | {"group.id": "naive"})
        self._reader = Consumer(client | {"group.id": "reader", "enable.auto.commit": False})
        self._reader.assign([TopicPartition("judged", p, 0) for p in range(PARTITIONS)])
        self.given: list[str] = []
        self.judged: Counter[str] = Counter()
        self.judged_at: dict[str, float] = {}

    def put(self, *values: bytes, partition: int = 0) -> None:
        """Produce comments to one partition, in order."""
        for value in values:
            self._producer.produce("comments", value, partition=partition)
            self.given.append(json.loads(value.decode("latin-1"))["id"])
        assert 0 == self._producer.flush(LIMIT_SECONDS)

    def worker(self, case: str, **environment: str) -> Worker:
        """Start a naive worker."""
        worker = Worker(
            case,
            self._folder / f"worker-{len(self._workers)}",
            {
                "BROKER": self._address,
                "SESSION_SECONDS": str(SESSION_SECONDS),
                "COMMIT_SECONDS": str(COMMIT_SECONDS),
                "PARTITIONS": str(PARTITIONS),
                "PYTHONPATH": str(ROOT),
            }
            | environment,
        )
        self._workers.append(worker)
        return worker

    def read(self) -> None:
        """Read what has been judged since the last call."""
        message = self._reader.poll(0.1)
        while message is not None:
            assert message.error() is None
            name = json.loads(message.value() or b"")["id"]
            self.judged[name] += 1
            self.judged_at.setdefault(name, message.timestamp()[1] / 1000)
            message = self._reader.poll(0)

    def until(self, condition: Callable[[], bool], limit: float = LIMIT_SECONDS) -> bool:
        """Read what is judged until the condition holds; whether it did within the limit."""
        deadline = time.monotonic() + limit
        while not condition():
            for worker in self._workers:
                if worker.ended_by_itself:
                    pytest.fail(f"a worker ended by itself:\n{worker.log()}")
            if time.monotonic() > deadline:
                return False
            self.read()
        return True

    def until_judged(self, *names: str) -> None:
        """Wait for these comments to come out; the test fails when they do not."""
        if not self.until(lambda: set(names) <= self.judged.keys()):
            logs = "\n".join(worker.log() for worker in self._workers)
            pytest.fail(f"only {sorted(self.judged)} judged, waiting for {names}; logs:\n{logs}")

    def until_committed(self, offset: int, partition: int = 0) -> None:
        """Wait for the group to have committed as far as this offset of a partition."""
        if not self.until(lambda: self.committed(partition) >= offset):
            pytest.fail(f"committed {self.committed(partition)}, waiting for {offset}")

    def committed(self, partition: int = 0) -> int:
        """Where the group would read on in a partition of the comments."""
        (position,) = self._group.committed([TopicPartition("comments", partition)], timeout=10)
        return max(position.offset, 0)

    def end(self, partition: int = 0) -> int:
        """The end of a partition of the comments: how many there are."""
        place = TopicPartition("comments", partition)
        _, high = self._group.get_watermark_offsets(place, timeout=10)
        return int(high)

    def missing(self) -> list[str]:
        """What came in and has not come out, in order of coming in."""
        return [name for name in self.given if name not in self.judged]

    def close(self) -> None:
        """End the workers and the clients."""
        for worker in self._workers:
            if worker.is_alive:
                worker.end(signal.SIGKILL)
        self._reader.close()
        self._group.close()


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    """A trial on the embedded broker."""
    with EmbeddedBroker() as broker:
        broker.create_topics(["comments", "judged"])
        trial = Trial(broker.address, tmp_path)
        yield trial
        trial.close()


@pytest.fixture
def on_kafka(tmp_path: Path) -> Iterator[Trial]:
    """A trial on Apache Kafka, whose `judged` takes records of at most 20,000 bytes."""
    home = kafka_home()
    with ApacheKafka(home) as broker:
        admin = AdminClient({"bootstrap.servers": broker.address, "log_level": 2})
        topics = [
            NewTopic("comments", PARTITIONS, 1),
            NewTopic("judged", PARTITIONS, 1, config={"max.message.bytes": "20000"}),
        ]
        for created in admin.create_topics(topics).values():
            created.result(LIMIT_SECONDS)
        trial = Trial(broker.address, tmp_path)
        yield trial
        trial.close()


def test_agent_that_raises_loses_the_comment(trial: Trial) -> None:
    """An agent that raises has acknowledged its record: the stream acks in `finally`.

    If Faust ever leaves the record unacknowledged, docs/why.md must be changed.
    """
    trial.put(comment("before"), WORDLESS, comment("after"))
    worker = trial.worker("one_by_one")

    trial.until_judged("before", "after")
    trial.until_committed(trial.end())

    assert worker.is_alive
    assert "ZeroDivisionError" in worker.log()
    assert ["wordless"] == trial.missing()


def test_batch_that_raises_is_lost_whole(
    trial: Trial, record_property: Callable[[str, object], None]
) -> None:
    """One bad comment under `take()` takes the good ones of its batch with it.

    If Faust ever leaves the batch unacknowledged, docs/why.md must be changed.
    """
    good = [comment(f"{i}") for i in range(29)]
    trial.put(*good[:5], WORDLESS, *good[5:])
    worker = trial.worker("in_batches")

    trial.until_judged("28")
    trial.until_committed(trial.end())
    # The last comment may be read before others of its batch, which stand in other partitions.
    trial.until(lambda: len(trial.missing()) <= 10)
    missing = trial.missing()
    record_property("missing", missing)

    assert worker.is_alive
    assert "wordless" in missing
    # A batch is ten comments; its first ones may have gone ahead alone when its time was up.
    assert 1 < len(missing) <= 10


def test_undecodable_comment_under_take_ends_the_stream(trial: Trial) -> None:
    """Under `take()` a record that does not decode ends the stream: alive, quiet, standing still.

    A restart goes on behind the record, which nobody has seen. If Faust ever reports the error or
    goes on, docs/why.md must be changed.
    """
    trial.put(comment("before"), latin_1("latin"), comment("behind"))
    worker = trial.worker("in_batches")
    trial.until_judged("before")
    trial.put(comment("later"), comment("later still"))

    went_on = trial.until(lambda: len(trial.judged) > 1, limit=2 * SUPERVISOR_SECONDS)

    assert not went_on
    assert worker.is_alive
    assert "" == worker.log()
    assert 3 == trial.end() - trial.committed()

    worker.end(signal.SIGTERM)
    trial.worker("in_batches")
    trial.until_judged("behind", "later", "later still")
    trial.until_committed(trial.end())

    assert ["latin"] == trial.missing()


def test_undecodable_comments_are_skipped_and_stall_every_partition(
    trial: Trial, record_property: Callable[[str, object], None]
) -> None:
    """Without `take()` a record that does not decode is acknowledged, and crashes the agent.

    The second one in a row finds the supervisor busy, and all partitions wait until it looks
    again. If Faust ever keeps the record or goes on at once, docs/why.md must be changed.
    """
    trial.put(comment("before"), latin_1("latin"), latin_1("latin too"), comment("behind"))
    worker = trial.worker("one_by_one")
    assert trial.until(lambda: worker.log().count("Crashed reason=ValueDecodeError") == 2)
    put_at = time.time()
    trial.put(comment("elsewhere"), partition=1)

    trial.until_judged("behind", "elsewhere")
    trial.until_committed(trial.end())
    stalled = trial.judged_at["elsewhere"] - put_at
    record_property("stalled_seconds", round(stalled, 1))

    assert ["latin", "latin too"] == trial.missing()
    # Waiting for a fetch explains less than half of it.
    assert stalled > 2 * FETCH_SECONDS


def test_result_that_the_broker_refuses_is_lost(on_kafka: Trial) -> None:
    """`await topic.send()` does not wait for the broker's answer, and its no goes to the log only.

    Here the topic takes smaller records than the producer sends. If Faust's `send` ever raises
    what the broker answers, docs/why.md must be changed.
    """
    on_kafka.put(comment("before"), comment("long", "A long story. " * 2000), comment("after"))
    worker = on_kafka.worker("one_by_one")

    on_kafka.until_judged("before", "after")
    on_kafka.until_committed(on_kafka.end())

    assert worker.is_alive
    assert "Crashed" not in worker.log()
    assert ["long"] == on_kafka.missing()


def test_two_at_once_commit_past_the_one_in_flight(trial: Trial) -> None:
    """With `concurrency=2` a quick comment's commit passes a slow one that is still in flight.

    If Faust ever holds the commit back to the oldest comment in flight, docs/why.md must be
    changed.
    """
    trial.put(comment("slow", "long read"), *(comment(f"quick {i}") for i in range(6)))
    worker = trial.worker("two_at_once", REMOTE_SECONDS="3600")
    trial.until_committed(trial.end())
    worker.end(signal.SIGKILL)

    trial.put(comment("after"))
    trial.worker("two_at_once")
    trial.until_judged("after")
    trial.until_committed(trial.end())

    assert ["slow"] == trial.missing()


def test_model_on_the_event_loop_is_thrown_out_of_the_group(
    trial: Trial, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """A model that computes on the event loop keeps its worker from answering a rebalance.

    A second worker waits for it, then takes its partitions and does its comment again. If Faust
    ever answers while an agent blocks, docs/why.md must be changed.
    """
    blocked = trial.worker("on_the_loop", MODEL_GATE=str(tmp_path))
    trial.put(comment("before"))
    trial.until_judged("before")
    trial.put(comment("slow", "long read"))
    assert trial.until((tmp_path / "started").exists)

    joined_at = time.time()
    trial.worker("on_the_loop")
    trial.until_judged("slow")
    record_property("takeover_seconds", round(trial.judged_at["slow"] - joined_at, 1))
    assert 1 == trial.judged["slow"]
    (tmp_path / "finish").touch()

    assert trial.until(lambda: trial.judged["slow"] == 2)
    assert trial.until(lambda: "UnknownMemberId" in blocked.log())
    assert [] == trial.missing()


def _restart_with_a_backlog(trial: Trial, **environment: str) -> None:
    """Let comments wait while a worker with a table restarts, and another come when it is up."""
    trial.put(comment("before"))
    worker = trial.worker("with_a_table")
    trial.until_judged("before")
    trial.until_committed(trial.end())
    worker.end(signal.SIGTERM)

    trial.put(comment("slow", "long read"), *(comment(f"{i}") for i in range(9)))
    trial.worker("with_a_table", SEEK_SECONDS="2", REMOTE_SECONDS="4", **environment)
    trial.until_judged("slow")
    trial.put(comment("after"))
    trial.until_judged("after")
    trial.until_committed(trial.end())


def test_with_a_table_a_restart_loses_the_backlog(trial: Trial) -> None:
    """With a table Faust reads on before it knows where the group stood.

    What it has read by then is thrown away when the streams resume; the next comment makes a gap of
    it, as compaction would, and the commit passes. If Faust ever holds the reading until it has
    sought, docs/why.md must be changed, and `Worker._restored` may go.
    """
    _restart_with_a_backlog(trial)

    assert [str(i) for i in range(9)] == trial.missing()


def test_with_a_table_and_the_flow_held_nothing_is_lost(trial: Trial) -> None:
    """What `Worker._restored` does is enough: in the same restart every comment comes out."""
    _restart_with_a_backlog(trial, HOLD_FLOW="1")

    assert [] == trial.missing()


def _rebalance_before_the_first_commit(trial: Trial, folder: Path, **environment: str) -> None:
    """Let comments come while a second worker takes half of the partitions, and more afterwards."""
    folder.mkdir()
    slow = {"FETCH_SECONDS": "60", "REBALANCES": str(folder), "REBALANCE_SECONDS": "4"}
    first = trial.worker("one_by_one", **slow, **environment)
    trial.put(comment("before"))
    trial.until_judged("before")
    trial.worker("one_by_one", **slow, **environment)
    rebalances = f"{first.process.pid}-*"
    assert trial.until(lambda: len(list(folder.glob(rebalances))) == 2)
    for partition in range(1, PARTITIONS):
        trial.put(comment(f"meanwhile {partition}"), partition=partition)
    # Whoever reads it has what came meanwhile behind him.
    trial.until(lambda: len(trial.judged) == PARTITIONS, limit=10)
    for partition in range(1, PARTITIONS):
        trial.put(comment(f"after {partition}"), partition=partition)
    trial.until_judged(*(f"after {partition}" for partition in range(1, PARTITIONS)))
    for partition in range(1, PARTITIONS):
        trial.until_committed(trial.end(partition), partition)


def test_a_rebalance_before_the_first_commit_loses_what_came_meanwhile(
    trial: Trial, tmp_path: Path
) -> None:
    """What is read in a rebalance is thrown away, and sought again where something is committed.

    Of a partition's first comments nothing is committed, so those go. If Faust ever seeks the
    beginning of such a partition, docs/why.md must be changed, and `streams.rewinding` may go.
    """
    _rebalance_before_the_first_commit(trial, tmp_path / "rebalances")

    missing = trial.missing()
    assert missing
    assert all(name.startswith("meanwhile") for name in missing)


def test_a_rebalance_before_the_first_commit_loses_nothing_with_our_consumer(
    trial: Trial, tmp_path: Path
) -> None:
    """What `RewindingConsumer` does is enough: in the same rebalance every comment comes out."""
    _rebalance_before_the_first_commit(trial, tmp_path / "rebalances", REWIND="1")

    assert [] == trial.missing()


def test_kill_between_sending_and_committing_loses_nothing(trial: Trial, tmp_path: Path) -> None:
    """A commit flushes the producer first, so what a kill cuts off is read again.

    docs/why.md says that this is no loss; it must be changed if this test fails.
    """
    trial.put(comment("one"), comment("two"), comment("three", "long read"))
    (tmp_path / "finish").touch()
    # Lingering keeps the results inside the worker, as a slow broker would.
    worker = trial.worker("on_the_loop", MODEL_GATE=str(tmp_path), LINGER_MS="3600000")
    assert trial.until((tmp_path / "started").exists)
    went_on = trial.until(lambda: trial.committed() > 0, limit=10 * COMMIT_SECONDS)
    worker.end(signal.SIGKILL)

    assert not went_on
    assert ["one", "two", "three"] == trial.missing()

    trial.worker("on_the_loop")
    trial.until_judged("one", "two", "three")

    assert [] == trial.missing()
