"""Which comments met under one band key within the window, and which of them are alike."""

from collections.abc import Iterable

import msgspec

from moderation.trolling.campaigns import (
    LONGEST_TEXT,
    CampaignSettings,
    Match,
    Member,
    Origin,
    campaign_of,
)
from moderation.trolling.minhash import Signature, similarity
from moderation.trolling.short_ids import packed, unpacked


class Sighting(msgspec.Struct, frozen=True):
    """A comment on its way to its bands."""

    bands: tuple[str, ...]
    """The keys of the states that it is for. Those of one partition may share a record."""
    member: Member
    sketch: bytes
    text: str = ""
    """Its beginning, should it turn out to be part of a campaign; no band keeps it."""


def sighting(member: Member, signed: Signature, text: str) -> Sighting:
    """What is sent of a signed comment, for all of its bands."""
    return Sighting(signed.bands, member, signed.sketch, text[:LONGEST_TEXT])


class Resident(msgspec.Struct, frozen=True, array_like=True):
    """A comment that a band remembers."""

    at: float
    item: bytes
    """Its item id, packed."""
    author: int
    article: bytes
    """Its article's id, packed."""
    sketch: bytes
    origin: Origin | None = None
    """The earliest of those under this key that it belongs with; None while it is alone."""

    @property
    def member(self) -> Member:
        """The comment as campaigns know it."""
        return Member(unpacked(self.item), self.author, unpacked(self.article), self.at)

    @property
    def group(self) -> Origin:
        """What tells its group from others under this key."""
        return self.origin or Origin(self.at, unpacked(self.item))


def _resident(sighting: Sighting) -> Resident:
    member = sighting.member
    return Resident(
        member.at,
        packed(member.item_id),
        member.author,
        packed(member.article_id),
        sighting.sketch,
    )


class BandState(msgspec.Struct, frozen=True, array_like=True):
    """What is stored under a band key: at most `kept_in_band` comments, the latest, in order.

    In MessagePack a comment takes about 55 bytes and its two ids, in each of its bands; an id that
    is a UUID takes 17. To be kept packed: as Python objects it would take ten times as much.
    """

    residents: tuple[Resident, ...] = ()


class Met(msgspec.Struct, frozen=True):
    """What follows from a sighting."""

    state: BandState
    matches: list[Match]
    """One for each group that the comment is found to belong with."""
    evicted: int
    """Comments dropped for want of room."""


def applied(
    state: BandState | None, sighting: Sighting, now: float, settings: CampaignSettings
) -> Met:
    """Take a sighting to the state under one of its band keys.

    A comment that is known already changes nothing; its matches are given again.
    """
    present = expired(state or BandState(), now, settings).residents
    mine = _resident(sighting)
    known = next((each for each in present if each.item == mine.item), None)
    mine = known or mine
    if now - mine.at > settings.window_seconds:
        return Met(BandState(present), [], 0)
    others = tuple(each for each in present if each is not known)
    alike = [
        each
        for each in others
        if abs(each.at - mine.at) <= settings.window_seconds
        and similarity(each.sketch, mine.sketch) >= settings.similarity
    ]
    if not alike:
        return _kept((*others, mine), [], settings)
    groups = {each.group for each in (*alike, mine)}
    origin = min(groups)
    residents = [
        msgspec.structs.replace(each, origin=origin) if each.group in groups else each
        for each in (*others, mine)
    ]
    return _kept(residents, _matches(mine, alike, origin, sighting.text), settings)


def _kept(residents: Iterable[Resident], matches: list[Match], settings: CampaignSettings) -> Met:
    ordered = sorted(residents, key=lambda each: (each.at, each.item))
    latest = ordered[-settings.kept_in_band :]
    return Met(BandState(tuple(latest)), matches, len(ordered) - len(latest))


def _matches(mine: Resident, alike: list[Resident], origin: Origin, text: str) -> list[Match]:
    """That the comment, and each group that it ties together, belong with `origin`.

    Comments that were alone until now enter by it.
    """
    member = mine.member
    entering = {each.group: campaign_of(each.member) for each in alike if each.origin is None}
    tied = {mine.group, *(each.group for each in alike)}
    entering[member.origin] = campaign_of(member, text)
    return [
        Match(group.item_id, origin, member.at, entering.get(group), enters=group in entering)
        for group in sorted({*tied, member.origin})
        if group != origin or group in entering
    ]


def expired(state: BandState, now: float, settings: CampaignSettings) -> BandState:
    """The state without comments that are older than the window; an empty one may be dropped."""
    residents = state.residents
    if not residents or now - residents[0].at <= settings.window_seconds:
        return state
    return BandState(tuple(each for each in residents if now - each.at <= settings.window_seconds))


def forgotten(state: BandState, author: int) -> BandState:
    """The state without an author's comments."""
    return BandState(tuple(each for each in state.residents if each.author != author))
