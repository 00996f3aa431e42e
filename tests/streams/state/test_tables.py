"""Tables: what a batch writes is in the changelog before its source is acknowledged."""

from pathlib import Path
from typing import cast

import pytest
from confluent_kafka import KafkaError

from moderation.errors import BrokerError
from moderation.trolling.rows import AuthorRow, KnownDecision
from streams.outbox import Delivery, Outbox, Outgoing
from streams.state.tables import StateTable, Writes
from tests.streams.state.at_hand import AtHand, Sent


class _Moody(Sent):
    """An outbox that takes records as told: `full`, an error, or None for yes."""

    def __init__(self, *moods: str | KafkaError | None) -> None:
        super().__init__()
        self._moods = list(moods)

    def hand_over(self, record: Outgoing, delivery: Delivery, index: int) -> bool:
        """Answer as the next mood says."""
        mood = self._moods.pop(0) if self._moods else None
        if isinstance(mood, str):
            return False
        if isinstance(mood, KafkaError):
            delivery.expect()
            delivery.report(index, mood)
            return True
        return super().hand_over(record, delivery, index)

    async def offer(self, record: Outgoing, delivery: Delivery, index: int) -> None:
        """Take it in the end."""
        assert self.hand_over(record, delivery, index)


def _row(number: int) -> AuthorRow:
    return AuthorRow(decisions=(KnownDecision(number, 0.0, approved=True, heat=0.0),))


def _table(folder: Path) -> StateTable[AuthorRow]:
    return AtHand(folder).state.authors.table


def _writes(outbox: Sent) -> Writes:
    return Writes(cast(Outbox, outbox))


async def test_partitions_are_kept_apart(tmp_path: Path) -> None:
    """A key in two partitions has two rows, and each knows its owner."""
    table, sent = _table(tmp_path), _Moody()
    writes = _writes(sent)
    table.put(writes, 0, "a/b", _row(0))
    table.put(writes, 11, "a/b", _row(11))
    await writes.confirmed()
    assert (_row(0), _row(11), None) == tuple(table.get(p, "a/b") for p in (0, 11, 1))
    assert [(b"0/a/b", 0), (b"11/a/b", 11)] == [(c.key, c.partition) for c in sent.changes]
    assert [(11, "a/b", _row(11))] == [each async for each in table.walk({11})]


async def test_a_row_is_deleted_in_both_places(tmp_path: Path) -> None:
    """A tombstone goes to the changelog, also for a row that the store does not have."""
    table, sent = _table(tmp_path), _Moody()
    writes = _writes(sent)
    table.put(writes, 0, "a", _row(0))
    table.put(writes, 0, "a", None)
    table.put(writes, 0, "b", None)
    await writes.confirmed()
    assert table.get(0, "a") is None
    assert {b"0/a": None, b"0/b": None} == {each.key: each.value for each in sent.changes}


async def test_a_full_queue_loses_nothing(tmp_path: Path) -> None:
    """What the producer had no room for, or may take later, is sent again until it is there."""
    again = KafkaError(KafkaError._MSG_TIMED_OUT)
    table, sent = _table(tmp_path), _Moody(None, "full", again, again)
    writes = _writes(sent)
    for number in range(3):
        table.put(writes, 0, f"u{number}", _row(number))
    await writes.confirmed()
    assert {b"0/u0", b"0/u1", b"0/u2"} == {change.key for change in sent.changes}


async def test_what_is_sent_again_is_what_holds_now(tmp_path: Path) -> None:
    """A late repetition must not bring an older row back over a newer one."""
    table = _table(tmp_path)
    sent = _Moody("full")
    first, second = _writes(sent), _writes(sent)
    table.put(first, 0, "u", _row(1))
    table.put(second, 0, "u", _row(2))
    await second.confirmed()
    await first.confirmed()
    assert 2 == len(sent.changes)
    assert 1 == len({change.value for change in sent.changes})


async def test_a_refusal_is_told(tmp_path: Path) -> None:
    """A changelog that takes no record ends the worker, since what it remembers would be lost."""
    table = _table(tmp_path)
    writes = _writes(_Moody(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)))
    table.put(writes, 0, "u", _row(1))
    with pytest.raises(BrokerError, match=r"cannot write to state\.authors"):
        await writes.confirmed()
    with pytest.raises(BrokerError):
        await writes.confirmed()


async def test_nothing_to_confirm(tmp_path: Path) -> None:
    """A batch that changes nothing waits for nobody."""
    await _table(tmp_path).writes().confirmed()
