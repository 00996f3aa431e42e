"""The whole pipeline with no set-up: embedded broker, worker, a page of comments, its outcomes."""

import contextlib
import functools
import secrets
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from kafka import TopicPartition

from moderation.errors import PageError, TrollbridgeError
from moderation.records import Comment, Judged, decode_judged, encode
from moderation.simulation.generate import simulate
from moderation.simulation.labels import CommentLabel
from moderation.simulation.options import Options
from moderation.trolling import heat
from moderation.trolling.campaigns import CampaignRecord, decode_record
from moderation.trolling.heat import HOT_AT, HeatRecord
from streams.audit import Audit, audit, read_all
from streams.broker import EmbeddedBroker, free_port
from streams.child import child
from streams.clients import consumer, reaching
from streams.produce import Produced, Stamp, created, produce
from streams.settings import Settings
from streams.topics import Topics

SAMPLE = "harbour-bridge.txt"

_HOUR = Options(
    comments=150,
    authors=80,
    articles=3,
    start="2026-03-02T19:00:00+00:00",
    days=1 / 24,
    flooders=1,
    campaigns=1,
    provocateurs=1,
)

_START_SECONDS = 60.0
_OUTCOME_SECONDS = 120.0
_SETTLE_SECONDS = 15.0
_QUIET = 3
"""Looks at the lag, in a row, that must find none: a record may be between two topics."""
SIMULATED_RATE = 30.0
"""Comments a second of a simulated hour: slow enough to see one thing lead to another."""
_DEFAULT_METRICS_PORT = 9464
_DEFAULT_CONSOLE_PORT = 8000


class Outcome(msgspec.Struct):
    """What a demo run came to."""

    judged: list[Judged]
    """In the order of the page, or of time."""
    produced: Produced
    audit: Audit
    campaigns: list[CampaignRecord]
    hot_threads: list[HeatRecord]


class Demo:
    """A running pipeline on this machine; use `running` to have it stopped."""

    def __init__(self, settings: Settings, worker: subprocess.Popen[bytes], log: Path) -> None:
        self.settings = settings
        self._worker = worker
        self._log = log

    def play(
        self, name: str, page: bytes, *, stamp: Stamp | None = None, rate: float = 0.0
    ) -> Outcome:
        """Send a page or JSON lines through and wait for every outcome.

        `stamp` gives a comment's time in Kafka, `rate` is in comments a second. TrollbridgeError
        when one is late.
        """
        produced = produce(self.settings, [(name, BytesIO(page))], stamp=stamp, rate=rate)
        if produced.rejects:
            reject = produced.rejects[0]
            raise PageError(f"{name}: comment {reject.line - 1}: {reject.reason}")
        judged = sorted(
            self._outcomes(produced.comments),
            # A page's comments all have the page's date.
            key=lambda record: (record.created_at, record.source.offset),
        )
        self._settle()
        return Outcome(
            judged, produced, audit(self.settings), self._campaigns(), self._hot_threads()
        )

    def _settle(self) -> None:
        """Wait until everything that follows from the comments has been handled, too."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        quiet = 0
        while quiet < _QUIET and time.monotonic() < deadline:
            time.sleep(0.5)
            self.require_worker()
            lines = self._metrics().splitlines()
            lag = sum(
                float(line.rpartition(" ")[2])
                for line in lines
                if line.startswith("trollbridge_lag_records{")
            )
            quiet = quiet + 1 if lag == 0 else 0

    def _metrics(self) -> str:
        with urllib.request.urlopen(
            f"http://{self.settings.metrics_bind}/metrics", timeout=5
        ) as response:
            text: str = response.read().decode()
            return text

    def _campaigns(self) -> list[CampaignRecord]:
        """Each campaign as it was told of last."""
        found: dict[str, CampaignRecord] = {}
        for record in self._read(Topics(self.settings.topic_prefix).campaigns):
            campaign = decode_record(record.value)
            found[campaign.id] = campaign
        return [campaign for campaign in found.values() if not campaign.merged_into]

    def _hot_threads(self) -> list[HeatRecord]:
        """Each thread that was hot, at its hottest."""
        found: dict[str, HeatRecord] = {}
        for record in self._read(Topics(self.settings.topic_prefix).heat):
            told = heat.decode_record(record.value)
            known = found.get(told.article_id)
            if told.heat >= HOT_AT and (known is None or told.heat > known.heat):
                found[told.article_id] = told
        return sorted(found.values(), key=lambda told: -told.heat)

    def _read(self, topic: str) -> list[Any]:
        with reaching(self.settings), consumer(self.settings) as client:
            return list(read_all(client, topic))

    def _outcomes(self, count: int) -> Iterator[Judged]:
        topic = Topics(self.settings.topic_prefix).judged
        seen: set[str] = set()
        deadline = time.monotonic() + _OUTCOME_SECONDS
        with reaching(self.settings), consumer(self.settings) as client:
            numbers = client.partitions_for_topic(topic) or ()
            client.assign([TopicPartition(topic, number) for number in numbers])
            while len(seen) < count:
                for records in client.poll(200).values():
                    for record in records:
                        judged = decode_judged(record.value)
                        if judged.item_id not in seen:
                            seen.add(judged.item_id)
                            yield judged
                self.require_worker()
                if time.monotonic() > deadline:
                    raise TrollbridgeError(
                        f"{len(seen)} of {count} comments came to an outcome within "
                        f"{_OUTCOME_SECONDS:g} s; the worker's log is {self._log}"
                    )

    def wait_ready(self) -> None:
        """Wait until the worker says that it is ready; TrollbridgeError when it does not."""
        _wait_for(self.settings.metrics_bind, "/readyz", self._worker, self._log)

    def require_worker(self) -> None:
        """TrollbridgeError, with the worker's last line, when it has ended."""
        _require(self._worker, self._log)

    def wait(self) -> None:
        """Stay until the worker ends by itself."""
        self._worker.wait()
        self.require_worker()


class Opened(NamedTuple):
    """The console of a kept demo."""

    url: str
    name: str
    password: str


@contextlib.contextmanager
def console(settings: Settings) -> Iterator[Opened]:
    """Open the moderators' console on the demo's review topic, with a login made for it."""
    port = _port(_DEFAULT_CONSOLE_PORT)
    settings = msgspec.structs.replace(
        settings, console_bind=f"127.0.0.1:{port}", review_metrics_bind="", database_url=""
    )
    opened = Opened(f"http://127.0.0.1:{port}", "demo", secrets.token_urlsafe(12))
    _make_login(settings, opened)
    log = Path(settings.data_dir) / "console.log"
    with (
        log.open("wb") as output,
        child(settings, "streams.cli", "review", "serve", output=output) as process,
    ):
        _wait_for(f"127.0.0.1:{port}", "/healthz", process, log)
        yield opened


def _make_login(settings: Settings, opened: Opened) -> None:
    # The review store takes a moment to import, which other commands need not wait for.
    from moderation.review.access import links, sessions  # noqa: PLC0415
    from moderation.review.access.signin import Browser  # noqa: PLC0415
    from streams.review import open_store  # noqa: PLC0415

    with contextlib.closing(open_store(settings)) as store:
        this_command = Browser("127.0.0.1", "trollbridge demo")
        links.accept(store, links.first(store), opened.password, this_command, name=opened.name)
        for session in sessions.own(store, opened.name):
            sessions.end(store, opened.name, session.id)


def sample_page() -> bytes:
    """The page that ships with trollbridge."""
    return (resources.files("moderation") / "samples" / SAMPLE).read_bytes()


def simulated_hour() -> tuple[bytes, list[CommentLabel], Stamp]:
    """An hour of made-up traffic as JSON lines, the truth about its comments, and when they come.

    The hour ends now: sent all at once, everybody would look like a flooder.
    """
    simulated = list(simulate(_HOUR))
    lines = b"".join(encode(made.record) + b"\n" for made in simulated)
    times = [created(made.record) for made in simulated if isinstance(made.record, Comment)]
    later = time.time() - max(at for at in times if at is not None)
    labels = [made.label for made in simulated if made.label]
    return lines, labels, functools.partial(created, later=later)


@contextlib.contextmanager
def running(settings: Settings, say: Callable[[str], Any]) -> Iterator[Demo]:
    """Start broker, topics and worker; stop all of them at the end. `say` is told each step."""
    with (
        tempfile.TemporaryDirectory(prefix="trollbridge-demo-") as folder,
        EmbeddedBroker() as broker,
    ):
        say("Starting the embedded broker and the topics")
        settings = msgspec.structs.replace(
            settings,
            brokers=broker.address,
            security_protocol="PLAINTEXT",
            api_version=EmbeddedBroker.API_VERSION,
            metrics_bind=f"127.0.0.1:{_port(_DEFAULT_METRICS_PORT)}",
            data_dir=folder,
            log_format="console",
        )
        broker.create_topics(Topics(settings.topic_prefix).cleanup())
        log = Path(folder) / "worker.log"
        say("Starting the worker: models, consumer group")
        with (
            log.open("wb") as output,
            child(settings, "streams.cli", "worker", output=output) as worker,
        ):
            demo = Demo(settings, worker, log)
            demo.wait_ready()
            yield demo


def _port(usual: int) -> int:
    """The usual port, or another one when that is taken."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", usual))
        except OSError:
            return free_port()
    return usual


def _wait_for(address: str, path: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until a process of ours answers; TrollbridgeError when it does not."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        _require(process, log)
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(f"http://{address}{path}", timeout=2).close()
            return
        time.sleep(0.1)
    raise TrollbridgeError(f"{log.stem} was not ready within {_START_SECONDS:g} s; its log: {log}")


def _require(process: "subprocess.Popen[bytes]", log: Path) -> None:
    """TrollbridgeError, with its last line, when a process of ours has ended."""
    if process.poll() is not None:
        lines = log.read_text("utf-8", "replace").strip().splitlines() or ["no message"]
        last = lines[-1].removeprefix("trollbridge: ")
        raise TrollbridgeError(f"the {log.stem} ended: {last}")
