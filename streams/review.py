"""Between Kafka and the review store: flagged comments and what surrounds them in, decisions out.

Both are safe against `kill -9`. Offsets are committed after the store, which knows a repetition;
decisions are marked as sent after the broker has confirmed them.
"""

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import structlog
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import CommitFailedError, KafkaError
from kafka.structs import OffsetAndMetadata

from moderation.errors import BrokerError, RecordError, StoreError
from moderation.records import decode_judged
from moderation.review import campaigns, edits, intake, outbox, threads
from moderation.review.intake import Taken
from moderation.review.rules import Rules
from moderation.review.store import Store
from moderation.trolling import heat
from moderation.trolling.campaigns import decode_record as decode_campaign
from streams import deadletters
from streams import metrics_review as metrics
from streams.clients import consumer, producer, reaching
from streams.deadletters import DeadLetterLimit
from streams.health import HealthServer, Pulse
from streams.review_watch import Watch
from streams.settings import Settings
from streams.topics import Topics

log = structlog.get_logger(__name__)

_FILE: Final = "review.db"
_BATCH: Final = 500
_POLL_MS: Final = 200
_EXPIRY_SECONDS: Final = 3_600.0
_MEMBERSHIP: Final = {"session_timeout_ms": 10_000, "heartbeat_interval_ms": 3_000}
"""After a `kill -9` the next reader waits ten seconds, as with the workers."""
_CONFIRM_SECONDS: Final = 60.0
_STORE_RETRY_SECONDS: Final = 5.0
_STORE_PATIENCE_SECONDS: Final = 120.0
"""Shorter than the time within which the group expects the next poll."""


def open_store(settings: Settings) -> Store:
    """The review store that the settings name, brought to its newest form; StoreError otherwise."""
    url = settings.database_url
    if not url:
        folder = Path(settings.data_dir)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"data_dir {folder}: {error.strerror}") from error
        url = f"sqlite:///{folder / _FILE}"
    rules = Rules(
        lease=settings.review_lease,
        undo=settings.review_undo,
        second_looks=settings.review_second_looks,
        golden=settings.review_golden,
    )
    return Store(url, rules=rules)


def group(settings: Settings) -> str:
    """The consumer group of the review store's readers."""
    return f"{settings.consumer_group}-review"


def review(
    settings: Settings,
    store: Store,
    stop: threading.Event,
    *,
    on_batch: Callable[[int], None] = lambda _: None,
) -> None:
    """Read flagged comments, edits, campaigns and heat into the store and send decisions.

    Until told to stop, with metrics at `review_metrics_bind`. BrokerError or StoreError when Kafka
    or the database stay away. `on_batch` is told how many records were stored.
    """
    with (
        _observed(settings) as pulse,
        reaching(settings),
        producer(settings) as producing,
        consumer(settings, group_id=group(settings), **_MEMBERSHIP) as client,
    ):
        reader = Reader(settings, store, client, producing)
        sender = Sender(settings, store, producing)
        watch = Watch(store)
        log.info("review reader started", group=group(settings))
        try:
            while not stop.is_set():
                count = reader.step()
                if count:
                    on_batch(count)
                sender.step()
                _patiently(watch.step)
                pulse.beat("")
        finally:
            sender.close()


@contextmanager
def _observed(settings: Settings) -> Iterator[Pulse]:
    """Serve metrics and health, unless the setting is empty."""
    pulse = Pulse(metrics.ready)
    if not settings.review_metrics_bind:
        yield pulse
        return
    name = "review_metrics_bind"
    server = HealthServer(*settings.bind(name), pulse, registry=metrics.REGISTRY, setting=name)
    server.start()
    try:
        yield pulse
    finally:
        server.close()


class _Kind(NamedTuple):
    """What is done with the records of a topic."""

    decode: Callable[[bytes | None], Any]
    check: Callable[[Any], None]
    take_in: Callable[[Store, Sequence[Any]], Any]
    concerns: Callable[[bytes | None], bool] = lambda _: True
    """Whether a record is for the queue at all; the others are passed over."""


def _is_told(value: bytes | None) -> bool:
    """Without a value a thread is forgotten, as compacted topics say it: so it will be here."""
    return value is not None


class Reader:
    """Reads flagged comments, allowed edits, campaigns and heats of threads into the store."""

    def __init__(
        self, settings: Settings, store: Store, client: KafkaConsumer, letters: KafkaProducer
    ) -> None:
        self._store = store
        self._client = client
        self._letters = letters
        self._topics = Topics(settings.topic_prefix)
        self._kinds = {
            self._topics.review: _Kind(decode_judged, intake.check, intake.take_in),
            self._topics.judged: _Kind(
                decode_judged, intake.check_edit, intake.take_in_edits, edits.concerns
            ),
            self._topics.campaigns: _Kind(decode_campaign, campaigns.check, campaigns.take_in),
            self._topics.heat: _Kind(heat.decode_record, threads.check, threads.take_in, _is_told),
        }
        self._limit = DeadLetterLimit(
            in_a_row=settings.deadletters_in_a_row, share=settings.deadletters_share
        )
        self._expire_at = time.monotonic()
        client.subscribe(list(self._kinds))

    def step(self) -> int:
        """Store and commit what has come; how many records it was."""
        self._expire()
        polled = self._client.poll(_POLL_MS, max_records=_BATCH)
        records = [record for batch in polled.values() for record in batch]
        if not records:
            return 0
        began = time.perf_counter()
        good, letters = self._opened(records)
        taken = self._take_in(good)
        _confirm(letters)
        # Only now: what is committed is in the store or among the dead letters.
        self._commit(polled)
        comments = taken.get(self._topics.review, Taken())
        comments.harmless += taken.get(self._topics.judged, 0)
        _count(good, comments)
        if not good and not letters:
            # Most of the ledger is passed over; that is no news.
            return len(records)
        log.info(
            "stored for review",
            records=len(records),
            new=comments.new,
            updated=comments.updated,
            repeated=comments.repeated,
            harmless=comments.harmless,
            placed=taken.get(self._topics.campaigns, 0),
            heated=taken.get(self._topics.heat, 0),
            dead=len(letters),
            seconds=round(time.perf_counter() - began, 4),
        )
        return len(records)

    def _take_in(self, good: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
        """Store records by topic; what became of them."""
        taken: dict[str, Any] = {}
        for topic, kind in self._kinds.items():
            if topic in good:
                taken[topic] = _patiently(partial(kind.take_in, self._store, good[topic]))
        return taken

    def _opened(self, records: Sequence[Any]) -> tuple[dict[str, list[Any]], list[Any]]:
        """By topic what the store can hold, and the dead letters that were sent for the rest."""
        good: dict[str, list[Any]] = {}
        letters: list[Any] = []
        for record in records:
            error: RecordError | None = None
            kind = self._kinds[record.topic]
            if not kind.concerns(record.value):
                continue
            try:
                opened = kind.decode(record.value)
                kind.check(opened)
                good.setdefault(record.topic, []).append(opened)
            except RecordError as found:
                error = found
                metrics.dead_letters.labels(found.code).inc()
                letter = deadletters.letter(self._topics.deadletter, record, found)
                letters.append(
                    self._letters.send(
                        letter.topic,
                        key=letter.key,
                        value=letter.value,
                        headers=list(letter.headers or ()),
                    )
                )
            self._limit.saw(error)
        return good, letters

    def _expire(self) -> None:
        """Forget old campaigns, threads and edits, once an hour."""
        if time.monotonic() < self._expire_at:
            return
        self._expire_at = time.monotonic() + _EXPIRY_SECONDS
        _patiently(lambda: campaigns.expire(self._store))
        _patiently(lambda: threads.expire(self._store))
        _patiently(lambda: edits.expire(self._store))

    def _commit(self, polled: dict[TopicPartition, list[Any]]) -> None:
        offsets = {
            partition: OffsetAndMetadata(records[-1].offset + 1, "", -1)
            for partition, records in polled.items()
            if records
        }
        try:
            self._client.commit(offsets)
        except CommitFailedError:
            # The partitions went to another reader, which reads these again; the store knows them.
            log.warning("offsets not committed: the group has a new member")


class Sender:
    """Sends decisions whose undo window is over; one at a time, whoever holds the role."""

    def __init__(self, settings: Settings, store: Store, client: KafkaProducer) -> None:
        self._store = store
        self._client = client
        self._topic = Topics(settings.topic_prefix).decisions
        self._name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"

    def step(self) -> int:
        """Send what is due, wait for the broker's word, mark it as sent; how many it was."""
        due = _patiently(lambda: outbox.take_due(self._store, self._name))
        if not due:
            return 0
        sends = [
            self._client.send(self._topic, key=record.key.encode(), value=record.value)
            for record in due
        ]
        _confirm(sends)
        _patiently(lambda: outbox.confirm(self._store, [record.pk for record in due]))
        metrics.sent.inc(len(due))
        log.info("decisions sent", records=len(due))
        return len(due)

    def drain(self) -> int:
        """Send everything that is due now; how many it was."""
        total = 0
        while count := self.step():
            total += count
        return total

    def close(self) -> None:
        """Let another sender begin at once."""
        try:
            outbox.resign(self._store, self._name)
        except StoreError as error:
            log.warning("sender's role not given up", error=str(error))


def _count(good: Mapping[str, Sequence[Any]], comments: Taken) -> None:
    """Count what was stored."""
    for topic, records in good.items():
        metrics.records.labels(topic).inc(len(records))
    outcomes = {
        "new": comments.new,
        "updated": comments.updated - comments.reopened,
        "reopened": comments.reopened,
        "repeated": comments.repeated,
        "harmless": comments.harmless,
    }
    for outcome, count in outcomes.items():
        metrics.comments.labels(outcome).inc(count)


def send_due(settings: Settings, store: Store) -> int:
    """Send every decision that is due; how many. BrokerError when the broker does not take one."""
    with reaching(settings), producer(settings) as client:
        sender = Sender(settings, store, client)
        try:
            return sender.drain()
        finally:
            sender.close()


def _confirm(sends: Sequence[Any]) -> None:
    """Wait for the broker's word on each record; BrokerError when it refuses one."""
    for send in sends:
        try:
            send.get(timeout=_CONFIRM_SECONDS)
        except KafkaError as error:
            raise BrokerError(f"the broker did not take a record: {error}") from error


def _patiently(act: Callable[[], Any]) -> Any:
    """Try until the database answers; StoreError when it stays away for two minutes."""
    deadline = time.monotonic() + _STORE_PATIENCE_SECONDS
    for wait in _waits():
        try:
            return act()
        except StoreError as error:
            if time.monotonic() + wait > deadline:
                raise
            metrics.store_retries.inc()
            log.warning("review store does not answer", error=str(error), wait_s=wait)
            time.sleep(wait)
    return None


def _waits() -> Iterator[float]:
    wait = 0.1
    while True:
        yield wait
        wait = min(wait * 2, _STORE_RETRY_SECONDS)
