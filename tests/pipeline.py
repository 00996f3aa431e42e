"""A pipeline under test: real broker, real worker processes, real clients."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import msgspec

from moderation.records import Judged, decode_judged
from streams import topics
from streams.audit import Audit, audit, read_all
from streams.broker import ApacheKafka, EmbeddedBroker, free_port
from streams.clients import consumer, producer
from streams.settings import PREFIX, Settings
from streams.topics import Topics

ROOT = Path(__file__).parents[1]


def until(condition: Callable[[], Any], what: str, *, within: float) -> Any:
    """Wait for a condition to be true; AssertionError when it is not within some seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {within:g} s: {what}")


class Worker:
    """A `trollbridge worker` process."""

    def __init__(
        self, environment: dict[str, str], log: Path, metrics_bind: str, *, module: str
    ) -> None:
        self.log = log
        self.metrics_bind = metrics_bind
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, "worker"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page of the health server; 0 when it does not answer."""
        try:
            with urllib.request.urlopen(f"http://{self.metrics_bind}{path}", timeout=5) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait_ready(self, within: float = 60) -> Self:
        """Wait for `/readyz`."""

        def ready() -> bool:
            assert self.process.poll() is None, self.log_text()
            return self.get("/readyz")[0] == 200

        until(ready, "worker ready", within=within)
        return self

    def metric(self, name: str) -> float:
        """Sum of a metric over its labels."""
        lines = self.get("/metrics")[1].splitlines()
        return sum(
            float(line.rpartition(" ")[2])
            for line in lines
            if line.split("{")[0].split(" ")[0] == name
        )

    def log_text(self) -> str:
        """What the worker has logged."""
        return self.log.read_text("utf-8", "replace")

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def stop(self, within: float = 10) -> int:
        """SIGTERM; the exit status."""
        self.process.terminate()
        return self.process.wait(timeout=within)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)


class Pipeline:
    """Topics of their own on a broker, and the workers that a test starts."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.topics = Topics(settings.topic_prefix)
        self.folder = folder
        self.workers: list[Worker] = []
        self._numbers = itertools.count(1)

    @classmethod
    @contextlib.contextmanager
    def on_embedded(cls, folder: Path) -> Iterator[Self]:
        """On an embedded broker of its own."""
        with EmbeddedBroker() as broker:
            settings = Settings(
                brokers=broker.address,
                api_version=EmbeddedBroker.API_VERSION,
                review_metrics_bind="",
            )
            broker.create_topics(Topics().cleanup())
            pipeline = cls(settings, folder)
            try:
                yield pipeline
            finally:
                pipeline.close()

    @classmethod
    @contextlib.contextmanager
    def on_kafka(cls, kafka: ApacheKafka, folder: Path) -> Iterator[Self]:
        """With a prefix and a group of its own on an Apache Kafka."""
        name = uuid.uuid4().hex[:8]
        settings = Settings(
            review_metrics_bind="",
            brokers=kafka.address,
            topic_prefix=f"{name}.",
            consumer_group=f"test-{name}",
        )
        topics.create(settings)
        pipeline = cls(settings, folder)
        try:
            yield pipeline
        finally:
            pipeline.close()

    def worker(
        self,
        *,
        module: str = "streams.cli",
        besides: Mapping[str, str] | None = None,
        **changes: Any,
    ) -> Worker:
        """Start a worker with these settings changed.

        `module` is what runs as `trollbridge`, `besides` what its environment has besides.
        """
        number = next(self._numbers)
        settings = msgspec.structs.replace(
            self.settings,
            **{
                "metrics_bind": f"127.0.0.1:{free_port()}",
                "data_dir": str(self.folder / f"worker-{number}"),
                "scorers": ("tests.scorers:quick",),
                "log_format": "json",
                **changes,
            },
        )
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
        environment = inherited | settings.environment() | dict(besides or {})
        log = self.folder / f"worker-{number}.log"
        worker = Worker(environment, log, settings.metrics_bind, module=module)
        self.workers.append(worker)
        return worker

    def articles(self, count: int) -> None:
        """Send articles `a0` … ."""
        self.send(
            self.topics.articles,
            (
                (f"a{n}", json.dumps({"id": f"a{n}", "title": f"Story {n}", "text": "Facts."}))
                for n in range(count)
            ),
        )

    def send(self, topic: str, records: Iterable[tuple[str, str | bytes | None]]) -> int:
        """Send records and wait for their confirmation; how many."""
        return self.send_at(topic, ((key, value, None) for key, value in records))

    def send_at(
        self, topic: str, records: Iterable[tuple[str, str | bytes | None, float | None]]
    ) -> int:
        """The same with the time at which each is said to have come; None: now."""
        with producer(self.settings) as client:
            sends = [
                client.send(
                    topic,
                    key=key.encode(),
                    value=value.encode() if isinstance(value, str) else value,
                    timestamp_ms=None if at is None else round(at * 1_000),
                )
                for key, value, at in records
            ]
            client.flush(timeout=60)
            for send in sends:
                send.get(timeout=60)
        return len(sends)

    def comments(self, count: int, *, start: int = 0, articles: int = 20) -> int:
        """Send well-formed comments `c0` … over some articles."""
        return self.send(
            self.topics.comments,
            (comment(n, articles=articles) for n in range(start, start + count)),
        )

    def count(self, topic: str) -> int:
        """Records in a topic."""
        with consumer(self.settings) as client:
            partitions = audit_partitions(client, topic)
            ends, starts = client.end_offsets(partitions), client.beginning_offsets(partitions)
            return int(sum(ends.values()) - sum(starts.values()))

    def terminal(self) -> int:
        """Terminal records so far, duplicates among them."""
        return self.count(self.topics.judged) + self.count(self.topics.deadletter)

    def wait_terminal(self, count: int, *, within: float) -> None:
        """Wait for so many terminal records."""

        def reached() -> bool:
            alive = any(worker.process.poll() is None for worker in self.workers)
            assert alive, self.workers[-1].log_text()[-2_000:]
            return self.terminal() >= count

        until(reached, f"{count} terminal records", within=within)

    def wait_settled(self, *, within: float) -> None:
        """Wait until the group has finished every record of every topic that it reads."""
        names = (
            self.topics.articles,
            self.topics.comments,
            self.topics.scored,
            self.topics.decisions,
            *self.topics.internal(),
        )
        with consumer(self.settings, group_id=self.settings.consumer_group) as client:
            places = [tp for name in names for tp in audit_partitions(client, name)]

            def unsettled() -> list[str]:
                done = {tp: client.committed(tp) or 0 for tp in places}
                # Asked for last: what is under way still has its source unfinished.
                ends = client.end_offsets(places)
                return [f"{tp.topic}/{tp.partition}" for tp in places if done[tp] != ends[tp]]

            deadline = time.monotonic() + within
            while (left := unsettled()) and time.monotonic() < deadline:
                time.sleep(0.1)
        assert not left, f"{left}\n" + "\n".join(w.log_text()[-1500:] for w in self.workers)

    def state(self, table: str) -> dict[str, bytes]:
        """What the table's changelog leaves, by partition and key: `3/article`."""
        rows = {}
        for record in self.read(self.topics.state(table)):
            rows[record.key.decode()] = record.value
        return {key: value for key, value in rows.items() if value is not None}

    def wait_balanced(self, *, within: float) -> Audit:
        """Wait until the audit balances; the audit."""
        found: list[Audit] = []

        def balanced() -> bool:
            found[:] = [audit(self.settings)]
            return found[0].balanced

        deadline = time.monotonic() + within
        while not balanced() and time.monotonic() < deadline:
            time.sleep(0.5)
        assert found[0].balanced, (
            f"{found[0].inputs} inputs, {len(found[0].missing)} missing: {found[0].missing[:5]}\n"
            + "\n".join(worker.log_text()[-1500:] for worker in self.workers)
        )
        return found[0]

    def judged(self) -> list[Judged]:
        """Every judged record, duplicates among them."""
        return [decode_judged(record.value) for record in self.read(self.topics.judged)]

    def read(self, topic: str) -> list[Any]:
        """Every record of a topic."""
        with consumer(self.settings) as client:
            return list(read_all(client, topic))

    def close(self) -> None:
        """End every worker."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.kill()


def audit_partitions(client: Any, topic: str) -> list[Any]:
    """The topic's partitions."""
    from kafka import TopicPartition  # noqa: PLC0415

    return [TopicPartition(topic, number) for number in client.partitions_for_topic(topic) or ()]


def comment(number: int, *, articles: int = 20, **fields: Any) -> tuple[str, str]:
    """Key and value of a well-formed comment."""
    article = f"a{number % articles}"
    value = {
        "schema": 1,
        "id": f"c{number}",
        "article_id": article,
        "author_id": f"u{number % 997}",
        "text": f"Comment number {number} says what it has to say about the story.",
        **fields,
    }
    return article, json.dumps(value)
