"""The tables by which campaigns are found: who met under which band, and who belongs together."""

import zlib
from collections.abc import Iterable, Iterator

import msgspec

from moderation.trolling import bands, campaigns
from moderation.trolling.bands import BandState, Sighting
from moderation.trolling.campaigns import (
    CampaignRecord,
    CampaignSettings,
    CampaignState,
    Match,
    Outcome,
)
from streams import metrics
from streams.state.tables import StateTable, Writes


class Bands:
    """Reads and changes the rows of bands."""

    def __init__(self, table: StateTable[BandState], settings: CampaignSettings) -> None:
        self.table = table
        self.settings = settings

    def seen(self, writes: Writes, partition: int, sighting: Sighting) -> list[Match]:
        """Take in a comment; whom it meets."""
        matches: list[Match] = []
        for band in sighting.bands:
            state = self.table.get(partition, band)
            met = bands.applied(state, sighting, sighting.member.at, self.settings)
            self.table.put(writes, partition, band, met.state)
            metrics.state_evicted.labels(self.table.name).inc(met.evicted)
            matches += (match for match in met.matches if match not in matches)
        return matches

    async def forget(self, writes: Writes, partition: int, number: int) -> None:
        """Erase an author's comments."""

        def without(state: BandState) -> BandState | None:
            left = bands.forgotten(state, number)
            return left if left.residents else None

        await self.table.rewrite(writes, partition, without)


class Campaigns:
    """Reads and changes the rows of campaigns."""

    def __init__(self, table: StateTable[CampaignState], settings: CampaignSettings) -> None:
        self.table = table
        self.settings = settings

    def get(self, partition: int, campaign_id: str) -> CampaignState | None:
        """A campaign's state, if there is one."""
        return self.table.get(partition, campaign_id)

    def put(self, writes: Writes, partition: int, campaign_id: str, state: CampaignState) -> None:
        """Store a campaign's state."""
        self.table.put(writes, partition, campaign_id, state)

    def matched(self, state: CampaignState | None, match: Match) -> Outcome:
        """What becomes of a campaign's state by a match."""
        return campaigns.applied(state, match, self.settings)

    async def without(self, partition: int, number: int) -> list[CampaignRecord]:
        """What is to be told of the partition's campaigns when an author is erased from them."""
        records = (
            campaigns.retold(state, campaigns.forgotten(state, number), self.settings)
            async for _, _, state in self.table.walk({partition})
        )
        return [record async for record in records if record is not None]

    async def forget(self, writes: Writes, partition: int, number: int) -> None:
        """Erase an author's comments and texts."""
        await self.table.rewrite(
            writes, partition, lambda state: campaigns.forgotten(state, number)
        )


def spread(sighted: Iterable[Sighting], partitions: int) -> Iterator[tuple[int, list[Sighting]]]:
    """For each partition the sightings that it holds bands of, each with just those."""
    by_partition: dict[int, list[Sighting]] = {}
    for sighting in sighted:
        bands: dict[int, list[str]] = {}
        for band in sighting.bands:
            bands.setdefault(zlib.crc32(band.encode()) % partitions, []).append(band)
        for partition, found in bands.items():
            part = msgspec.structs.replace(sighting, bands=tuple(found))
            by_partition.setdefault(partition, []).append(part)
    yield from sorted(by_partition.items())
