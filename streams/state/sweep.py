"""Going over the tables by and by: what has expired goes, and what is too many.

A table that holds more rows than its cap loses those that were not heard of for longest: each
pass finds the age at which there are as many younger ones as the cap allows, and the next one drops
what is older. No index is kept in memory for it, so a table may exceed its cap for a pass.
"""

import time
from collections.abc import Callable
from typing import Any, Final, Generic, NamedTuple

import structlog
from mode import Service

from moderation.errors import BrokerError
from moderation.trolling import author, bands, campaigns, heat
from moderation.trolling.bands import BandState
from moderation.trolling.campaigns import CampaignSettings, CampaignState
from moderation.trolling.rows import AuthorRow, ThreadRow
from streams import metrics
from streams.outbox import Outbox, Outgoing
from streams.state.tables import Row, StateTable, Writes
from streams.state.threads import ThreadRows

log = structlog.get_logger(__name__)

_PAUSE_SECONDS: Final = 60.0
"""Between two passes over the tables."""
_REST_SECONDS: Final = 0.1
"""During a pass, after each few milliseconds of it: it takes at most a twentieth of the time."""
_ROWS_AT_ONCE: Final = 500
"""Changes that are confirmed together."""


class Kept(NamedTuple, Generic[Row]):
    """What becomes of a row."""

    seen_at: float
    """When it was heard of last."""
    row: Row | None
    """None: it goes."""


class Broom(NamedTuple, Generic[Row]):
    """How one table is swept."""

    table: StateTable[Row]
    keep: Callable[[Row, float], Kept[Row]]
    """What becomes of a row at a time."""
    cap: int
    """Most rows; 0: the table cannot grow beyond its keys."""


def authors(table: StateTable[AuthorRow], cap: int) -> Broom[AuthorRow]:
    """Authors go when nothing was heard of them for long."""

    def keep(row: AuthorRow, now: float) -> Kept[AuthorRow]:
        return Kept(row.state.seen_at, None if author.expired(row.state, now) else row)

    return Broom(table, keep, cap)


def threads(table: StateTable[ThreadRow], cap: int) -> Broom[ThreadRow]:
    """Threads go when nothing was said in them for long."""

    def keep(row: ThreadRow, now: float) -> Kept[ThreadRow]:
        return Kept(row.state.seen_at, None if heat.expired(row.state, now) else row)

    return Broom(table, keep, cap)


def band_rows(table: StateTable[BandState], settings: CampaignSettings) -> Broom[BandState]:
    """Bands lose comments that are older than the window."""

    def keep(row: BandState, now: float) -> Kept[BandState]:
        left = bands.expired(row, now, settings)
        return Kept(now, left if left.residents else None)

    return Broom(table, keep, 0)


def campaign_rows(
    table: StateTable[CampaignState], settings: CampaignSettings, cap: int
) -> Broom[CampaignState]:
    """Campaigns go when they are over."""

    def keep(row: CampaignState, now: float) -> Kept[CampaignState]:
        return Kept(row.last_seen, None if campaigns.is_over(row, now, settings) else row)

    return Broom(table, keep, cap)


class Sweeper(Service):
    """Sweeps the tables in turn, for as long as the worker runs."""

    mundane_level = "debug"

    def __init__(
        self,
        brooms: list[Broom[Any]],
        heats: ThreadRows,
        *,
        heat_topic: str,
        owned: Callable[[], frozenset[int]],
        outbox: Outbox,
        on_fatal: Callable[[Exception], None],
    ) -> None:
        super().__init__()
        self._brooms = brooms
        self._heats = heats
        self._heat_topic = heat_topic
        self._owned = owned
        self._outbox = outbox
        self._on_fatal = on_fatal
        self._oldest: dict[str, float] = {}
        """By table, the time before which rows are too many."""

    @Service.task
    async def _run(self) -> None:
        try:
            while not self.should_stop:
                await self.sleep(_PAUSE_SECONDS)
                owned = self._owned()
                if owned and not self.should_stop:
                    for broom in self._brooms:
                        await self.sweep(broom, owned, time.time())
                    await self.cool(owned, time.time())
        except Exception as error:  # noqa: BLE001 - whatever it is, the process must end
            self._on_fatal(error)

    async def sweep(self, broom: Broom[Any], owned: frozenset[int], now: float) -> None:
        """Go over a table once."""
        table = broom.table
        oldest = self._oldest.pop(table.name, 0.0)
        seen: list[float] = []
        expired = evicted = 0
        writes, made = table.writes(), 0
        async for partition, key, row in table.walk(owned, rest=_REST_SECONDS):
            kept = broom.keep(row, now)
            if kept.row is None:
                expired += 1
            elif kept.seen_at < oldest:
                evicted += 1
                kept = Kept(kept.seen_at, None)
            else:
                seen.append(kept.seen_at)
            if kept.row is not row:
                table.put(writes, partition, key, kept.row)
                made += 1
            if made >= _ROWS_AT_ONCE:
                await writes.confirmed()
                writes, made = table.writes(), 0
                if self._owned() != owned:
                    return
        await writes.confirmed()
        if broom.cap and len(seen) > broom.cap:
            self._oldest[table.name] = sorted(seen)[len(seen) - broom.cap]
        metrics.state_rows.labels(table.name).set(len(seen))
        metrics.state_expired.labels(table.name).inc(expired)
        metrics.state_evicted.labels(table.name).inc(evicted)
        if expired or evicted:
            log.info(
                "state swept", table=table.name, rows=len(seen), expired=expired, evicted=evicted
            )

    async def cool(self, owned: frozenset[int], now: float) -> None:
        """Tell of threads that have cooled down with nobody writing, and count the hot ones."""
        table = self._heats.table
        writes: Writes = table.writes()
        told: list[Outgoing] = []
        hot = 0
        async for partition, article_id, row in table.walk(owned, rest=_REST_SECONDS):
            hot += self._heats.score(row, now) >= heat.HOT_AT
            record = self._heats.cooled(writes, partition, article_id, row, now)
            if record is not None:
                told.append(
                    Outgoing(self._heat_topic, article_id.encode(), heat.encode_record(record))
                )
        await writes.confirmed()
        refused: dict[int, BrokerError] = await self._outbox.publish(told) if told else {}
        if refused:
            raise next(iter(refused.values()))
        metrics.threads_hot.set(hot)


def owned_partitions(assignment: Any, topic: str) -> frozenset[int]:
    """Which partitions of a topic are ours."""
    return frozenset(tp.partition for tp in assignment if tp.topic == topic)
