"""Runs the measurements: each on topics of its own, on the same broker, in the same run."""

import contextlib
import os
import random
import re
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from kafka import TopicPartition

from moderation.errors import TrollbridgeError
from moderation.pages import parse_page
from moderation.records import Article, Comment, decode_judged, encode
from streams import topics
from streams.broker import ApacheKafka, EmbeddedBroker, free_port
from streams.child import child
from streams.clients import consumer, producer
from streams.demo import sample_page
from streams.settings import Settings
from streams.topics import Topics

_ARTICLES = 50
_WAIT_SECONDS = 180.0


class Throughput(msgspec.Struct):
    """Comments a second from `comments` to `comments.judged`, by round."""

    peer: list[float] = []
    trollbridge: list[float] = []

    @property
    def share(self) -> float:
        """Ours as a share of the peer's, medians."""
        return statistics.median(self.trollbridge) / statistics.median(self.peer)


class Latency(msgspec.Struct):
    """Seconds from a comment's arrival in Kafka until a consumer has its outcome."""

    rate: float
    comments: int
    p50: float
    p99: float
    most: float
    models: dict[str, str]


class Bench(msgspec.Struct):
    """A run's figures."""

    broker: str
    cores: int
    records: int
    throughput: Throughput
    share: float
    latency: Latency | None = None


def bench(
    settings: Settings,
    *,
    records: int,
    rounds: int,
    rate: float,
    seconds: float,
    kafka_home: Path | None,
    say: Callable[[str], Any],
) -> Bench:
    """Measure on Apache Kafka started from `kafka_home`, or on the embedded broker without one."""
    throughput = Throughput()
    with _broker(kafka_home) as (address, name, api_version):
        base = msgspec.structs.replace(settings, brokers=address, api_version=api_version)
        for number in range(1, rounds + 1):
            say(f"Round {number} of {rounds}: the bare Faust app")
            throughput.peer.append(_throughput(base, records, ["streams.bench.peer"]))
            say(f"Round {number} of {rounds}: trollbridge with scorers that cost nothing")
            noop = msgspec.structs.replace(base, scorers=("streams.bench.scorer:noop",))
            throughput.trollbridge.append(_throughput(noop, records, ["streams.cli", "worker"]))
        found = Bench(name, os.cpu_count() or 1, records, throughput, throughput.share)
        if seconds:
            say(f"Latency at {rate:g} comments a second with the real scorers")
            found.latency = _latency(base, rate, seconds)
    return found


@contextlib.contextmanager
def _broker(home: Path | None) -> Iterator[tuple[str, str, str]]:
    """Address, name and protocol version of a broker for this run."""
    if home is None:
        with EmbeddedBroker() as embedded:
            yield embedded.address, "embedded (no Kafka)", EmbeddedBroker.API_VERSION
    else:
        with ApacheKafka(home) as kafka:
            yield kafka.address, "Apache Kafka", ""


@contextlib.contextmanager
def _pipeline(settings: Settings) -> Iterator[Settings]:
    """Settings with topics, group, port and folder of their own; the topics are there."""
    name = uuid.uuid4().hex[:8]
    with tempfile.TemporaryDirectory(prefix="trollbridge-bench-") as folder:
        settings = msgspec.structs.replace(
            settings,
            topic_prefix=f"{name}.",
            consumer_group=f"bench-{name}",
            metrics_bind=f"127.0.0.1:{free_port()}",
            data_dir=folder,
            log_level="warning",
        )
        if settings.api_version == EmbeddedBroker.API_VERSION:
            with producer(settings) as client:
                for topic in Topics(settings.topic_prefix).cleanup():
                    client.partitions_for(topic)
        else:
            topics.create(settings)
        yield settings


def _sample() -> tuple[str, list[str]]:
    """An article's text and the sentences of its readers, from the page that ships."""
    parsed = parse_page(sample_page())
    said = " ".join(comment.text for comment in parsed.comments).replace("\n", " ")
    return "\n".join(parsed.article.paragraphs), re.split(r"(?<=[.?!]) ", said)


_ARTICLE, _SENTENCES = _sample()


def _comment(number: int, chance: random.Random) -> Comment:
    """News-length, and no two alike, so that no cache helps."""
    text = " ".join(chance.sample(_SENTENCES, k=chance.randint(1, 4)))
    return Comment(
        id=f"c{number}",
        article_id=f"a{number % _ARTICLES}",
        author_id=f"u{number % 997}",
        text=f"{text} {number}",
    )


def _send_articles(settings: Settings) -> None:
    name = Topics(settings.topic_prefix).articles
    with producer(settings) as client:
        for number in range(_ARTICLES):
            article = Article(id=f"a{number}", title=f"Harbour, part {number}", text=_ARTICLE)
            client.send(name, key=article.id.encode(), value=encode(article))
        client.flush(timeout=30)


def _throughput(settings: Settings, records: int, command: list[str]) -> float:
    """Comments a second over the middle nine tenths of a backlog, start-up left out."""
    chance = random.Random(1)
    with _pipeline(settings) as own:
        _send_articles(own)
        names = Topics(own.topic_prefix)
        with producer(own) as client:
            for number in range(records):
                comment = _comment(number, chance)
                client.send(names.comments, key=comment.article_id.encode(), value=encode(comment))
            client.flush(timeout=60)
        with consumer(own) as client, child(own, *command) as process:
            partitions = [
                TopicPartition(names.judged, number)
                for number in client.partitions_for_topic(names.judged) or ()
            ]

            def reached(count: float) -> tuple[float, int]:
                deadline = time.monotonic() + _WAIT_SECONDS
                while time.monotonic() < deadline:
                    done = sum(client.end_offsets(partitions).values())
                    if done >= count:
                        return time.monotonic(), done
                    if process.poll() is not None:
                        raise TrollbridgeError(f"{command[0]} ended with {process.returncode}")
                    time.sleep(0.02)
                raise TrollbridgeError(f"{command[0]} did not carry {count:g} records in time")

            start, first = reached(records * 0.05)
            end, last = reached(records * 0.95)
    return (last - first) / (end - start)


def _latency(settings: Settings, rate: float, seconds: float) -> Latency:
    with _pipeline(settings) as own:
        _send_articles(own)
        names = Topics(own.topic_prefix)
        with consumer(own) as client, child(own, "streams.cli", "worker") as process:
            client.assign(
                [
                    TopicPartition(names.judged, number)
                    for number in client.partitions_for_topic(names.judged) or ()
                ]
            )
            # The first comments pay for loading and joining, and are not measured.
            warm = int(rate * 3)
            total = warm + int(rate * seconds)
            sender = threading.Thread(
                target=_send_at_rate, args=(own, total, warm, rate), daemon=True
            )
            sender.start()
            took: list[float] = []
            models: dict[str, str] = {}
            seen = 0
            deadline = time.monotonic() + seconds + _WAIT_SECONDS
            while seen < total:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise TrollbridgeError(f"{seen} of {total} outcomes came in time")
                for batch in client.poll(50).values():
                    now = time.time()
                    for record in batch:
                        judged = decode_judged(record.value)
                        seen += 1
                        models = judged.models
                        if int(judged.id[1:]) >= warm:
                            took.append(now - judged.arrived_at)
            sender.join()
    ranked = statistics.quantiles(took, n=100)
    return Latency(rate, len(took), ranked[49], ranked[98], max(took), models)


def _send_at_rate(settings: Settings, total: int, warm: int, rate: float) -> None:
    chance = random.Random(2)
    name = Topics(settings.topic_prefix).comments
    with producer(settings) as client:
        for number in range(total):
            if number == warm:
                client.flush(timeout=60)
                # The backlog of the start must be gone before the clock counts.
                _wait_for_judged(settings, warm)
                start = time.monotonic()
            if number >= warm:
                time.sleep(max(0.0, start + (number - warm) / rate - time.monotonic()))
            comment = _comment(number, chance)
            client.send(name, key=comment.article_id.encode(), value=encode(comment))
        client.flush(timeout=60)


def _wait_for_judged(settings: Settings, count: int) -> None:
    name = Topics(settings.topic_prefix).judged
    with consumer(settings) as client:
        partitions = [
            TopicPartition(name, number) for number in client.partitions_for_topic(name) or ()
        ]
        deadline = time.monotonic() + _WAIT_SECONDS
        while sum(client.end_offsets(partitions).values()) < count:
            if time.monotonic() > deadline:
                return
            time.sleep(0.05)
