"""Changes of state and their changelog records, without a broker."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from moderation.trolling.bands import BandState, Resident
from moderation.trolling.rows import Codec
from streams.outbox import Delivery, Outgoing
from streams.settings import Settings
from streams.state.tables import StateTable, Writes
from streams.topics import Topics
from streams.worker import make_app

_CODEC = Codec(BandState, "a band")
_KEY = b"1/k"


class Broker:
    """Takes records and confirms them; `refuses` so many first, as a full queue does."""

    def __init__(self, refuses: int = 0) -> None:
        self.records: list[Outgoing] = []
        self._refuses = refuses

    def hand_over(self, record: Outgoing, delivery: Delivery, index: int) -> bool:
        """Take a record and confirm it."""
        if self._refuses:
            self._refuses -= 1
            return False
        self.records.append(record)
        delivery.expect()
        delivery.report(index, None)
        return True

    async def offer(self, record: Outgoing, delivery: Delivery, index: int) -> None:
        """Take it as soon as there is room."""
        self._refuses = 0
        assert self.hand_over(record, delivery, index)

    def values(self) -> list[BandState | None]:
        """What the records of the row say."""
        return [
            None if record.value is None else _CODEC.decode(record.value)
            for record in self.records
            if record.key == _KEY
        ]


class Bench:
    """A table on a broker."""

    def __init__(self, folder: Path, store: str, broker: Broker) -> None:
        settings = Settings(state_store="memory", data_dir=str(folder))
        if store == "rocksdb":
            settings = Settings(state_store="rocksdb", data_dir=str(folder))
        self.broker = broker
        outbox: Any = broker
        self.table = StateTable(make_app(settings), "bands", _CODEC, topics=Topics(), outbox=outbox)

    def put(self, writes: Writes, row: BandState | None) -> None:
        """Change the row."""
        self.table.put(writes, 1, "k", row)


def row(number: int) -> BandState:
    """A row that is told from others."""
    return BandState((Resident(float(number), b"\0c", number, b"\0a", b""),))


STORES = pytest.mark.parametrize("store", ["memory", "rocksdb"])


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a test's steps, with a limit."""
    asyncio.run(asyncio.wait_for(coroutine, 30))


@STORES
def test_a_row_that_changes_often_is_sent_once(tmp_path: Path, store: str) -> None:
    """A hot thread changes its row with every comment; its changelog grows by the batch."""

    async def steps() -> None:
        bench = Bench(tmp_path, store, Broker())
        writes = bench.table.writes()
        for number in range(20):
            bench.put(writes, row(number))
        await writes.confirmed()
        assert [row(19)] == bench.broker.values() == [bench.table.get(1, "k")]

    run(steps())


def test_changes_go_out_before_anybody_confirms(tmp_path: Path) -> None:
    """State that waits in the worker is lost with it, so it waits for nothing."""

    async def steps() -> None:
        bench = Bench(tmp_path, "memory", Broker())
        writes = bench.table.writes()
        bench.put(writes, row(1))
        await asyncio.sleep(0)
        assert [row(1)] == bench.broker.values()
        bench.put(writes, row(2))
        await writes.confirmed()
        assert [row(1), row(2)] == bench.broker.values()

    run(steps())


@STORES
@pytest.mark.parametrize("last", [row(3), None])
def test_the_last_record_is_the_last_value(
    tmp_path: Path, store: str, last: BandState | None
) -> None:
    """Two writers change one row: restored, it is what the later one made of it.

    Also where the producer's queue was full and the earlier one's record comes late.
    """

    async def steps() -> None:
        bench = Bench(tmp_path, store, Broker(refuses=1))
        early, late = bench.table.writes(), bench.table.writes()
        bench.put(early, row(1))
        await asyncio.sleep(0)
        bench.put(late, row(2))
        bench.put(late, last)
        await late.confirmed()
        await early.confirmed()
        assert last == bench.broker.values()[-1]
        assert last == bench.table.get(1, "k")

    run(steps())


def test_a_row_of_another_worker_is_not_deleted(tmp_path: Path) -> None:
    """A partition that has gone leaves no tombstones behind, which its new owner would restore."""

    async def steps() -> None:
        bench = Bench(tmp_path, "memory", Broker())
        writes = bench.table.writes()
        bench.put(writes, row(1))
        bench.table.disown(set())
        await writes.confirmed()
        assert [] == bench.broker.values()

    run(steps())
