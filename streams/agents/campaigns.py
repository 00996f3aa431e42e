"""`campaigns`: groups of alike comments grow, become campaigns, and are told of."""

import asyncio
from collections.abc import Sequence

from faust.types import Message

from moderation.trolling import messages
from moderation.trolling.campaigns import CampaignRecord, CampaignState, Match, encode_record
from moderation.trolling.messages import Forgotten, Matched, encode
from streams import metrics
from streams.outbox import Outbox, Outgoing
from streams.stage import Result
from streams.state.authors import Authors
from streams.state.campaigns import Campaigns
from streams.state.tables import Writes
from streams.topics import Topics


class CampaignsHandler:
    """From `trolling.matches` to the table of campaigns, and `campaigns`."""

    def __init__(
        self, campaigns: Campaigns, authors: Authors, *, topics: Topics, outbox: Outbox
    ) -> None:
        self._campaigns = campaigns
        self._authors = authors
        self._topics = topics
        self._outbox = outbox

    def open(self, message: Message) -> Matched | Forgotten:
        """Decode a message; RecordError makes it a dead letter."""
        opened: Matched | Forgotten = messages.matches(message.value)
        return opened

    def awaits(self, _: Matched | Forgotten) -> asyncio.Future[None] | None:
        """Nothing to wait for."""
        return None

    async def handle(self, batch: Sequence[tuple[Message, Matched | Forgotten]]) -> list[Result]:
        """Change the campaigns' rows, in the order of the messages; tell others of them."""
        writes = self._campaigns.table.writes()
        matches: list[tuple[int, Match]] = []
        for message, opened in batch:
            if isinstance(opened, Matched):
                matches.append((message.partition, opened.match))
                continue
            await self._grow(writes, matches)
            matches = []
            await self._forget(writes, message.partition, opened.author_id)
        await self._grow(writes, matches)
        return [Result([], stored=writes) for _ in batch]

    async def _grow(self, writes: Writes, matches: Sequence[tuple[int, Match]]) -> None:
        """Send what follows from the matches, and only then store what they change.

        Stored first, a match that is read again after a crash would change nothing and say nothing.
        """
        changed: dict[tuple[int, str], CampaignState] = {}
        outgoing: list[Outgoing] = []
        records: list[CampaignRecord] = []
        for partition, match in matches:
            place = partition, match.key
            state = changed[place] if place in changed else self._campaigns.get(*place)
            outcome = self._campaigns.matched(state, match)
            changed[place] = outcome.state
            if outcome.match is not None:
                outgoing.append(self._sent_on(outcome.match))
            if outcome.record is not None:
                records.append(outcome.record)
        outgoing += (self._told(record) for record in records)
        await self._publish(outgoing)
        for (partition, campaign_id), state in changed.items():
            self._campaigns.put(writes, partition, campaign_id, state)
        for record in records:
            _count(record)

    async def _forget(self, writes: Writes, partition: int, author_id: str) -> None:
        """Erase an author, and tell anew of his campaigns: others hold a text that may be his."""
        number = self._authors.number(author_id)
        records = await self._campaigns.without(partition, number)
        await self._publish([self._told(record) for record in records])
        await self._campaigns.forget(writes, partition, number)

    async def _publish(self, outgoing: Sequence[Outgoing]) -> None:
        refused = await self._outbox.publish(outgoing) if outgoing else {}
        for error in refused.values():
            raise error

    def _told(self, record: CampaignRecord) -> Outgoing:
        return Outgoing(self._topics.campaigns, record.id.encode(), encode_record(record))

    def _sent_on(self, match: Match) -> Outgoing:
        return Outgoing(self._topics.matches, match.key.encode(), encode(Matched(match)))


def _count(record: CampaignRecord) -> None:
    if record.merged_into:
        return
    metrics.campaigns.inc(len(record.joined) == record.comments)
    metrics.campaign_comments.inc(len(record.joined))
