"""Sweeping: what has expired goes, what is too many goes, and what has cooled is told of."""

from pathlib import Path
from typing import Any, cast

import msgspec

from moderation.records import Comment, Source
from moderation.trolling import author, heat, rows
from moderation.trolling.author import Posted
from moderation.trolling.bands import Sighting
from moderation.trolling.campaigns import CampaignState, Member, Origin
from moderation.trolling.heat import HeatRecord
from moderation.trolling.rows import AuthorRow
from streams import metrics
from streams.state.sweep import Broom, Sweeper
from streams.state.tables import StateTable
from tests.streams.state.at_hand import AtHand

_NOW = 1_764_000_000.0
_ALL = frozenset({0, 1, 2, 3})


class _Swept(AtHand):
    """Tables in memory with what sweeps them."""

    def __init__(self, folder: Path, *, owned: frozenset[int] = _ALL, **changes: Any) -> None:
        super().__init__(folder, **changes)
        self.owned = owned
        self.fatal: list[Exception] = []
        self.sweeper: Sweeper = self.state.sweeper(
            owned=lambda: self.owned, on_fatal=self.fatal.append
        )

    async def sweep(self, name: str, now: float) -> None:
        """Go over a table."""
        (broom,) = (each for each in self.brooms() if each.table.name == name)
        await self.sweeper.sweep(broom, self.owned, now)

    def brooms(self) -> list[Broom[Any]]:
        """How each table is swept."""
        return self.sweeper._brooms

    async def author(self, name: str, at: float, partition: int = 0) -> None:
        """Let an author be heard of."""
        event = Posted(at=at, comment=1, thread=1)
        row = rows.posted(AuthorRow(), Source("comments", 0, 0), event)
        await put(self.state.authors.table, partition, name, row)

    async def said(self, number: int, at: float, toxicity: float) -> heat.HeatRecord | None:
        """A comment in the thread `a`."""
        threads = self.state.threads
        writes = threads.table.writes()
        comment = Comment(id=f"c{number}", article_id="a", author_id=f"u{number}", text="…")
        seen = threads.said(
            writes, comment, Source("comments", 2, number), at=at, toxicity=toxicity
        )
        await writes.confirmed()
        return seen.told


async def put(table: StateTable[Any], partition: int, key: str, row: Any) -> None:
    """Store a row."""
    writes = table.writes()
    table.put(writes, partition, key, row)
    await writes.confirmed()


def _counted(counter: Any, table: str) -> float:
    return cast(float, counter.labels(table)._value.get())


async def _names(table: StateTable[Any]) -> set[str]:
    return {key async for _, key, _ in table.walk(_ALL)}


async def test_authors_of_whom_nothing_is_heard_go(tmp_path: Path) -> None:
    """After 120 days nothing is kept of an author; the changelog hears of it too."""
    swept = _Swept(tmp_path)
    await swept.author("old", _NOW)
    await swept.author("new", _NOW + 60)
    before = _counted(metrics.state_expired, "authors")
    await swept.sweep("authors", _NOW + author.EXPIRES_AFTER + 1)
    assert {"new"} == await _names(swept.state.authors.table)
    assert 1 == _counted(metrics.state_expired, "authors") - before
    assert 1 == _counted(metrics.state_rows, "authors")
    last = swept.sent.changes[-1]
    assert ("state.authors", b"0/old", None, 0) == (
        last.topic,
        last.key,
        last.value,
        last.partition,
    )


async def test_too_many_lose_those_that_were_silent_for_longest(tmp_path: Path) -> None:
    """A pass finds who is too many, the next one drops them, and counts it."""
    swept = _Swept(tmp_path, state_authors=3)
    for number in range(10):
        await swept.author(f"u{number}", _NOW + number, partition=number % 4)
    before = _counted(metrics.state_evicted, "authors")
    await swept.sweep("authors", _NOW + 20)
    assert 10 == len(await _names(swept.state.authors.table))
    await swept.sweep("authors", _NOW + 20)
    assert {"u7", "u8", "u9"} == await _names(swept.state.authors.table)
    assert 7 == _counted(metrics.state_evicted, "authors") - before
    await swept.sweep("authors", _NOW + 20)
    assert 3 == len(await _names(swept.state.authors.table))


async def test_who_comes_back_between_two_passes_stays(tmp_path: Path) -> None:
    """An author who writes before his row would go keeps it, and nobody goes in his place."""
    swept = _Swept(tmp_path, state_authors=2)
    for number in range(4):
        await swept.author(f"u{number}", _NOW + number)
    await swept.sweep("authors", _NOW + 20)
    await swept.author("u0", _NOW + 21)
    await swept.sweep("authors", _NOW + 22)
    assert {"u0", "u2", "u3"} == await _names(swept.state.authors.table)


async def test_below_the_cap_nobody_goes(tmp_path: Path) -> None:
    """The bound is what the setting says, and not one less."""
    swept = _Swept(tmp_path, state_authors=4)
    for number in range(4):
        await swept.author(f"u{number}", _NOW + number)
    for _ in range(3):
        await swept.sweep("authors", _NOW + 20)
    assert 4 == len(await _names(swept.state.authors.table))


async def test_rows_of_others_stay(tmp_path: Path) -> None:
    """What another worker owns is neither dropped nor counted here."""
    swept = _Swept(tmp_path, owned=frozenset({1}))
    await swept.author("theirs", _NOW, partition=0)
    await swept.author("ours", _NOW, partition=1)
    await swept.sweep("authors", _NOW + author.EXPIRES_AFTER + 1)
    assert {"theirs"} == await _names(swept.state.authors.table)
    swept.state.disown(frozenset({1}))
    assert set() == await _names(swept.state.authors.table)


async def test_a_damaged_row_stops_no_pass(tmp_path: Path) -> None:
    """It is counted, and the others are swept."""
    swept = _Swept(tmp_path)
    await swept.author("old", _NOW)
    table: Any = swept.state.authors.table
    table._table.data.data[b"0/broken"] = b"\xff\xff"
    before = _counted(metrics.state_damaged, "authors")
    await swept.sweep("authors", _NOW + author.EXPIRES_AFTER + 1)
    assert 1 == _counted(metrics.state_damaged, "authors") - before
    assert set() == await _names(swept.state.authors.table)


async def test_bands_lose_what_is_older_than_the_window(tmp_path: Path) -> None:
    """A band keeps its young comments, and goes with the last one."""
    swept = _Swept(tmp_path)
    window = swept.settings.campaigns().window_seconds
    bands = swept.state.bands
    for item, band, at in (("c0", "0.1", 0.0), ("c1", "0.1", 100.0), ("c2", "0.2", 0.0)):
        writes = bands.table.writes()
        member = Member(f"{item}#0", 1, "a", _NOW + at)
        bands.seen(writes, 0, Sighting((band,), member, bytes(32)))
        await writes.confirmed()
    await swept.sweep("bands", _NOW + window + 1)
    left = bands.table.get(0, "0.1")
    assert left is not None
    assert ["c1#0"] == [each.member.item_id for each in left.residents]
    assert {"0.1"} == await _names(bands.table)


async def test_campaigns_go_when_they_are_over(tmp_path: Path) -> None:
    """Twice the window after the last copy; those that are too many go before."""
    swept = _Swept(tmp_path, state_campaigns=1)
    table, window = swept.state.campaigns.table, swept.settings.campaigns().window_seconds
    for number in range(3):
        at = _NOW + number
        state = CampaignState(Origin(at, f"c{number}#0"), at)
        await put(table, number, f"c{number}#0", state)
    await swept.sweep("campaigns", _NOW + 2 * window + 0.5)
    assert {"c1#0", "c2#0"} == await _names(table)
    await swept.sweep("campaigns", _NOW + 2 * window + 0.5)
    assert {"c2#0"} == await _names(table)


async def test_a_thread_that_cooled_is_told_of(tmp_path: Path) -> None:
    """A moderator's list of hot threads empties although nobody writes in them any more."""
    swept = _Swept(tmp_path)
    told = [await swept.said(n, _NOW + n, 0.95) for n in range(12)]
    records = [record for record in told if record is not None]
    assert "" != records[-1].tipped
    await swept.sweeper.cool(_ALL, _NOW + 12)
    assert 1 == metrics.threads_hot._value.get()
    assert [] == swept.sent.records
    later = _NOW + 12 * 3_600
    await swept.sweeper.cool(_ALL, later)
    assert 0 == metrics.threads_hot._value.get()
    (record,) = swept.sent.records
    assert ("threads.heat", b"a") == (record.topic, record.key)
    cooled = msgspec.json.decode(record.value or b"", type=HeatRecord)
    assert ("a", "", later) == (cooled.article_id, cooled.tipped, cooled.at)
    assert cooled.heat < heat.COOL_AT
    await swept.sweeper.cool(_ALL, later + 60)
    assert 1 == len(swept.sent.records)
    await swept.sweep("threads", later + heat.EXPIRES_AFTER)
    assert set() == await _names(swept.state.threads.table)


async def test_nothing_of_the_erased_is_left(tmp_path: Path) -> None:
    """An author who asks for it is gone from his row, from those of others and from threads."""
    swept = _Swept(tmp_path)
    authors, threads = swept.state.authors, swept.state.threads
    await swept.author("gone", _NOW)
    await swept.author("stays", _NOW)
    await swept.said(0, _NOW, 0.1)
    number = authors.number("gone")
    row = authors.table.get(0, "stays")
    assert row is not None
    accused = author.applied(row.state, author.Accused(at=_NOW, accuser=number))
    await put(authors.table, 0, "stays", msgspec.structs.replace(row, state=accused))
    writes = authors.table.writes()
    await authors.forget(writes, 0, "gone")
    await threads.forget(writes, 2, "u0")
    await writes.confirmed()
    assert {"stays"} == await _names(authors.table)
    left = authors.table.get(0, "stays")
    assert left is not None
    assert () == left.state.accusers
    thread = threads.table.get(2, "a")
    assert thread is not None
    assert ((), {0}) == (thread.writers, {each.author for each in thread.state.recent})
