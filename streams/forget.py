"""Erasing an author from everything that trollbridge keeps: state, decisions, review queue.

Any state may mention an author, so every partition of every internal topic is told. What the author
wrote before may still be on its way when that arrives: a comment that was not scored yet, a
decision that can still be undone. So the author is erased, then what was on its way is waited for,
and what it brought is erased as well.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, Self

import msgspec
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from moderation.errors import BrokerError
from moderation.review import erasure, outbox
from moderation.review.rules import Person
from moderation.review.store import Store
from moderation.trolling.messages import Forgotten, encode
from streams import review
from streams.clients import admin, consumer, producer, reaching
from streams.settings import Settings
from streams.topics import Topics

_PASSES: Final = 3
"""The second erases what was on its way to a state, the third what one state was just handing to
another, as campaigns do when they turn out to be one."""
_POLL_SECONDS: Final = 0.1
_CONFIRM_SECONDS: Final = 60.0
_LAST: Final = 16
"""Offsets at the end of a partition among which its last record is looked for: a transaction's
marker has an offset and is no record."""


class Erased(msgspec.Struct):
    """What a run of `forget` did."""

    partitions: dict[str, int] = {}
    """By topic, the partitions that were told."""
    comments: int | None = None
    """Removed from the review queue; None when the queue was left alone."""
    waiting: list[str] = []
    """What had not been read or sent to its end when the time was over; empty: all is erased."""


class _Late(Exception):  # noqa: N818 - no error: the time is over
    """Something did not happen in time."""

    def __init__(self, waiting: list[str]) -> None:
        super().__init__()
        self.waiting = waiting


def forget(
    settings: Settings,
    author_id: str,
    *,
    store: Store | None,
    person: Person,
    wait: float,
    say: Callable[[str], None] = lambda _: None,
) -> Erased:
    """Erase an author and wait, for at most `wait` seconds, until the workers have done it.

    Without a `store` the review queue is left alone; `person` stands in its log. `say` is told what
    is being waited for. What does not take effect in time stays in Kafka and takes effect when a
    worker runs. BrokerError or StoreError when the broker or the queue cannot be reached.
    """
    erased = Erased()
    wanted = _Wait(time.monotonic() + wait, say)
    with reaching(settings), _River.of(settings) as river:
        queue = None
        if store is not None:
            queue = _Queue(store, review.Sender(settings, store, river.producing), author_id)
        try:
            for _ in range(_PASSES):
                erased.partitions = river.tell(author_id)
                if queue is not None:
                    queue.erase(person)
                    queue.wait_sent(wanted)
                river.wait_read(wanted, reviewed=queue is not None)
        except _Late as late:
            erased.waiting = late.waiting
        finally:
            if queue is not None:
                queue.close()
        if queue is not None:
            # What was flagged before may have come to the queue meanwhile.
            queue.erase(person)
            erased.comments = queue.erased
    return erased


class _Wait(NamedTuple):
    """Until when, and who is told of it."""

    deadline: float
    say: Callable[[str], None]

    def until_none(self, what: str, left: Callable[[], list[str]]) -> None:
        """Wait until nothing is left; _Late with what is, when the time is over."""
        self.say(what)
        while waiting := left():
            if time.monotonic() > self.deadline:
                raise _Late(waiting)
            time.sleep(_POLL_SECONDS)


class _Queue:
    """The author in the review queue."""

    def __init__(self, store: Store, sender: review.Sender, author_id: str) -> None:
        self._store = store
        self._sender = sender
        self._author_id = author_id
        self.erased = 0

    def erase(self, person: Person) -> None:
        """Remove what there is; the log tells of it when there is something."""
        if erasure.holds(self._store, self._author_id):
            self.erased += erasure.forget(self._store, person, self._author_id)

    def wait_sent(self, wanted: _Wait) -> None:
        """Send the decisions on the author, when they can no longer be undone."""

        def unsent() -> list[str]:
            if outbox.unsent(self._store, self._author_id):
                # Whoever else has the sender's role does it; if nobody does, it is done here.
                self._sender.drain()
            left = outbox.unsent(self._store, self._author_id)
            return ["decisions not sent"] if left else []

        wanted.until_none("Decisions are sent", unsent)

    def close(self) -> None:
        """Let another sender begin."""
        self._sender.close()


class _River:
    """The topics, as far as forgetting has to do with them."""

    def __init__(
        self,
        settings: Settings,
        client: KafkaConsumer,
        producing: KafkaProducer,
        administering: KafkaAdminClient,
    ) -> None:
        self._settings = settings
        self._topics = Topics(settings.topic_prefix)
        self._client = client
        self.producing = producing
        self._admin = administering

    @classmethod
    @contextmanager
    def of(cls, settings: Settings) -> Iterator[Self]:
        """With clients of its own."""
        with (
            consumer(settings) as client,
            producer(settings) as producing,
            admin(settings) as administering,
        ):
            yield cls(settings, client, producing, administering)

    def tell(self, author_id: str) -> dict[str, int]:
        """Send that an author is to be forgotten, confirmed; how many partitions of each topic."""
        value = encode(Forgotten(author_id))
        told = {topic: self._partitions(topic) for topic in self._topics.internal()}
        sends = [
            self.producing.send(tp.topic, value=value, partition=tp.partition)
            for partitions in told.values()
            for tp in partitions
        ]
        # Behind all decisions so far: in a compacted topic it also removes them by and by.
        sends.append(self.producing.send(self._topics.decisions, key=author_id.encode()))
        try:
            for send in sends:
                send.get(timeout=_CONFIRM_SECONDS)
        except KafkaError as error:
            raise BrokerError(f"the broker did not take a record: {error}") from error
        return {topic: len(partitions) for topic, partitions in told.items()} | {
            self._topics.decisions: 1
        }

    def wait_read(self, wanted: _Wait, *, reviewed: bool) -> None:
        """Wait until everything has been read that is in the topics, or follows from it.

        `reviewed`: also by those who fill the review queue, if there are any.
        """
        topics, group = self._topics, self._settings.consumer_group
        # Each of these topics is filled from those before it.
        for together in (
            (topics.comments, topics.decisions),
            (topics.scored, topics.replies, topics.sightings),
            (topics.matches, topics.rejections),
        ):
            self._wait_group(wanted, group, together)
        readers = review.group(self._settings)
        for topic in (topics.review, topics.judged):
            if reviewed and self._committed(readers, self._partitions(topic)):
                self._wait_group(wanted, readers, (topic,))

    def _wait_group(self, wanted: _Wait, group: str, topics: tuple[str, ...]) -> None:
        """Wait until a group has committed what stands in these topics now."""
        goals = self._goals([tp for topic in topics for tp in self._partitions(topic)])

        def unread() -> list[str]:
            committed = self._committed(group, list(goals))
            return sorted(
                {f"{tp.topic} not read" for tp, at in goals.items() if committed.get(tp, 0) < at}
            )

        wanted.until_none(f"{group} reads {', '.join(topics)}", unread)

    def _goals(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """For each partition that is not empty, the offset behind its last record."""
        client = self._client
        starts, ends = client.beginning_offsets(partitions), client.end_offsets(partitions)
        filled = [tp for tp in partitions if ends[tp] > starts[tp]]
        if not filled:
            return {}
        client.assign(filled)
        goals = {tp: max(starts[tp], ends[tp] - _LAST) for tp in filled}
        for tp, start in goals.items():
            client.seek(tp, start)
        deadline = time.monotonic() + _CONFIRM_SECONDS
        while any(client.position(tp) < ends[tp] for tp in filled):
            if time.monotonic() > deadline:
                raise BrokerError(f"the end of {filled[0].topic} cannot be read")
            for tp, records in client.poll(1_000).items():
                goals[tp] = max(goals[tp], records[-1].offset + 1)
        return goals

    def _committed(self, group: str, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """What a group has read, by partition; nothing for those where it has not begun."""
        if not partitions:
            return {}
        found = self._admin.list_group_offsets({group: partitions})[group]
        return {tp: at.offset for tp, at in found.items() if at.offset >= 0}

    def _partitions(self, topic: str) -> list[TopicPartition]:
        numbers: Any = self._client.partitions_for_topic(topic) or ()
        return [TopicPartition(topic, number) for number in sorted(numbers)]
