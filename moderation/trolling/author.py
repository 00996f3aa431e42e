"""What is remembered of an author, and how each event changes it.

The state is one value under one key, bounded whatever the author does (`MOST_…`), and fades: after
`EXPIRES_AFTER` without an event there is nothing in it worth keeping. It holds no text, no name of
another author and no name of a thread, only short hashes of them.

Times are seconds since the epoch; take those at which the broker received a record, since an
author's own clock may stand in the future, and the past would fade against it.
"""

from typing import Final, TypeVar

import msgspec

from moderation.trolling.decay import DAY, MINUTE, Decayed, Share
from moderation.trolling.logistic import ramp
from moderation.trolling.signature import ALIKE, Signature, similarity

PACE_HALF_LIFE: Final = 3 * MINUTE
VOLUME_HALF_LIFE: Final = 3 * DAY
TEXT_HALF_LIFE: Final = 1 * DAY
HABIT_HALF_LIFE: Final = 30 * DAY
EXPIRES_AFTER: Final = 120 * DAY

MOST_RECENT: Final = 16
MOST_TEXTS: Final = 8
MOST_THREADS: Final = 16
MOST_ACCUSERS: Final = 8
MOST_TARGETS: Final = 12
MOST_PARTNERS: Final = 4

CALM_BELOW: Final = 0.3
"""Heat below which a thread is called calm."""
_HOT_FROM: Final = 0.6
"""Heat from which on what is said there says nothing about a habit."""
_HOSTILE: Final = 0.5
"""Hostility from which on a comment or reply is called hostile."""
_CONVERSATION: Final = 10 * MINUTE
"""Whoever answered so lately is talked with, not at."""


class Posted(msgspec.Struct, frozen=True, kw_only=True, tag="posted"):
    """The author wrote a comment."""

    at: float
    comment: int
    """Short hash of its id: an edit of a recent comment is not another comment."""
    thread: int
    """Short hash of the article's id."""
    signature: Signature = ()
    toxicity: float | None = None
    """The highest of the toxic scores; None when no scorer could read the text."""
    off_topic: float | None = None
    flagged: bool = False
    """Whether the comment's own scores send it to review."""
    heat: float = 0.0
    """The thread's forecast before the comment."""
    parent_author: int | None = None
    """Pseudonym of whom it answers, if that is known and not the author."""
    account_age: float | None = None
    """Seconds since the account was made, if that is known."""


class Answered(msgspec.Struct, frozen=True, kw_only=True, tag="answered"):
    """Somebody else answered a comment of the author."""

    at: float
    replier: int
    """Pseudonym."""
    thread: int
    toxicity: float | None
    """Of the reply; None when no scorer could read it."""
    heat: float = 0.0
    """The thread's forecast before the author's comment: in a calm thread a hostile reply may be
    provoked, in a hot one it says nothing."""


class Accused(msgspec.Struct, frozen=True, kw_only=True, tag="accused"):
    """Somebody else called the author a troll (see `moderation.trolling.accusation`)."""

    at: float
    accuser: int
    """Pseudonym."""


class Decided(msgspec.Struct, frozen=True, kw_only=True, tag="decided"):
    """A moderator approved or rejected a comment of the author."""

    at: float
    approved: bool
    heat: float = 0.0
    """The thread's forecast before the comment, if known."""


Event = Posted | Answered | Accused | Decided


class Recent(msgspec.Struct, frozen=True, array_like=True):
    """One of the latest comments."""

    at: float
    comment: int
    thread: int
    weight: float
    """How much it counts as one of many: less in a hot thread and in a conversation, both of which
    are fast on all sides."""


class Text(msgspec.Struct, frozen=True, array_like=True):
    """A text that may come again."""

    signature: Signature
    times: int
    first: float
    count: Decayed
    """The times, fading; `count.at` is the last of them."""


class Thread(msgspec.Struct, frozen=True, array_like=True):
    """What happened in a thread while it was calm."""

    thread: int
    at: float
    hostile: int = 0
    """Hostile comments of the author."""
    replies: int = 0
    hostile_replies: int = 0


class Accuser(msgspec.Struct, frozen=True, array_like=True):
    """Who called the author a troll, and when last."""

    accuser: int
    at: float


class Target(msgspec.Struct, frozen=True, array_like=True):
    """Whom the author answered with hostility, in which thread, and when last."""

    target: int
    thread: int
    at: float


class Partner(msgspec.Struct, frozen=True, array_like=True):
    """Who answered the author, and when last."""

    partner: int
    at: float


class AuthorState(msgspec.Struct, frozen=True, array_like=True):
    """All that is kept of an author."""

    seen_at: float = 0.0
    """Time of the latest event."""
    created_at: float | None = None
    """When the account was made, if that is known."""
    volume: Decayed = Decayed()
    recent: tuple[Recent, ...] = ()
    texts: tuple[Text, ...] = ()
    threads: tuple[Thread, ...] = ()
    calm: Share = Share()
    """Hostility of comments, each counted by how calm the thread was."""
    hot: Share = Share()
    """The same, counted by how hot it was."""
    off_topic: Share = Share()
    flagged: Share = Share()
    replies: Share = Share()
    """Hostility of replies drawn in threads that were calm."""
    rejected: Share = Share()
    """Rejections among moderators' decisions."""
    accusers: tuple[Accuser, ...] = ()
    targets: tuple[Target, ...] = ()
    partners: tuple[Partner, ...] = ()


EMPTY: Final = AuthorState()
"""Of whom nothing is known."""


def applied(state: AuthorState, event: Event) -> AuthorState:
    """The state after an event; the given one is not changed.

    Events may come in any order. An edit of one of the latest comments changes nothing.
    """
    match event:
        case Posted():
            state = _posted(state, event)
        case Answered():
            state = _answered(state, event)
        case Accused():
            state = _accused(state, event)
        case Decided():
            state = _decided(state, event)
    return msgspec.structs.replace(state, seen_at=max(state.seen_at, event.at))


def taken_back(state: AuthorState, event: Decided) -> AuthorState:
    """The state as if a moderator's decision had not been made."""
    return _decided(state, event, sign=-1)


def expired(state: AuthorState, now: float) -> bool:
    """Whether nothing has been heard of the author for so long that the state can go."""
    return now - state.seen_at > EXPIRES_AFTER


def without(state: AuthorState, pseudonym: int) -> AuthorState:
    """The state with nothing left of another author."""
    return msgspec.structs.replace(
        state,
        accusers=tuple(each for each in state.accusers if each.accuser != pseudonym),
        targets=tuple(each for each in state.targets if each.target != pseudonym),
        partners=tuple(each for each in state.partners if each.partner != pseudonym),
    )


def hostility(toxicity: float) -> float:
    """How surely a score means hostility, 0..1: scores in the middle are mostly plain anger."""
    return ramp(toxicity, 0.4, 0.8)


def calmness(heat: float) -> float:
    """How much a thread of some heat tells of its authors' habits, 0..1."""
    return 1 - ramp(heat, 0.0, _HOT_FROM)


def _posted(state: AuthorState, event: Posted) -> AuthorState:
    if any(each.comment == event.comment for each in state.recent):
        return state
    at, heat = event.at, event.heat
    calm = calmness(heat)
    changes: dict[str, object] = {
        "volume": state.volume.plus(1, at=at, half_life=VOLUME_HALF_LIFE),
        "recent": _latest(
            (*state.recent, Recent(at, event.comment, event.thread, _pace_weight(state, event))),
            MOST_RECENT,
        ),
        "flagged": state.flagged.plus(
            calm if event.flagged else 0.0, calm, at=at, half_life=HABIT_HALF_LIFE
        ),
    }
    if event.signature:
        changes["texts"] = _with_text(state.texts, event.signature, at)
    if event.account_age is not None:
        made = at - event.account_age
        changes["created_at"] = made if state.created_at is None else min(made, state.created_at)
    if event.off_topic is not None:
        changes["off_topic"] = state.off_topic.plus(
            ramp(event.off_topic, 0.5, 0.9), 1, at=at, half_life=HABIT_HALF_LIFE
        )
    if event.toxicity is not None:
        hostile = hostility(event.toxicity)
        changes["calm"] = state.calm.plus(hostile * calm, calm, at=at, half_life=HABIT_HALF_LIFE)
        changes["hot"] = state.hot.plus(
            hostile * (1 - calm), 1 - calm, at=at, half_life=HABIT_HALF_LIFE
        )
        if hostile >= _HOSTILE and heat < CALM_BELOW:
            changes["threads"] = _with_thread(state.threads, Thread(event.thread, at, hostile=1))
            if event.parent_author is not None:
                changes["targets"] = _with_target(
                    state.targets, Target(event.parent_author, event.thread, at)
                )
    return msgspec.structs.replace(state, **changes)


def _pace_weight(state: AuthorState, event: Posted) -> float:
    talking = any(
        each.partner == event.parent_author and abs(event.at - each.at) <= _CONVERSATION
        for each in state.partners
    )
    return (1 - 0.5 * event.heat) * (0.5 if talking else 1.0)


def _answered(state: AuthorState, event: Answered) -> AuthorState:
    last = max([event.at, *(each.at for each in state.partners if each.partner == event.replier)])
    others = (each for each in state.partners if each.partner != event.replier)
    partners = _latest((*others, Partner(event.replier, last)), MOST_PARTNERS)
    state = msgspec.structs.replace(state, partners=partners)
    if event.toxicity is None:
        return state
    calm, hostile = calmness(event.heat), hostility(event.toxicity)
    replies = state.replies.plus(hostile * calm, calm, at=event.at, half_life=HABIT_HALF_LIFE)
    threads = state.threads
    if event.heat < CALM_BELOW:
        seen = Thread(
            event.thread, event.at, replies=1, hostile_replies=1 if hostile >= _HOSTILE else 0
        )
        threads = _with_thread(threads, seen)
    return msgspec.structs.replace(state, replies=replies, threads=threads)


def _accused(state: AuthorState, event: Accused) -> AuthorState:
    last = max(
        [event.at, *(each.at for each in state.accusers if each.accuser == event.accuser)],
    )
    others = (each for each in state.accusers if each.accuser != event.accuser)
    accusers = _latest((*others, Accuser(event.accuser, last)), MOST_ACCUSERS)
    return msgspec.structs.replace(state, accusers=accusers)


def _decided(state: AuthorState, event: Decided, *, sign: int = 1) -> AuthorState:
    # A rejection in a burning thread says less about the author, an approval no less.
    weight = sign * (1.0 if event.approved else 0.3 + 0.7 * calmness(event.heat))
    rejected = state.rejected.plus(
        0.0 if event.approved else weight, weight, at=event.at, half_life=HABIT_HALF_LIFE
    )
    return msgspec.structs.replace(state, rejected=rejected)


def _with_text(texts: tuple[Text, ...], signature: Signature, at: float) -> tuple[Text, ...]:
    seen = Text(signature, 1, at, Decayed(1, at))
    others = []
    for each in texts:
        # What is like one text may be like two that are not alike enough themselves: all are one.
        if similarity(each.signature, signature) >= ALIKE:
            seen = _merged(each, seen)
        else:
            others.append(each)
    kept = sorted((*others, seen), key=lambda each: (each.count.at, each.signature))
    return tuple(kept[-MOST_TEXTS:])


def _merged(one: Text, other: Text) -> Text:
    """Both as one, in the wording that was written first, whichever came first."""
    first, second = sorted((one, other), key=lambda each: (each.first, each.signature))
    count = first.count.plus(second.count.value, at=second.count.at, half_life=TEXT_HALF_LIFE)
    return Text(first.signature, first.times + second.times, first.first, count)


def _with_thread(threads: tuple[Thread, ...], seen: Thread) -> tuple[Thread, ...]:
    for each in threads:
        if each.thread == seen.thread:
            seen = Thread(
                seen.thread,
                max(each.at, seen.at),
                each.hostile + seen.hostile,
                each.replies + seen.replies,
                each.hostile_replies + seen.hostile_replies,
            )
            threads = tuple(other for other in threads if other is not each)
            break
    return _latest((*threads, seen), MOST_THREADS)


def _with_target(targets: tuple[Target, ...], seen: Target) -> tuple[Target, ...]:
    same = [each for each in targets if (each.target, each.thread) == (seen.target, seen.thread)]
    last = max([seen.at, *(each.at for each in same)])
    others = (each for each in targets if each not in same)
    return _latest((*others, Target(seen.target, seen.thread, last)), MOST_TARGETS)


_Dated = TypeVar("_Dated", Recent, Thread, Accuser, Target, Partner)


def _latest(entries: tuple[_Dated, ...], most: int) -> tuple[_Dated, ...]:
    """The latest entries, oldest first; ties in the same order whatever came first."""
    return tuple(sorted(entries, key=_when)[-most:])


def _when(entry: Recent | Thread | Accuser | Target | Partner) -> tuple[float, int]:
    match entry:
        case Recent():
            return entry.at, entry.comment
        case Thread():
            return entry.at, entry.thread
        case Accuser():
            return entry.at, entry.accuser
        case Target():
            return entry.at, entry.target
        case Partner():
            return entry.at, entry.partner
