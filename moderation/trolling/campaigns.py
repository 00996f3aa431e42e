"""Campaigns: one text, little changed, by several authors; each group found and counted once.

The flow, each step a pure function, each state under one key, so that any number of workers can
share the work::

    comment ── signature() ──> Sighting                     key: each of Sighting.bands
    Sighting ── bands.applied() on BandState ──> Match      key: Match.key, a campaign id
    Match ── applied() on CampaignState ──> Match, sent on  key: Match.key
                                       └──> CampaignRecord  key: CampaignRecord.id

1. Where the article and the parent are at hand, `minhash.signature(text, sources)` signs a
   comment; None means that there is nothing to compare. `bands.sighting()` makes what is sent to
   each of its band keys, in one record for each key or for each partition.
2. The table of band keys holds a `bands.BandState` each. A sighting is compared with those that
   came to the same key within the window. For those that are alike a `Match` goes out.
3. The table of campaign ids holds a `CampaignState` each. A campaign's id is the item id of its
   earliest member, and every comment first enters under its own. A match says that the group under
   its key and the earlier `origin` are one: the later group moves, its state becomes a pointer,
   and its members travel on in a match for the other key, until they arrive at the earliest member
   of all. This is union-find (Galler and Fischer, 1964) by messages: pointers only ever lead to
   earlier members, so every match arrives.
4. When a group is a campaign by `CampaignSettings`, each change gives a `CampaignRecord` for the
   topic `campaigns`; `joined` names the comments that carry its id from now on, each once. A
   campaign that moves says so in a last record under its old id, `merged_into`.

What follows from a record is to be sent and confirmed first, and its state stored after that: then
a record that is seen again because of a crash in between gives rise to the same again. Everything
may be seen twice, and in any order: what is kept of a campaign is a join-semilattice (Shapiro,
Preguica, Baquero and Zawirski, 2011, "Conflict-free Replicated Data Types"), so the final group is
the same. Only its sample of texts depends on the order, since a band knows the text of the newcomer
alone. Where a band had to evict, a copy may miss those before it.

`now` is the time of the record in hand, not the clock's, so that a replay gives the same result.
Times are seconds since the epoch; authors are numbers that stand for them, such as a keyed hash.
States are small as MessagePack (`msgspec.msgpack`); the timer of a table drops what
`bands.expired` empties and what `is_over`.

Limits: who puts all of a text between quotation marks, or a name under it as under a saying, is
taken to quote. A saying without either is a campaign when three authors repeat it within the
window. Texts that say the same in other words are not found, nor are those without spaces between
words. When accounts were made, at which hours they write and in which style is not asked.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Final, TypeVar

import msgspec

from moderation.records import SCHEMA, decoded
from moderation.trolling.distinct import Distinct, hash63
from moderation.trolling.shingles import Shingles, shingles
from moderation.trolling.varying import varying_words

KEPT_MEMBERS: Final = 256
"""Members that are kept by name: those with the lowest hash, so a fair sample of all."""
KEPT_TEXTS: Final = 12
LONGEST_TEXT: Final = 600
"""Characters of a member's text that are kept."""
NAMED_ARTICLES: Final = 20


class CampaignSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What makes a campaign of texts that are alike.

    Either rule is enough. One author who repeats himself is no campaign, however often he does.
    """

    authors: Annotated[int, msgspec.Meta(ge=2)] = 3
    """By as many authors."""
    members: Annotated[int, msgspec.Meta(ge=2)] = 5
    """Or as many comments, by two authors at least."""
    similarity: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5
    """Estimated Jaccard similarity of their words from which on two texts are alike.

    Copies of which 15 % of the words were changed in each have about 0.65, ordinary comments less
    than 0.25.
    """
    window_seconds: Annotated[float, msgspec.Meta(gt=0)] = 86_400.0
    """Within which one comment must follow another; a campaign may last longer."""
    kept_in_band: Annotated[int, msgspec.Meta(ge=2)] = 32
    """Comments that a band key remembers; the earliest are dropped."""


class Origin(msgspec.Struct, frozen=True, order=True, array_like=True):
    """A comment's place in time. The earliest of a group gives the group its id."""

    at: float
    item_id: str


class Member(msgspec.Struct, frozen=True, order=True, array_like=True):
    """A comment of a group."""

    item_id: str
    author: int
    article_id: str
    at: float

    @property
    def origin(self) -> Origin:
        """Its place in time."""
        return Origin(self.at, self.item_id)


class Sample(msgspec.Struct, frozen=True, order=True, array_like=True):
    """A member's text."""

    item_id: str
    author: int
    text: str


class Campaign(msgspec.Struct, frozen=True, array_like=True):
    """What is known of a group of comments that are alike; its size is bounded.

    The counts are exact up to `distinct.SIZE`, and beyond that have a standard error of 6 %.
    """

    members: tuple[Member, ...]
    """At most `KEPT_MEMBERS`."""
    comments: Distinct
    """By comment id, so that an edited comment counts once."""
    authors: Distinct
    articles: Distinct
    first_seen: float
    last_seen: float
    samples: tuple[Sample, ...] = ()
    """At most `KEPT_TEXTS`, of those whose text is known."""

    def joined(self, other: "Campaign") -> "Campaign":
        """Both as one. Neither order nor repetition matters."""
        return Campaign(
            members=_lowest((*self.members, *other.members), KEPT_MEMBERS),
            comments=self.comments.joined(other.comments),
            authors=self.authors.joined(other.authors),
            articles=self.articles.joined(other.articles),
            first_seen=min(self.first_seen, other.first_seen),
            last_seen=max(self.last_seen, other.last_seen),
            samples=_lowest((*self.samples, *other.samples), KEPT_TEXTS),
        )

    def is_campaign(self, settings: CampaignSettings) -> bool:
        """Whether it is large enough."""
        return self.authors.count >= settings.authors or (
            self.comments.count >= settings.members and self.authors.count > 1
        )


def campaign_of(member: Member, text: str = "") -> Campaign:
    """A group of one; `text` where it is known."""
    return Campaign(
        members=(member,),
        comments=Distinct.of([_comment_id(member.item_id)]),
        authors=Distinct.of([str(member.author)]),
        articles=Distinct.of([member.article_id]),
        first_seen=member.at,
        last_seen=member.at,
        samples=(Sample(member.item_id, member.author, text[:LONGEST_TEXT]),) if text else (),
    )


class Match(msgspec.Struct, frozen=True):
    """The group under `key` and that of `origin` are one."""

    key: str
    """The campaign id that this is for."""
    origin: Origin
    """Not later than `key`."""
    at: float
    """Time of the comment that showed it."""
    found: Campaign | None = None
    """Who belongs to the group, where that may not be known yet."""
    enters: bool = False
    """Whether `found` is the comment `key` itself, as a band says it.

    So every comment enters under its own key, and once, however many bands speak of it.
    """


class CampaignState(msgspec.Struct, frozen=True):
    """What is stored under a campaign id, or under the item id of a comment that is in one."""

    head: Origin
    """The earliest member known. Unless its item id is the key, the campaign has moved there."""
    last_seen: float
    campaign: Campaign | None = None
    """None once it has moved."""
    told: bool = False
    """Whether the comment under this key has entered."""


class CampaignRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign as it stands, or that it has become part of another."""

    id: str
    """Item id of its earliest member."""
    merged_into: str = ""
    """The surviving id; the record says nothing else then."""
    comments: int = 0
    authors: int = 0
    articles: int = 0
    exact: bool = True
    """Whether all three counts are; otherwise they have a standard error of 6 %."""
    first_seen: float = 0.0
    last_seen: float = 0.0
    text: str = ""
    """The one among the sampled texts that is most like the others; empty where none is known, or
    where the erasure of an author has left too few to be a campaign."""
    varying: list[list[str]] = []
    """Where the sampled texts differ, as in `varying_words`."""
    article_ids: list[str] = []
    """At most `NAMED_ARTICLES`, those of the earliest members kept."""
    joined: list[str] = []
    """Item ids that were not in the record before; of a large group that moved here, some."""
    schema: int = SCHEMA


def encode_record(record: CampaignRecord) -> bytes:
    """The record as UTF-8 JSON."""
    return msgspec.json.encode(record)


def decode_record(value: bytes | None) -> CampaignRecord:
    """Read a record of the topic `campaigns`; RecordError otherwise."""
    return decoded(value, _record_decoder.decode)


_record_decoder = msgspec.json.Decoder(CampaignRecord)


class Outcome(msgspec.Struct, frozen=True):
    """What follows from a match."""

    state: CampaignState
    match: Match | None
    """To be sent on, where the group lives under another key."""
    record: CampaignRecord | None
    """For the topic `campaigns`."""


def applied(state: CampaignState | None, match: Match, settings: CampaignSettings) -> Outcome:
    """Take a match to the state under its key; applied again it changes nothing.

    Each match that is sent on has an earlier origin or follows a pointer to an earlier member, so
    it arrives, even where records disagree about the time of a comment.
    """
    if state is None:
        state = CampaignState(match.origin, match.at)
    found = None if match.enters and state.told else match.found
    head, later = sorted((state.head, match.origin))
    after = CampaignState(
        head, max(state.last_seen, match.at), state.campaign, told=state.told or match.enters
    )
    if head.item_id == match.key:
        if later.item_id == match.key:
            return _grown(after, found, settings)
        # Another group turns out to be part of this one, and must be told so.
        return Outcome(after, Match(later.item_id, head, match.at, found), None)
    if state.campaign is not None:
        # It was a group of its own until now, and moves with all that it has.
        found = state.campaign if found is None else state.campaign.joined(found)
        after = msgspec.structs.replace(after, campaign=None)
    record = None
    if found is not None and found.is_campaign(settings):
        # Also where one only passes through that was told to move here: no link must be missing.
        record = CampaignRecord(id=match.key, merged_into=head.item_id)
    # Of two other groups the later one must learn of the earlier one, so the match goes there.
    key = head.item_id if later.item_id == match.key else later.item_id
    if key == head.item_id and found is None:
        return Outcome(after, None, record)
    return Outcome(after, Match(key, head, match.at, found), record)


def _grown(state: CampaignState, found: Campaign | None, settings: CampaignSettings) -> Outcome:
    """Take in what has arrived where the group lives."""
    if found is None:
        return Outcome(state, None, None)
    known = state.campaign
    campaign = found if known is None else known.joined(found)
    grown = msgspec.structs.replace(state, campaign=campaign)
    if not campaign.is_campaign(settings):
        return Outcome(grown, None, None)
    joined: Iterable[Member] = campaign.members
    if known is not None and known.is_campaign(settings):
        names = {member.item_id for member in known.members}
        joined = [member for member in found.members if member.item_id not in names]
        if campaign == known and not joined:
            return Outcome(grown, None, None)
    return Outcome(grown, None, _record(state.head.item_id, campaign, joined))


def _record(campaign_id: str, campaign: Campaign, joined: Iterable[Member]) -> CampaignRecord:
    typical, varying = _shown(tuple(sample.text for sample in campaign.samples))
    members = sorted(campaign.members, key=lambda member: member.origin)
    articles = list(dict.fromkeys(member.article_id for member in members))
    counts = (campaign.comments, campaign.authors, campaign.articles)
    comments = campaign.comments.count
    return CampaignRecord(
        id=campaign_id,
        comments=comments,
        authors=min(campaign.authors.count, comments),
        articles=min(campaign.articles.count, comments),
        exact=all(count.exact for count in counts),
        first_seen=campaign.first_seen,
        last_seen=campaign.last_seen,
        text=typical,
        varying=varying,
        article_ids=articles[:NAMED_ARTICLES],
        joined=[member.item_id for member in sorted(joined, key=lambda member: member.origin)],
    )


@lru_cache(maxsize=256)
def _shown(texts: tuple[str, ...]) -> tuple[str, list[list[str]]]:
    """The text that is most like the others, and where they differ.

    Remembered, since the sample of a large campaign hardly changes.
    """
    if not texts:
        return "", []
    made = [shingles(text) for text in texts]
    likeness = [sum(_jaccard(one, other) for other in made) for one in made]
    typical = texts[likeness.index(max(likeness))]
    return typical, varying_words([typical, *texts])


def _jaccard(one: Shingles | None, other: Shingles | None) -> float:
    if one is None or other is None:
        return 0.0
    return len(one.words & other.words) / len(one.words | other.words)


def is_over(state: CampaignState, now: float, settings: CampaignSettings) -> bool:
    """Whether a state may be dropped: nothing came for twice the window.

    Twice, since one part of the flow may lag behind another.
    """
    return now - state.last_seen > 2 * settings.window_seconds


def forgotten(state: CampaignState, author: int) -> CampaignState:
    """The state without an author: his comments, his texts, himself in the counts.

    The id stays, even where it is the item id of a comment of his. In a campaign of more than
    `KEPT_MEMBERS`, those of his comments that are not kept by name stay counted.
    """
    campaign = state.campaign
    if campaign is None:
        return state
    his = [member.item_id for member in campaign.members if member.author == author]
    without = msgspec.structs.replace(
        campaign,
        members=tuple(member for member in campaign.members if member.author != author),
        comments=campaign.comments.without(_comment_id(item_id) for item_id in his),
        authors=campaign.authors.without([str(author)]),
        samples=tuple(sample for sample in campaign.samples if sample.author != author),
    )
    if without == campaign:
        return state
    _shown.cache_clear()  # It may remember his texts.
    return msgspec.structs.replace(state, campaign=without)


def retold(
    before: CampaignState, after: CampaignState, settings: CampaignSettings
) -> CampaignRecord | None:
    """What others are to be told when an author was `forgotten`, since they may hold his text.

    Where too few are left to be a campaign, the record has no text. None when there was none to
    tell of, or nothing has changed.
    """
    if before.campaign is None or after.campaign is None or before.campaign == after.campaign:
        return None
    if not before.campaign.is_campaign(settings):
        return None
    record = _record(after.head.item_id, after.campaign, ())
    if after.campaign.is_campaign(settings):
        return record
    return msgspec.structs.replace(record, text="", varying=[])


def _comment_id(item_id: str) -> str:
    """An item id is `comment#revision`."""
    return item_id.rpartition("#")[0] or item_id


_Named = TypeVar("_Named", Member, Sample)


def _lowest(each: Iterable[_Named], size: int) -> tuple[_Named, ...]:
    """Those with the lowest hashes: the same ones, whatever is joined first.

    Where two say different things of one comment, the lower of the two stays.
    """
    named = {one.item_id: one for one in sorted(set(each), reverse=True)}
    names = sorted(named, key=lambda name: (hash63(name), name))
    return tuple(named[name] for name in names[:size])
