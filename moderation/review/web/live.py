"""News for open pages: one look at the store a second, however many look on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from sqlalchemy import func, literal_column, select
from starlette.concurrency import run_in_threadpool

from moderation.errors import StoreError
from moderation.review import queue
from moderation.review.models import Decision, Item, ItemVersion
from moderation.review.rules import Person
from moderation.review.store import Store

_BEAT: Final = 15.0
"""Seconds of silence after which a line is sent, so that a dead connection is noticed."""
_LONGEST: Final = 600.0
"""Seconds; browsers connect again, and whoever is signed out by then is not let in."""
_MOST: Final = 10_000


class News(msgspec.Struct, frozen=True):
    """What open pages are told; they ask for what they show when it differs."""

    waiting: int
    newest: int
    """Grows when an item comes in."""
    decided: int
    """Grows when something is decided."""
    held: int
    """Items that somebody has claimed; falls when they are given up, or a lease ends."""
    changed: float
    """Grows when the words or scores of an item change."""


class Hub:
    """Who looks on, and what they are told. For one event loop."""

    def __init__(self, store: Store, *, every: float, grace: float) -> None:
        self._store = store
        self._every = every
        self._grace = grace
        self._streams: dict[asyncio.Queue[News | None], str] = {}
        self._last: News | None = None
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    async def stream(self, name: str) -> AsyncIterator[bytes]:
        """Server-sent events for one page of a person, until the console closes."""
        self._loop = asyncio.get_running_loop()
        if self._closed:
            return
        box: asyncio.Queue[News | None] = asyncio.Queue()
        self._streams[box] = name
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        elif self._last is not None:
            box.put_nowait(self._last)
        deadline = self._loop.time() + _LONGEST
        try:
            yield b"retry: 2000\n\n"
            while self._loop.time() < deadline:
                try:
                    news = await asyncio.wait_for(box.get(), _BEAT)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if news is None:
                    return
                yield b"event: news\ndata: " + msgspec.json.encode(news) + b"\n\n"
        finally:
            del self._streams[box]

    async def left(self, person: Person, comment_ids: list[str]) -> None:
        """Give claims up when a person has left, and opens no other page within the grace."""
        await asyncio.sleep(self._grace)
        if person.name not in self._streams.values():
            await run_in_threadpool(queue.release, self._store, person, comment_ids)

    def close(self) -> None:
        """End all streams; from any thread."""
        self._closed = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, None)

    def _tell(self, news: News | None) -> None:
        for box in self._streams:
            box.put_nowait(news)

    async def _watch(self) -> None:
        # Whoever opens the first page gets its news afresh.
        self._last = None
        while self._streams and not self._closed:
            try:
                news: News | None = await run_in_threadpool(self._look)
            except StoreError:
                # Pages stay as they are; whoever acts is told.
                news = self._last
            if news is not None and news != self._last:
                self._last = news
                self._tell(news)
            await asyncio.sleep(self._every)

    def _look(self) -> News:
        opened = select(Item.pk).where(Item.state == literal_column("'open'")).limit(_MOST)
        held = select(func.count()).where(
            Item.claimed_by != literal_column("''"), Item.claimed_until >= self._store.now()
        )
        with self._store.reading() as session:
            return News(
                session.scalar(select(func.count()).select_from(opened.subquery())) or 0,
                session.scalar(select(func.max(Item.pk))) or 0,
                session.scalar(select(func.max(Decision.pk))) or 0,
                session.scalar(held) or 0,
                session.scalar(select(func.max(ItemVersion.at))) or 0.0,
            )
