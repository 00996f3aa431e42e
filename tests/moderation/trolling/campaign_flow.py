"""The flow of `moderation.trolling.campaigns` in memory: what topics and tables do in a worker."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from moderation.trolling import bands, campaigns
from moderation.trolling.bands import BandState, Sighting, sighting
from moderation.trolling.campaigns import (
    Campaign,
    CampaignRecord,
    CampaignSettings,
    CampaignState,
    Match,
    Member,
)
from moderation.trolling.minhash import signature

_pack = msgspec.msgpack.encode


class Flow:
    """Comments in, campaigns out.

    With `chance` the records of all keys are handled in a random order, and some of them twice, as
    after a crash; of a key whose records must stay in order there is none here.
    """

    def __init__(
        self, settings: CampaignSettings | None = None, *, chance: random.Random | None = None
    ) -> None:
        self.settings = settings or CampaignSettings()
        self.records: list[CampaignRecord] = []
        self.bands: dict[str, bytes] = {}
        self.groups: dict[str, bytes] = {}
        self.evicted = 0
        self.hops = 0
        self._chance = chance
        self._waiting: list[tuple[str, Sighting | Match]] = []

    def post(self, member: Member, text: str, sources: Iterable[str] = ()) -> bool:
        """Send a comment; False when it says too little to be compared."""
        signed = signature(text, sources)
        if signed is None:
            return False
        seen = sighting(member, signed, text)
        self._waiting += [(band, seen) for band in seen.bands]
        if self._chance is None:
            self.run()
        return True

    def run(self) -> None:
        """Handle what is under way until nothing is left."""
        while self._waiting:
            place = self._chance.randrange(len(self._waiting)) if self._chance else 0
            again = self._chance is not None and self._chance.random() < 0.2
            key, record = self._waiting[place] if again else self._waiting.pop(place)
            if isinstance(record, Sighting):
                self._see(key, record)
            else:
                self._match(record)

    def _see(self, band: str, record: Sighting) -> None:
        stored = self.bands.get(band)
        state = msgspec.msgpack.decode(stored, type=BandState) if stored else None
        met = bands.applied(state, record, record.member.at, self.settings)
        self._waiting += [(match.key, match) for match in met.matches]
        self.evicted += met.evicted
        self.bands[band] = _pack(met.state)

    def _match(self, match: Match) -> None:
        self.hops += 1
        outcome = campaigns.applied(self.state(match.key), match, self.settings)
        if outcome.match is not None:
            self._waiting.append((outcome.match.key, outcome.match))
        if outcome.record is not None:
            self.records.append(outcome.record)
        self.groups[match.key] = _pack(outcome.state)

    def state(self, key: str) -> CampaignState | None:
        """What is stored under a campaign id."""
        stored = self.groups.get(key)
        return msgspec.msgpack.decode(stored, type=CampaignState) if stored else None

    def found(self) -> dict[str, Campaign]:
        """Every group by its id, be it a campaign or too small for one."""
        states = {key: self.state(key) for key in self.groups}
        return {
            key: state.campaign
            for key, state in states.items()
            if state is not None and state.campaign is not None and state.head.item_id == key
        }

    def campaigns(self) -> dict[str, Campaign]:
        """Those that are large enough."""
        return {k: each for k, each in self.found().items() if each.is_campaign(self.settings)}

    def labels(self) -> dict[str, str]:
        """The campaign id of each comment that has one, as a reader of `campaigns` knows them."""
        return labelled(self.records)


def labelled(records: Iterable[CampaignRecord]) -> dict[str, str]:
    """Campaign ids by item id, merged ones followed to the surviving one."""
    moved: dict[str, str] = {}
    labels: dict[str, set[str]] = defaultdict(set)
    for record in records:
        if record.merged_into:
            moved[record.id] = record.merged_into
        for item_id in record.joined:
            labels[item_id].add(record.id)
    return {
        item_id: _one({_last(moved, name) for name in names}) for item_id, names in labels.items()
    }


def _last(moved: Mapping[str, str], name: str) -> str:
    while name in moved:
        name = moved[name]
    return name


def _one(names: set[str]) -> str:
    assert len(names) == 1, f"a comment in several campaigns: {names}"
    return names.pop()
