"""What the tables of authors and threads hold: a state, and which records it has taken in.

Records come at least once, so each function here changes nothing when it meets a record again.
Rows are small as MessagePack.
"""

from collections.abc import Collection
from typing import Final, Generic, TypeVar

import msgspec

from moderation.errors import StateError
from moderation.records import Decided, Source
from moderation.trolling import author, heat
from moderation.trolling.applied import Applied
from moderation.trolling.author import AuthorState
from moderation.trolling.heat import ThreadState
from moderation.trolling.messages import Replied, TakenBack, Turned
from moderation.trolling.pseudonym import short_hash

_DECISIONS_KEPT: Final = 16
_READINGS_KEPT: Final = 16
_REJECTIONS_KEPT: Final = 16


class KnownDecision(msgspec.Struct, frozen=True, array_like=True):
    """A moderator's decision that the state has taken in, so that it can be taken back."""

    decision: int
    """Short hash of its id."""
    at: float
    approved: bool
    heat: float
    taken_back: bool = False
    """It stays known all the same, since it may be told again."""

    @property
    def event(self) -> author.Decided:
        """What the state was told."""
        return author.Decided(at=self.at, approved=self.approved, heat=self.heat)


class Reading(msgspec.Struct, frozen=True, array_like=True):
    """What was said of the author with one of the latest comments, should it be asked again."""

    partition: int
    offset: int
    """Where the comment came in."""
    score: float


class AuthorRow(msgspec.Struct, frozen=True, array_like=True):
    """All that is stored under an author."""

    state: AuthorState = author.EMPTY
    posted: Applied = Applied()
    replied: Applied = Applied()
    decisions: tuple[KnownDecision, ...] = ()
    """The latest."""
    readings: tuple[Reading, ...] = ()
    """The latest."""


class Writer(msgspec.Struct, frozen=True, array_like=True):
    """Who wrote one of a thread's latest comments, to be told of the answers."""

    comment: int
    """Short hash of its id."""
    author_id: str


class KnownRejection(msgspec.Struct, frozen=True, array_like=True):
    """A rejection in the thread that the state has taken in, so that it can be taken back."""

    decision: int
    """Short hash of its id."""
    at: float
    taken_back: bool = False
    """It stays known all the same, since it may be told again."""


class ThreadRow(msgspec.Struct, frozen=True, array_like=True):
    """All that is stored under a thread."""

    state: ThreadState = heat.EMPTY
    said: Applied = Applied()
    rejected: tuple[KnownRejection, ...] = ()
    """The latest."""
    writers: tuple[Writer, ...] = ()
    """Of the latest comments."""
    told: float = 0.0
    """The forecast that the topic was told last."""
    told_tipped: str = ""


def posted(row: AuthorRow, source: Source, event: author.Posted) -> AuthorRow:
    """The author's row after a comment of his own."""
    if row.posted.has(source.partition, source.offset):
        return row
    return msgspec.structs.replace(
        row,
        state=author.applied(row.state, event),
        posted=row.posted.plus(source.partition, source.offset),
    )


def read(row: AuthorRow, source: Source, score: float) -> AuthorRow:
    """The row after a score was told for a comment of the author's."""
    reading = Reading(source.partition, source.offset, score)
    readings = (*row.readings, reading)[-_READINGS_KEPT:]
    return msgspec.structs.replace(row, readings=readings)


def reading(row: AuthorRow, source: Source) -> float | None:
    """The score that was told for a comment, if it is one of the latest."""
    for each in row.readings:
        if (each.partition, each.offset) == (source.partition, source.offset):
            return each.score
    return None


def replied(row: AuthorRow, reply: Replied) -> AuthorRow:
    """The author's row after an answer by somebody else."""
    source = reply.source
    if row.replied.has(source.partition, source.offset):
        return row
    answer = author.Answered(
        at=reply.at,
        replier=reply.replier,
        thread=reply.thread,
        toxicity=reply.toxicity,
        heat=reply.heat,
    )
    state = author.applied(row.state, answer)
    if reply.accuses:
        state = author.applied(state, author.Accused(at=reply.at, accuser=reply.replier))
    return msgspec.structs.replace(
        row, state=state, replied=row.replied.plus(source.partition, source.offset)
    )


def decided(row: AuthorRow, decision: Decided, at: float) -> AuthorRow:
    """The author's row after a moderator's decision, which came to Kafka at `at`.

    One that takes an earlier one back also takes back what that one did to the state, as long as
    it is among the latest.
    """
    taken_back = short_hash(decision.takes_back) if decision.takes_back else None
    for known in row.decisions:
        if known.decision == taken_back and not known.taken_back:
            gone = msgspec.structs.replace(known, taken_back=True)
            row = msgspec.structs.replace(
                row,
                state=author.taken_back(row.state, known.event),
                decisions=tuple(gone if each is known else each for each in row.decisions),
            )
            break
    number = short_hash(decision.decision_id)
    if decision.decision == "reopen" or any(each.decision == number for each in row.decisions):
        return row
    known = KnownDecision(number, at, decision.decision == "approve", decision.heat_before or 0.0)
    return msgspec.structs.replace(
        row,
        state=author.applied(row.state, known.event),
        decisions=(*row.decisions, known)[-_DECISIONS_KEPT:],
    )


def said(
    row: ThreadRow,
    source: Source,
    event: heat.Said,
    author_id: str,
    *,
    disabled: Collection[str] = frozenset(),
) -> ThreadRow:
    """The thread's row after a comment."""
    if row.said.has(source.partition, source.offset):
        return row
    number = short_hash(event.comment)
    others = (each for each in row.writers if each.comment != number)
    return msgspec.structs.replace(
        row,
        state=heat.applied(row.state, event, disabled=disabled),
        said=row.said.plus(source.partition, source.offset),
        writers=(*others, Writer(number, author_id))[-heat.MOST_RECENT :],
    )


def turned(
    row: ThreadRow, rejection: Turned, *, disabled: Collection[str] = frozenset()
) -> ThreadRow:
    """The thread's row after a moderator rejected a comment of it."""
    if any(each.decision == rejection.decision for each in row.rejected):
        return row
    event = heat.Rejected(at=rejection.at, comment=rejection.comment_id)
    return msgspec.structs.replace(
        row,
        state=heat.applied(row.state, event, disabled=disabled),
        rejected=(*row.rejected, KnownRejection(rejection.decision, rejection.at))[
            -_REJECTIONS_KEPT:
        ],
    )


def turned_back(row: ThreadRow, taken_back: TakenBack) -> ThreadRow:
    """The thread's row after a decision was taken back, if it was one of the latest rejections."""
    for known in row.rejected:
        if known.decision == taken_back.decision and not known.taken_back:
            gone = msgspec.structs.replace(known, taken_back=True)
            return msgspec.structs.replace(
                row,
                state=heat.taken_back(row.state, known.at),
                rejected=tuple(gone if each is known else each for each in row.rejected),
            )
    return row


def told(row: ThreadRow, found: heat.Heat) -> ThreadRow:
    """The thread's row after others were told of its forecast."""
    return msgspec.structs.replace(row, told=found.score, told_tipped=found.tipped)


def writer(row: ThreadRow, comment_id: str) -> str:
    """The author's id of one of the thread's latest comments; empty when it is not known."""
    number = short_hash(comment_id)
    return next((each.author_id for each in row.writers if each.comment == number), "")


def author_without(row: AuthorRow, pseudonym: int) -> AuthorRow:
    """One author's row with nothing left of another author."""
    return msgspec.structs.replace(row, state=author.without(row.state, pseudonym))


def thread_without(row: ThreadRow, author_id: str, pseudonym: int) -> ThreadRow:
    """The row with nothing left that tells which comments are an author's, or answer them."""
    return msgspec.structs.replace(
        row,
        state=heat.without(row.state, pseudonym),
        writers=tuple(each for each in row.writers if each.author_id != author_id),
    )


_Row = TypeVar("_Row")


class Codec(Generic[_Row]):
    """Rows of one kind as MessagePack."""

    def __init__(self, kind: type[_Row], what: str) -> None:
        self._what = what
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(kind)

    def encode(self, row: _Row) -> bytes:
        """The row as bytes."""
        return self._encoder.encode(row)

    def decode(self, value: bytes) -> _Row:
        """Read a row; StateError when it is damaged."""
        try:
            return self._decoder.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise StateError(
                f"the state of {self._what} cannot be read ({error}): delete it, and it begins anew"
            ) from error


AUTHORS: Final = Codec(AuthorRow, "an author")
THREADS: Final = Codec(ThreadRow, "a thread")
