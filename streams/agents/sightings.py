"""`sightings`: under each band of its signature a comment meets those that are like it."""

import asyncio
from collections.abc import Sequence

from faust.types import Message

from moderation.trolling import messages
from moderation.trolling.messages import Forgotten, Matched, Sighted, encode
from streams.outbox import Outgoing
from streams.stage import Result
from streams.state.authors import Authors
from streams.state.campaigns import Bands
from streams.topics import Topics


class SightingsHandler:
    """From `trolling.sightings` to the table of bands, and on to `trolling.matches`."""

    def __init__(self, bands: Bands, authors: Authors, *, topics: Topics) -> None:
        self._bands = bands
        self._authors = authors
        self._topics = topics

    def open(self, message: Message) -> Sighted | Forgotten:
        """Decode a message; RecordError makes it a dead letter."""
        opened: Sighted | Forgotten = messages.sightings(message.value)
        return opened

    def awaits(self, _: Sighted | Forgotten) -> asyncio.Future[None] | None:
        """Nothing to wait for."""
        return None

    async def handle(self, batch: Sequence[tuple[Message, Sighted | Forgotten]]) -> list[Result]:
        """Change the bands' rows; tell the campaigns who met."""
        writes = self._bands.table.writes()
        results = []
        for message, opened in batch:
            outgoing: list[Outgoing] = []
            if isinstance(opened, Forgotten):
                number = self._authors.number(opened.author_id)
                await self._bands.forget(writes, message.partition, number)
            else:
                outgoing += (
                    Outgoing(self._topics.matches, match.key.encode(), encode(Matched(match)))
                    for sighting in opened.sightings
                    for match in self._bands.seen(writes, message.partition, sighting)
                )
            results.append(Result(outgoing, stored=writes))
        return results
