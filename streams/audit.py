"""The audit: every input has exactly one terminal record, or the audit says which has not."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
from kafka import KafkaConsumer, TopicPartition

from moderation.records import Source, decode_judged
from streams.clients import consumer, reaching
from streams.deadletters import PREFIX
from streams.settings import Settings
from streams.topics import Topics

_POLL_MS = 1_000


class Audit(msgspec.Struct, kw_only=True):
    """What the topics hold, counted by input (a record of `comments`)."""

    inputs: int = 0
    allow: int = 0
    review: int = 0
    deadletters: int = 0
    duplicates: int = 0
    """Terminal records beyond the first of an input."""
    conflicts: list[Source] = []
    """Inputs whose terminal records differ in outcome; the first one counts."""
    missing: list[Source] = []
    """Inputs without a terminal record."""
    unreviewed: list[str] = []
    """Items judged `review` that `comments.review` does not hold."""
    strangers: int = 0
    """Terminal records for inputs that the topic no longer, or never, held."""
    other_deadletters: int = 0
    """Dead letters of other topics' records."""
    truncated: dict[str, int] = {}
    """Partitions of `comments` whose start retention has removed: the first offset left."""

    @property
    def balanced(self) -> bool:
        """Whether every input came to an outcome, and every flagged one to review."""
        return (
            not self.missing
            and not self.unreviewed
            and self.inputs == self.allow + self.review + self.deadletters
        )


def audit(settings: Settings) -> Audit:
    """Read the topics to their present ends and prove the ledger. BrokerError when unreachable."""
    topics = Topics(settings.topic_prefix)
    found = Audit()
    with reaching(settings), consumer(settings) as client:
        inputs = {
            Source(record.topic, record.partition, record.offset)
            for record in read_all(client, topics.comments)
        }
        starts = client.beginning_offsets(_partitions(client, topics.comments))
        found.truncated = {
            f"{tp.topic}/{tp.partition}": start for tp, start in starts.items() if start
        }
        book = _Book(found, inputs)
        to_review: set[str] = set()
        for record in read_all(client, topics.judged):
            judged = decode_judged(record.value)
            book.settle(judged.source, judged.decision)
            if judged.decision == "review":
                to_review.add(judged.item_id)
        for record in read_all(client, topics.deadletter):
            source = _letter_source(record)
            if source is not None and source.topic == topics.comments:
                book.settle(source, "deadletter")
            else:
                found.other_deadletters += 1
        reviewed = {
            decode_judged(record.value).item_id for record in read_all(client, topics.review)
        }
    book.close()
    found.unreviewed = sorted(to_review - reviewed)
    return found


class _Book:
    """Inputs and what became of them, while the topics are read."""

    def __init__(self, found: Audit, inputs: set[Source]) -> None:
        self._found = found
        self._inputs = inputs
        self._outcomes: dict[Source, str] = {}
        self._conflicts: set[Source] = set()

    def settle(self, source: Source, outcome: str) -> None:
        """Enter a terminal record."""
        if source not in self._inputs:
            self._found.strangers += 1
        elif source not in self._outcomes:
            self._outcomes[source] = outcome
        else:
            self._found.duplicates += 1
            if self._outcomes[source] != outcome:
                self._conflicts.add(source)

    def close(self) -> None:
        """Sum up."""
        counts = Counter(self._outcomes.values())
        found = self._found
        found.inputs = len(self._inputs)
        found.allow, found.review = counts["allow"], counts["review"]
        found.deadletters = counts["deadletter"]
        found.conflicts = sorted(self._conflicts, key=_order)
        found.missing = sorted(self._inputs - self._outcomes.keys(), key=_order)


def _order(source: Source) -> tuple[str, int, int]:
    return source.topic, source.partition, source.offset


def _partitions(client: KafkaConsumer, topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for number in client.partitions_for_topic(topic) or ()]


def read_all(client: KafkaConsumer, topic: str) -> Iterator[Any]:
    """Every record that the topic holds now, partition by partition interleaved."""
    partitions = _partitions(client, topic)
    if not partitions:
        return
    ends = client.end_offsets(partitions)
    client.assign(partitions)
    client.seek_to_beginning(*partitions)
    while any(client.position(partition) < ends[partition] for partition in partitions):
        for partition, records in client.poll(_POLL_MS, max_records=5_000).items():
            for record in records:
                if record.offset < ends[partition]:
                    yield record


def _letter_source(record: Any) -> Source | None:
    headers = {name: value.decode("utf-8", "replace") for name, value in record.headers or ()}
    try:
        return Source(
            headers[f"{PREFIX}source.topic"],
            int(headers[f"{PREFIX}source.partition"]),
            int(headers[f"{PREFIX}source.offset"]),
        )
    except (KeyError, ValueError):
        # Somebody else wrote to the dead-letter topic; the caller counts it.
        return None
