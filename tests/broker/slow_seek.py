"""`trollbridge` with a Faust that takes two seconds until it stands at the committed offsets."""

import asyncio
from typing import Any

from faust.transport.drivers.aiokafka import Consumer

from streams.cli import main

_seek = Consumer.seek_to_committed


async def _seek_slowly(self: Any) -> Any:
    found = await _seek(self)
    await asyncio.sleep(2)
    return found


if __name__ == "__main__":
    Consumer.seek_to_committed = _seek_slowly  # type: ignore[method-assign]
    main()
