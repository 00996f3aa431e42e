"""A worker to whom it takes a while until Faust hears that it stands at the committed offsets."""

import asyncio
from typing import Any

from faust.transport.drivers.aiokafka import Consumer

from streams.cli import main

_seek = Consumer.seek_to_committed


async def _seek_and_wait(self: Any) -> Any:
    found = await _seek(self)
    await asyncio.sleep(1)
    return found


if __name__ == "__main__":
    setattr(Consumer, "seek_to_committed", _seek_and_wait)  # noqa: B010 - mypy
    main()
