"""Tables of state: what is to be erased is erased in the changelog first."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from moderation.errors import BrokerError
from moderation.trolling.rows import Codec
from streams.broker import EmbeddedBroker
from streams.outbox import Outbox, Outgoing
from streams.settings import Settings
from streams.state.tables import StateTable
from streams.topics import Topics
from streams.worker import make_app
from tests.pipeline import Pipeline


class _Dying(Outbox):
    """Stops for good before it has sent anything, as a killed process does."""

    async def publish(self, records: Any) -> dict[int, BrokerError]:
        raise BrokerError(f"killed before {len(records)} records were sent")


def _table(settings: Settings, folder: Path, outbox: Outbox) -> StateTable[str]:
    app = make_app(Settings(brokers=settings.brokers, state_store="memory", data_dir=str(folder)))
    return StateTable(app, "authors", Codec(str, "a word"), topics=Topics(), outbox=outbox)


def _shorter(word: str) -> str | None:
    """One of each kind: stays, changes, goes."""
    return {"stays": "stays", "changes": "changed"}.get(word)


def _stored(pipeline: Pipeline) -> dict[bytes, bytes | None]:
    return {r.key: r.value for r in pipeline.read(pipeline.topics.state("authors"))}


def _fill(table: StateTable[str]) -> Any:
    writes = table.writes()
    for partition in (0, 1):
        for word in ("stays", "changes", "goes"):
            table.put(writes, partition, word, word)
    return writes


def _words(table: StateTable[str]) -> dict[tuple[int, str], str | None]:
    return {(p, word): table.get(p, word) for p in (0, 1) for word in ("stays", "changes", "goes")}


def test_rewritten(embedded: Pipeline) -> None:
    """Rows of the one partition change or go, in table and changelog; others are not sent again."""

    async def scene() -> StateTable[str]:
        outbox = Outbox(embedded.settings)
        table = _table(embedded.settings, embedded.folder, outbox)
        await _fill(table).confirmed()
        writes = table.writes()
        await table.rewrite(writes, 1, _shorter)
        await table.erase(writes, 0, "goes")
        await writes.confirmed()
        outbox.close()
        return table

    table = asyncio.run(scene())
    words = _words(table)
    assert [(0, "goes"), (1, "goes")] == [place for place, word in words.items() if word is None]
    assert ("changes", "changed") == (words[0, "changes"], words[1, "changes"])
    log = _stored(embedded)
    assert {b"0/goes": None, b"1/goes": None} == {k: v for k, v in log.items() if v is None}
    assert 1 == [r.key for r in embedded.read(table.changelog)].count(b"1/stays")
    assert log[b"1/changes"] != log[b"0/changes"]


def test_changelog_knows_first(tmp_path: Path) -> None:
    """Who dies before the changelog has it leaves the row: the message comes again and finds it.

    A store on disk that had forgotten already would not be asked again, and the row would come
    back from the changelog on another worker.
    """

    async def scene(settings: Settings) -> dict[Any, Any]:
        outbox = _Dying(settings)
        table = _table(settings, tmp_path, outbox)
        await _fill(table).confirmed()
        writes = table.writes()
        with pytest.raises(BrokerError):
            await table.erase(writes, 0, "goes")
        with pytest.raises(BrokerError):
            await table.rewrite(writes, 1, _shorter)
        outbox.close()
        return _words(table)

    with EmbeddedBroker() as broker:
        words = asyncio.run(scene(Settings(brokers=broker.address)))
    assert all(word == name for (_, name), word in words.items())


def test_changed_meanwhile(embedded: Pipeline) -> None:
    """A row that grows while it is being erased from keeps what it got, and is erased from."""

    async def scene() -> str | None:
        class Slow(Outbox):
            async def publish(self, records: Any) -> dict[int, BrokerError]:
                sent: list[Outgoing] = list(records)
                if table.get(0, "row") != "his,others,new":
                    table.put(writes, 0, "row", "his,others,new")
                return await super().publish(sent)

        outbox = Slow(embedded.settings)
        table = _table(embedded.settings, embedded.folder, outbox)
        writes = table.writes()
        table.put(writes, 0, "row", "his,others")
        await table.rewrite(writes, 0, lambda row: row.removeprefix("his,"))
        await writes.confirmed()
        outbox.close()
        return table.get(0, "row")

    assert "others,new" == asyncio.run(scene())
