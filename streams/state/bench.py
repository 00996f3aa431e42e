"""Measure what the state takes: `KAFKA_HOME=… python -m streams.state.bench`.

Starts an Apache Kafka and one worker whose scorer costs next to nothing, sends made-up comments of
a day through it, and tells as they go what the worker needs: memory, processor time per comment,
rows. Then the worker is stopped and started again, with its data folder and without.

Processor time is that of the worker's process; the scorers are a process of their own. The
processor's time hardly depends on what else runs on the machine, which the clock does.
"""

import argparse
import contextlib
import datetime as dt
import functools
import itertools
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import urllib.request
import uuid
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from confluent_kafka import Producer
from kafka.partitioner.default import murmur2
from prometheus_client.parser import text_string_to_metric_families

from moderation.errors import TrollbridgeError
from moderation.records import Article, Comment, Source, encode
from moderation.scoring.protocol import Finding, Scorer, ScoringInput, ScoringOptions
from moderation.simulation.generate import simulate
from moderation.simulation.labels import HONEST
from moderation.simulation.options import Options
from moderation.trolling import rows
from moderation.trolling.author import Posted
from moderation.trolling.bands import BandState, Resident
from moderation.trolling.campaigns import CampaignSettings, CampaignState, Origin
from moderation.trolling.heat import Said
from moderation.trolling.messages import Replied
from moderation.trolling.minhash import BANDS, KEY_BITS
from moderation.trolling.rows import AuthorRow, Codec, ThreadRow
from moderation.trolling.short_ids import packed
from streams import topics
from streams.broker import ApacheKafka, free_port
from streams.child import child
from streams.clients import librdkafka_options, producer
from streams.produce import created
from streams.settings import Settings
from streams.topics import TABLES, Topics

_HOURS: Final = 22
"""Length of the made-up day: all of it lies within the window of campaigns until the end."""
_AHEAD: Final = 20_000
"""Comments that Kafka has and the worker has not judged, at most."""
_AT_ONCE: Final = 1_000
_SYLLABLES: Final = "ba de fi go hu la me ni po ru sa te vi wo xu ze".split()
_ANSWERS: Final = 0.5
"""Share of comments that answer another one, in the hot thread."""
_HOSTILE: Final = 0.05
_START_SECONDS: Final = 3_600.0
_STALLED_SECONDS: Final = 300.0
_BYTES: Final = 64 * 2**20
_KAFKA: Final = {
    # Kafka keeps no more than is needed to start again.
    "log.segment.bytes": str(_BYTES),
    "log.retention.bytes": str(4 * _BYTES),
    "log.retention.check.interval.ms": "20000",
    "log.cleaner.backoff.ms": "5000",
    "log.message.timestamp.before.max.ms": str(2**62),
}
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Constant:
    """A scorer that costs next to nothing; one text in twenty is hostile."""

    name = "constant"
    version = "1"

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """By the text's checksum."""
        return [
            Finding({"toxicity": 0.02 if zlib.crc32(given.text.encode()) % 20 else 0.9})
            for given in inputs
        ]


def constant(_: ScoringOptions) -> Scorer:
    """For the worker's `scorers` setting."""
    return Constant()


def everyday(options: argparse.Namespace) -> Iterator[Article | Comment]:
    """A day of a newspaper with everything that the simulation knows."""
    each = max(1, options.comments // 50_000)
    made = simulate(
        Options(
            comments=options.comments,
            authors=options.authors,
            articles=options.articles,
            start=_start().isoformat(),
            days=_HOURS / 24,
            flooders=5 * each,
            campaigns=5 * each,
            brigades=each,
            sock_puppets=each,
            flame_wars=2 * each,
            provocateurs=2 * each,
        )
    )
    draw = random.Random(7)  # noqa: S311 - seeded chance, not secrets
    words, weights = _vocabulary()
    for simulated in made:
        record = simulated.record
        if isinstance(record, Comment) and simulated.label and simulated.label.behaviour in HONEST:
            # The simulation's own sentences would meet under fewer bands than what people write.
            length = record.text.count(" ") + 1
            record.text = " ".join(draw.choices(words, cum_weights=weights, k=length))
        if options.filled and isinstance(record, Comment):
            # So that it meets the rows that are there.
            record.author_id = f"u{zlib.crc32(record.author_id.encode()) % options.authors}"
            record.article_id = f"a{zlib.crc32(record.article_id.encode()) % options.articles}"
        yield _long_ids(record)


def _vocabulary() -> tuple[list[str], list[float]]:
    """Made-up words and how often they occur, cumulated (Zipf's law)."""
    # No digits among the letters: those would be read as masks, which takes long.
    words = ["".join(four) for four in itertools.product(_SYLLABLES, repeat=4)]
    random.Random(7).shuffle(words)  # noqa: S311 - as above
    return words, list(itertools.accumulate(1 / (n + 10) for n in range(len(words))))


def campaign(options: argparse.Namespace) -> Iterator[Article | Comment]:
    """One text, up to a tenth of its words changed, by all authors, all day."""
    draw = random.Random(7)  # noqa: S311 - seeded chance, not secrets
    words, _ = _vocabulary()
    said = words[:40]
    for number in range(options.comments):
        text = list(said)
        for _ in range(draw.randrange(5)):
            text[draw.randrange(len(text))] = draw.choice(words)
        yield _long_ids(
            Comment(
                id=f"c{number}",
                article_id=f"a{draw.randrange(options.articles)}",
                author_id=f"u{draw.randrange(options.authors)}",
                text=" ".join(text),
                created_at=_at(number / options.comments),
            )
        )


def thread(options: argparse.Namespace) -> Iterator[Article | Comment]:
    """One article that everybody argues about, all day."""
    draw = random.Random(7)  # noqa: S311 - as above
    words, _ = _vocabulary()
    for number in range(options.comments):
        answers = number and draw.random() < _ANSWERS
        text = " ".join(draw.choice(words) for _ in range(25))
        yield _long_ids(
            Comment(
                id=f"c{number}",
                article_id="a0",
                author_id=f"u{draw.randrange(options.authors)}",
                parent_id=f"c{number - draw.randint(1, min(20, number))}" if answers else "",
                text=text,
                created_at=_at(number / options.comments),
            )
        )


_SCENES: Final[dict[str, Callable[[argparse.Namespace], Iterator[Article | Comment]]]] = {
    "everyday": everyday,
    "campaign": campaign,
    "thread": thread,
}


def fill(settings: Settings, options: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Write the state that so many comments leave into the changelogs, as rows of their size."""
    names = Topics(settings.topic_prefix)
    draw = random.Random(7)  # noqa: S311 - as above
    client = Producer(librdkafka_options(settings) | {"queue.buffering.max.messages": 1_000_000})
    count = size = 0
    for table, key, partition, value in _rows(options, draw, settings.partitions):
        while True:
            try:
                client.produce(
                    names.state(table), value, f"{partition}/{key}".encode(), partition=partition
                )
                break
            except BufferError:
                client.poll(0.1)
        count, size = count + 1, size + len(value)
        if count % _AT_ONCE == 0:
            client.poll(0)
    client.flush(300)
    say(f"filled: {count:,} rows, {size / 1e6:,.0f} MB, as of {options.filled:,} comments")


def _rows(
    options: argparse.Namespace, draw: random.Random, partitions: int
) -> Iterator[tuple[str, str, int, bytes]]:
    """Table, key, partition and value of each row."""
    each = options.filled / options.authors
    authors = [_author_row(draw, round(draw.expovariate(1 / each)) + 1) for _ in range(1_000)]
    for number in range(options.authors):
        key = _long(f"u{number}")
        yield "authors", key, _partition(key, partitions), authors[number % len(authors)]
    threads = [_thread_row(draw, options) for _ in range(100)]
    for number in range(options.articles):
        key = _long(f"a{number}")
        yield "threads", key, _partition(key, partitions), threads[number % len(threads)]
    residents = [_random_resident(draw, options) for _ in range(20_000)]
    codec = Codec(BandState, "a band")
    limit = CampaignSettings().kept_in_band
    counts = np.random.default_rng(7).poisson(options.filled / 2**KEY_BITS, BANDS * 2**KEY_BITS)
    for number, count in enumerate(counts):
        if count:
            key = f"{number >> KEY_BITS}.{number & (2**KEY_BITS - 1):05x}"
            some = draw.sample(residents, min(limit, int(count)))
            state = BandState(tuple(sorted(some, key=lambda each: each.at)))
            yield "bands", key, zlib.crc32(key.encode()) % partitions, codec.encode(state)
    moved = Codec(CampaignState, "a campaign")
    for number in range(options.filled // 20):
        key = _long(f"c{number}") + "#0"
        at = _moment(draw)
        pointer = CampaignState(Origin(at, _long(f"c{number // 20}") + "#0"), at, told=True)
        yield "campaigns", key, _partition(key, partitions), moved.encode(pointer)


def _author_row(draw: random.Random, comments: int) -> bytes:
    row = AuthorRow()
    for at in sorted(_moment(draw) for _ in range(min(comments, 100))):
        source = Source("comments", draw.randrange(4), draw.randrange(10**6))
        event = Posted(
            at=at,
            comment=draw.getrandbits(32),
            thread=draw.getrandbits(32),
            signature=tuple(sorted(draw.getrandbits(32) for _ in range(16))),
            toxicity=0.9 if draw.random() < _HOSTILE else 0.02,
        )
        row = rows.posted(row, source, event)
        if draw.random() < _ANSWERS:
            source = Source("comments", draw.randrange(4), draw.randrange(10**6))
            reply = Replied(
                author_id="",
                source=source,
                at=at,
                replier=draw.getrandbits(32),
                thread=event.thread,
                toxicity=0.02,
            )
            row = rows.replied(row, reply)
    return rows.AUTHORS.encode(row)


def _thread_row(draw: random.Random, options: argparse.Namespace) -> bytes:
    row = ThreadRow()
    for at in sorted(_moment(draw) for _ in range(60)):
        author = draw.randrange(options.authors)
        event = Said(
            at=at,
            comment=_long(f"c{draw.randrange(10**6)}"),
            author=author,
            parent_author=draw.getrandbits(32),
            toxicity=0.9 if draw.random() < _HOSTILE else 0.02,
        )
        source = Source("comments", 0, draw.randrange(10**6))
        row = rows.said(row, source, event, _long(f"u{author}"))
    return rows.THREADS.encode(row)


def _random_resident(draw: random.Random, options: argparse.Namespace) -> Resident:
    return Resident(
        _moment(draw),
        packed(_long(f"c{draw.randrange(10**6)}") + "#0"),
        draw.getrandbits(32),
        packed(_long(f"a{draw.randrange(options.articles)}")),
        draw.randbytes(32),
    )


def _moment(draw: random.Random) -> float:
    return _start().timestamp() + draw.random() * _HOURS * 3_600


def _partition(key: str, partitions: int) -> int:
    """Where Java's producer puts a key."""
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % partitions


@functools.cache
def _start() -> dt.datetime:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return now - dt.timedelta(hours=_HOURS)


def _at(share: float) -> str:
    return (_start() + share * dt.timedelta(hours=_HOURS)).isoformat()


def _long_ids(record: Article | Comment) -> Article | Comment:
    """The record with ids as long as most publishers have them."""
    if isinstance(record, Article):
        record.id = _long(record.id)
        return record
    record.id = _long(record.id)
    record.article_id = _long(record.article_id)
    record.author_id = _long(record.author_id)
    record.parent_id = _long(record.parent_id) if record.parent_id else ""
    return record


@functools.lru_cache(maxsize=200_000)
def _long(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


class Watched:
    """A worker process, as the outside sees it."""

    def __init__(self, process: Any, settings: Settings) -> None:
        self._process = process
        self._url = f"http://{settings.metrics_bind}"

    def wait_ready(self) -> float:
        """Wait for `/readyz`; the seconds that it took."""
        began = time.monotonic()
        while time.monotonic() < began + _START_SECONDS:
            self.require()
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self._url}/readyz", timeout=5).close()  # noqa: S310
                return time.monotonic() - began
            time.sleep(0.1)
        raise TrollbridgeError(f"the worker was not ready within {_START_SECONDS:g} s")

    def require(self) -> None:
        """TrollbridgeError when the worker has ended."""
        if self._process.poll() is not None:
            raise TrollbridgeError("the worker ended; its log is worker.log in the folder")

    def metrics(self) -> dict[str, float]:
        """Sums by name, and by name and `table` or `topic` where there is one; no answer: empty."""
        found: dict[str, float] = {}
        try:
            with urllib.request.urlopen(f"{self._url}/metrics", timeout=30) as answer:  # noqa: S310
                text = answer.read().decode()
        except OSError:
            return found
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                label = sample.labels.get("table") or sample.labels.get("topic")
                for name in {sample.name, f"{sample.name} {label}" if label else sample.name}:
                    found[name] = found.get(name, 0.0) + sample.value
        return found

    def processor_seconds(self) -> float:
        """User and system time so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> tuple[float, float, float]:
        """MB resident now, at most so far, and in the children now."""
        own = self._process.pid
        children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
        return (
            _status(own, "VmRSS"),
            _status(own, "VmHWM"),
            sum(_status(number, "VmRSS") for number in children),
        )


def _status(number: int | str, name: str) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{number}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / 1024
    return 0.0


class Curve:
    """Lines on what the worker needed since the last line."""

    def __init__(self, worker: Watched, say: Callable[[str], None]) -> None:
        self._worker = worker
        self._say = say
        self._seconds = worker.processor_seconds()
        self._clock = time.monotonic()
        self._done = 0.0
        say(
            "comments  CPU ms each  per second  MB now  most  scorers  rows: "
            + ", ".join(TABLES)
            + "; evicted"
        )

    def point(self, metrics: dict[str, float]) -> None:
        """Tell."""
        done = judged(metrics)
        spent, clock = self._worker.processor_seconds(), time.monotonic()
        now, most, scorers = self._worker.memory()
        count = max(1.0, done - self._done)
        rows = [metrics.get(f"trollbridge_state_rows {table}", 0) for table in TABLES]
        self._say(
            f"{done:9,.0f} {1_000 * (spent - self._seconds) / count:11.2f} "
            f"{count / (clock - self._clock):11,.0f} {now:8,.0f} {most:5,.0f} {scorers:8,.0f}  "
            + ", ".join(f"{number:,.0f}" for number in rows)
            + f"; {metrics.get('trollbridge_state_evicted_total', 0):,.0f}"
            + f"  (load {os.getloadavg()[0]:.1f})"
        )
        self._seconds, self._clock, self._done = spent, clock, done


def judged(metrics: dict[str, float]) -> float:
    """Comments that have come to an outcome."""
    return metrics.get("trollbridge_comments_total", 0.0)


def feed(
    settings: Settings,
    worker: Watched,
    records: Iterator[Article | Comment],
    *,
    every: int,
    say: Callable[[str], None],
) -> None:
    """Send everything, never far ahead of the worker, and tell how it does."""
    names = Topics(settings.topic_prefix)
    curve = Curve(worker, say)
    sent = 0
    next_point: float = every
    with producer(settings) as client:
        for record in records:
            if isinstance(record, Article):
                client.send(names.articles, key=record.id.encode(), value=encode(record))
                continue
            stamp = created(record)
            client.send(
                names.comments,
                key=record.article_id.encode(),
                value=encode(record),
                timestamp_ms=None if stamp is None else round(stamp * 1_000),
            )
            sent += 1
            if sent % _AT_ONCE:
                continue
            client.flush()
            while True:
                done = judged(metrics := worker.metrics())
                if done >= next_point:
                    curve.point(metrics)
                    next_point = (done // every + 1) * every
                if done >= sent - min(_AHEAD, every):
                    break
                worker.require()
                time.sleep(0.5)
        client.flush()
    quiet = 0
    deadline, before = time.monotonic() + _STALLED_SECONDS, -1.0
    # Twice, since what is judged may still be on its way to another topic.
    while quiet < 2:  # noqa: PLR2004
        worker.require()
        metrics = worker.metrics()
        lag = metrics.get("trollbridge_lag_records", 1.0)
        quiet = quiet + 1 if judged(metrics) >= sent and lag <= len(TABLES) * 8 else 0
        if lag != before:
            deadline, before = time.monotonic() + _STALLED_SECONDS, lag
        if time.monotonic() > deadline:
            raise TrollbridgeError(f"the worker stands still with {lag:,.0f} records to go")
        time.sleep(2)
    curve.point(metrics)


@contextlib.contextmanager
def working(settings: Settings, log: Path, profile: str = "") -> Iterator[Watched]:
    """A worker, stopped at the end."""
    command = ("streams.cli", "worker")
    if profile:
        command = ("cProfile", "-o", profile, "-m", *command)  # type: ignore[assignment]
    with log.open("ab") as output, child(settings, *command, output=output) as process:
        yield Watched(process, settings)


def measure(options: argparse.Namespace, kafka: ApacheKafka, folder: Path, store: str) -> None:
    """One store: fill it, start again with its folder, and with an empty one."""

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    data = folder / f"data-{store}"
    settings = Settings(
        brokers=kafka.address,
        topic_prefix=f"{store}.",
        consumer_group=store,
        scorers=("streams.state.bench:constant",),
        state_store=msgspec.convert(store, type=Settings.__annotations__["state_store"]),
        metrics_bind=f"127.0.0.1:{free_port()}",
        data_dir=str(data),
        log_format="json",
    )
    topics.create(settings)
    if options.filled:
        fill(settings, options, say)
    log = folder / f"worker-{store}.log"
    say(f"{store}: {options.scene}, {options.comments:,} comments")
    with working(settings, log, options.profile) as worker:
        _ready(worker, "ready", say)
        records = _SCENES[options.scene](options)
        feed(settings, worker, records, every=options.every, say=say)
    for name, empty in (("with its folder", False), ("with an empty folder", True)):
        if empty:
            shutil.rmtree(data)
        with working(settings, log) as worker:
            _ready(worker, f"ready again {name}", say)


def _ready(worker: Watched, name: str, say: Callable[[str], None]) -> None:
    seconds = worker.wait_ready()
    now, most, _ = worker.memory()
    restored = worker.metrics().get("trollbridge_state_restore_seconds", 0.0)
    say(
        f"{name}: {seconds:.1f} s, {worker.processor_seconds():.1f} s of processor time, "
        f"{restored:.1f} s for the state; {now:,.0f} MB, at most {most:,.0f} "
        f"(load {os.getloadavg()[0]:.1f})"
    )


def main() -> None:
    """Measure each store that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comments", type=int, default=1_000_000)
    parser.add_argument("--authors", type=int, default=100_000)
    parser.add_argument("--articles", type=int, default=5_000)
    parser.add_argument("--every", type=int, default=50_000, help="Comments between two lines.")
    parser.add_argument("--scene", choices=sorted(_SCENES), default="everyday")
    parser.add_argument("--store", nargs="+", default=["memory", "rocksdb"])
    parser.add_argument(
        "--filled", type=int, default=0, help="Begin with the state that so many comments leave."
    )
    parser.add_argument("--profile", default="", help="Where cProfile writes what it finds.")
    options = parser.parse_args()
    # So that Kafka and the worker are stopped as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    home = os.environ.get("KAFKA_HOME")
    if not home:
        parser.error("set KAFKA_HOME to an unpacked Apache Kafka")
    with (
        tempfile.TemporaryDirectory(prefix="trollbridge-bench-") as folder,
        ApacheKafka(Path(home), properties=_KAFKA) as kafka,
    ):
        for store in options.store:
            measure(options, kafka, Path(folder), store)


if __name__ == "__main__":
    main()
