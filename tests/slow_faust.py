"""A Faust that takes its time, so that a test can choose the moment of a fault.

What takes how long is in the environment, since it is a process of its own that is slowed down.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from faust.app.base import App
from faust.transport.drivers.aiokafka import Consumer

_seek = Consumer.seek_to_committed
_getmany = Consumer.getmany
_assigned = App._on_partitions_assigned


def slow_down() -> None:
    """Slow down the Faust of this process."""
    faust: Any
    for faust, name, slow in (
        (Consumer, "seek_to_committed", _seek_slowly),
        (Consumer, "getmany", _wait_long),
        (App, "_on_partitions_assigned", _assign_slowly),
    ):
        setattr(faust, name, slow)


async def _seek_slowly(self: Any) -> Any:
    """Let it take a while until it knows that it stands at the committed offsets."""
    found = await _seek(self)
    await asyncio.sleep(float(os.environ.get("SEEK_SECONDS", "0")))
    return found


def _wait_long(self: Any, timeout: float) -> AsyncIterator[Any]:
    """Have it wait for records already when a rebalance begins."""
    return _getmany(self, timeout=max(timeout, float(os.environ.get("FETCH_SECONDS", "0"))))


async def _assign_slowly(self: Any, *given: Any, **named: Any) -> None:
    """Let it take a while until it knows which partitions it has, and tell of it."""
    if folder := os.environ.get("REBALANCES"):
        _tell(Path(folder))
        await asyncio.sleep(float(os.environ["REBALANCE_SECONDS"]))
    await _assigned(self, *given, **named)


def _tell(rebalances: Path) -> None:
    (rebalances / f"{os.getpid()}-{len(list(rebalances.iterdir()))}").touch()
