"""Whether a thread is about to derail: a forecast, and the comment that tipped it.

The forecast is a logistic over a few signals of the thread's last comments. Cheng, Bernstein,
Danescu-Niculescu-Mizil and Leskovec (2017, "Anyone Can Become a Troll") show what it is good for:
hostile comments in sight make ordinary people write hostile ones, so a thread burns from its own
fire. Zhang et al. (2018, "Conversations Gone Awry") and Chang and Danescu-Niculescu-Mizil (2019,
"Trouble on the Horizon") forecast the same from the wording of civil comments; people guess right
in 72 % of balanced cases there, so a forecast is a reason to look and no more.

Weights are set by hand and documented where they stand. Times are those at which the broker
received a record, in seconds since the epoch.
"""

from collections.abc import Collection
from typing import Final

import msgspec

from moderation.errors import SettingsError
from moderation.records import SCHEMA, decoded
from moderation.trolling.author import hostility
from moderation.trolling.decay import DAY, HOUR, MINUTE, Decayed, fraction
from moderation.trolling.logistic import (
    Contribution,
    in_words,
    largest,
    log_odds,
    probability,
    ramp,
)
from moderation.trolling.pseudonym import short_hash

PRIOR: Final = 0.03
"""The forecast for a thread without comments."""
HOT_AT: Final = 0.5
"""From here on a moderator should look at the thread."""
COOL_AT: Final = 0.3
"""Below it a thread that was hot has calmed down, and another comment may tip it."""

MOST_RECENT: Final = 50
EXPIRES_AFTER: Final = 7 * DAY

_FRESH: Final = 45 * MINUTE
"""Half-life of what a comment says about the thread now."""
_RATE_HALF_LIFE: Final = 5 * MINUTE
_DELETION_HALF_LIFE: Final = 2 * HOUR
_USUAL: Final = 0.08
"""Hostility of an ordinary thread."""
_STRENGTH: Final = 3.0
"""Ordinary comments that a thread starts with, so that one insult does not make a fire."""
_DUELLING: Final = 20
"""Latest comments among which duels are looked for."""
_LATE: Final[tuple[float, ...]] = tuple(0.5 ** (index / 4) for index in range(MOST_RECENT))
"""Weights of the latest comments, the last first: four comments halve them."""
_LONG: Final[tuple[float, ...]] = tuple(0.5 ** (index / 20) for index in range(MOST_RECENT))

SIGNALS: Final = frozenset({"level", "slope", "speed", "duels", "deletions"})
"""The names that switch a signal off."""


class Said(msgspec.Struct, frozen=True, kw_only=True, tag="said"):
    """A comment in the thread."""

    at: float
    comment: str
    """Its id."""
    author: int
    """Pseudonym."""
    parent_author: int | None = None
    """Pseudonym of whom it answers, if that is known."""
    toxicity: float | None = None
    """The highest of the toxic scores; None when no scorer could read the text."""


class Rejected(msgspec.Struct, frozen=True, kw_only=True, tag="rejected"):
    """A moderator rejected a comment of the thread."""

    at: float
    comment: str
    """Its id."""


Event = Said | Rejected


class Recent(msgspec.Struct, frozen=True, array_like=True):
    """One of the latest comments."""

    at: float
    comment: int
    author: int
    parent_author: int
    """0 when it answers nobody."""
    toxicity: float | None
    heat: float
    """The forecast before it."""


class ThreadState(msgspec.Struct, frozen=True, array_like=True):
    """All that is kept of a thread."""

    seen_at: float = 0.0
    recent: tuple[Recent, ...] = ()
    rate: Decayed = Decayed()
    deletions: Decayed = Decayed()
    tipped: str = ""
    """Id of the comment that took the forecast to `HOT_AT`; empty while the thread is calm."""


EMPTY: Final = ThreadState()
"""A thread without comments."""


class Heat(msgspec.Struct, frozen=True):
    """What a thread's state says at a time."""

    score: float
    """Forecast, 0..1: how probable it is that the thread derails."""
    contributions: list[Contribution]
    """The three largest, up or down, the strongest first."""
    tipped: str
    """Id of the comment that took the forecast to `HOT_AT`, while it stays above `COOL_AT`."""

    @property
    def detail(self) -> str:
        """The contributions in a sentence for a moderator."""
        return in_words(self.contributions)


class HeatRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A thread's forecast as it stands; what the topic `threads.heat` holds, by article id."""

    article_id: str
    heat: float
    """0..1."""
    tipped: str = ""
    """Id of the comment that made the thread hot, while it is."""
    contributions: list[Contribution]
    """The three largest, up or down, the strongest first."""
    at: float
    """Seconds since the epoch."""
    schema: int = SCHEMA


def applied(
    state: ThreadState, event: Event, *, disabled: Collection[str] = frozenset()
) -> ThreadState:
    """The state after an event; the given one is not changed.

    Events may come in any order. A comment that is there already, an edited one, takes the place
    of its earlier revision.
    """
    before = _score(state, event.at, disabled)
    match event:
        case Said():
            grown = _said(state, event, before)
        case Rejected():
            grown = msgspec.structs.replace(
                state, deletions=state.deletions.plus(1, at=event.at, half_life=_DELETION_HALF_LIFE)
            )
    tipped = "" if before < COOL_AT else state.tipped
    if not tipped and _score(grown, event.at, disabled) >= HOT_AT:
        tipped = event.comment
    return msgspec.structs.replace(grown, tipped=tipped, seen_at=max(state.seen_at, event.at))


def taken_back(state: ThreadState, rejected_at: float) -> ThreadState:
    """The state as if the rejection of that time (seconds since the epoch) had not been made.

    A comment that tipped the thread stays named as long as the forecast stays up.
    """
    deletions = state.deletions.plus(-1, at=rejected_at, half_life=_DELETION_HALF_LIFE)
    return msgspec.structs.replace(state, deletions=deletions)


def heat(state: ThreadState, now: float, *, disabled: Collection[str] = frozenset()) -> Heat:
    """Read a thread's state at `now` (seconds since the epoch), without the disabled signals.

    A `now` before the latest event counts as that event's time.
    """
    contributions = _contributions(state, now, disabled)
    score = _probability(contributions)
    return Heat(score, largest(contributions), state.tipped if score >= COOL_AT else "")


def heat_before(state: ThreadState, comment: str) -> float | None:
    """The forecast before a comment of the thread; None when it is not among the latest.

    It tells what a reply to that comment means.
    """
    number = short_hash(comment)
    for each in reversed(state.recent):
        if each.comment == number:
            return each.heat
    return None


def known_signals(names: Collection[str]) -> frozenset[str]:
    """Names of signals to switch off, checked; SettingsError for one that there is not."""
    for name in names:
        if name not in SIGNALS:
            raise SettingsError(
                f"no signal {name!r} of heat to switch off; there are {', '.join(sorted(SIGNALS))}"
            )
    return frozenset(names)


def expired(state: ThreadState, now: float) -> bool:
    """Whether nothing has been said in the thread for so long that the state can go."""
    return now - state.seen_at > EXPIRES_AFTER


def without(state: ThreadState, pseudonym: int) -> ThreadState:
    """The state with nothing left that tells which comments are an author's, or answer them."""
    return msgspec.structs.replace(
        state,
        recent=tuple(
            msgspec.structs.replace(
                each,
                author=0 if each.author == pseudonym else each.author,
                parent_author=0 if each.parent_author == pseudonym else each.parent_author,
            )
            for each in state.recent
        ),
    )


def encode_record(record: HeatRecord) -> bytes:
    """The record as UTF-8 JSON."""
    return msgspec.json.encode(record)


def decode_record(value: bytes | None) -> HeatRecord:
    """Read a record of the topic `threads.heat`; RecordError otherwise."""
    return decoded(value, _record_decoder.decode)


_record_decoder = msgspec.json.Decoder(HeatRecord)


def _said(state: ThreadState, event: Said, before: float) -> ThreadState:
    number = short_hash(event.comment)
    earlier = next((each for each in state.recent if each.comment == number), None)
    said = Recent(
        event.at if earlier is None else earlier.at,
        number,
        event.author,
        event.parent_author or 0,
        event.toxicity,
        before if earlier is None else earlier.heat,
    )
    others = (each for each in state.recent if each is not earlier)
    recent = sorted((*others, said), key=lambda each: (each.at, each.comment))
    rate = state.rate
    if earlier is None:
        rate = rate.plus(1, at=event.at, half_life=_RATE_HALF_LIFE)
    return msgspec.structs.replace(state, recent=tuple(recent[-MOST_RECENT:]), rate=rate)


def _score(state: ThreadState, now: float, disabled: Collection[str]) -> float:
    return _probability(_contributions(state, now, disabled))


def _probability(contributions: Collection[Contribution]) -> float:
    return probability(_PRIOR_LOG_ODDS + sum(each.weight for each in contributions))


_PRIOR_LOG_ODDS: Final = log_odds(PRIOR)


def _contributions(state: ThreadState, now: float, disabled: Collection[str]) -> list[Contribution]:
    """Up to 5.0 for the level, 1.0 for each of slope, speed and duels, 1.5 for deletions.

    Speed and duels count as far as the level is high: many people in a hurry, or two who talk to
    each other, are no fire by themselves.
    """
    now = max(now, state.seen_at)
    late, long, hostile, read = _levels(state.recent, now)
    level = ramp(late, 0.12, 0.4)
    rate = state.rate.rate_at(now, _RATE_HALF_LIFE) * MINUTE
    duels, talking = _duels(state.recent)
    deletions = state.deletions.value_at(now, _DELETION_HALF_LIFE)
    weighed = (
        ("level", 5.0 * level, f"{hostile} of the last {read} comments hostile"),
        ("slope", 1.0 * ramp(late - long, 0.03, 0.25), "more hostile than it was before"),
        ("speed", 1.0 * level * ramp(rate, 0.3, 2), f"{rate:.1f} replies a minute"),
        ("duels", 1.0 * level * ramp(duels, 0.2, 0.7), f"{talking} comments between two people"),
        ("deletions", 1.5 * ramp(deletions, 0.5, 4), "moderators rejected comments here"),
    )
    return [
        Contribution(name, weight, detail)
        for name, weight, detail in weighed
        if weight and name not in disabled
    ]


def _levels(recent: tuple[Recent, ...], now: float) -> tuple[float, float, int, int]:
    """Mean hostility of the latest comments and of all, each with the usual one mixed in.

    Then how many of the last ten are hostile, and how many those are.
    """
    late = long = late_hits = long_hits = 0.0
    hostile = read = 0
    for each, late_weight, long_weight in zip(reversed(recent), _LATE, _LONG, strict=False):
        if each.toxicity is None:
            continue
        said, fresh = hostility(each.toxicity), fraction(now - each.at, _FRESH)
        late += late_weight * fresh
        long += long_weight * fresh
        if said:
            late_hits += late_weight * fresh * said
            long_hits += long_weight * fresh * said
        if read < 10:  # noqa: PLR2004 - the last ten, as the words say
            read += 1
            hostile += said >= 0.5  # noqa: PLR2004 - more than not
    mixed = _USUAL * _STRENGTH
    return (
        (late_hits + mixed) / (late + _STRENGTH),
        (long_hits + mixed) / (long + _STRENGTH),
        hostile,
        read,
    )


def _duels(recent: tuple[Recent, ...]) -> tuple[float, int]:
    """Share and number of the latest comments in which two people answer each other."""
    latest = [each for each in recent[-_DUELLING:] if each.parent_author]
    pairs = {(each.author, each.parent_author) for each in latest}
    talking = sum(
        1
        for each in latest
        if each.author != each.parent_author and (each.parent_author, each.author) in pairs
    )
    return talking / max(_DUELLING / 2, len(recent[-_DUELLING:])), talking
