"""What one part of the stateful flow tells another; each is a record of an internal topic.

Every message of a topic is JSON with its `type`. `Forgotten` goes to every partition of every
internal topic, since any state may mention an author.
"""

from typing import Any

import msgspec

from moderation.errors import RecordError
from moderation.records import CODES, Source
from moderation.trolling.bands import Sighting
from moderation.trolling.campaigns import Match


class Replied(msgspec.Struct, frozen=True, kw_only=True, tag="replied", omit_defaults=True):
    """Somebody answered a comment of another author; for that author's state."""

    author_id: str
    """Who was answered."""
    source: Source
    """Where the answer came in."""
    at: float
    """When, in seconds since the epoch."""
    replier: int
    """Pseudonym of who answered."""
    thread: int
    """Short hash of the article's id."""
    toxicity: float | None = None
    """Of the answer; None when no scorer could read it."""
    heat: float = 0.0
    """The thread's forecast before the answered comment."""
    accuses: bool = False
    """Whether the answer calls the author a troll."""


class Turned(msgspec.Struct, frozen=True, kw_only=True, tag="rejected"):
    """A moderator rejected a comment; for the thread's state."""

    article_id: str
    comment_id: str
    decision: int
    """Short hash of the decision's id: a decision may be told twice."""
    at: float


class TakenBack(msgspec.Struct, frozen=True, kw_only=True, tag="taken_back"):
    """A moderator's decision on a comment was taken back; for the thread's state."""

    article_id: str
    decision: int
    """Short hash of the id of the decision that no longer holds."""
    at: float


class Sighted(msgspec.Struct, frozen=True, tag="sighted"):
    """Signed comments on their way to those of their bands that share a partition."""

    sightings: tuple[Sighting, ...]


class Matched(msgspec.Struct, frozen=True, tag="matched"):
    """Two groups are one."""

    match: Match


class Forgotten(msgspec.Struct, frozen=True, tag="forgotten"):
    """An author is to be erased from every state of the partition."""

    author_id: str


_encoder = msgspec.json.Encoder()


def encode(message: Replied | Turned | TakenBack | Sighted | Matched | Forgotten) -> bytes:
    """The message as UTF-8 JSON."""
    return _encoder.encode(message)


class Reader:
    """Decodes the messages of one topic."""

    def __init__(self, *kinds: type[Any]) -> None:
        union: Any = kinds[0]
        for kind in kinds[1:]:
            union = union | kind
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(union)

    def __call__(self, value: bytes | None) -> Any:
        """Read a message; RecordError when it is none of this topic's."""
        if value is None:
            raise RecordError("tombstone", "an internal topic holds no tombstones")
        try:
            return self._decoder.decode(value)
        except msgspec.ValidationError as error:
            raise RecordError("wrong_type", str(error)) from error
        except UnicodeDecodeError as error:
            raise RecordError("not_utf8", f"byte {error.start} is not UTF-8") from error
        except RecursionError as error:
            raise RecordError("too_deep", CODES["too_deep"]) from error
        except msgspec.DecodeError as error:
            raise RecordError("not_json", str(error)) from error


replies = Reader(Replied, Forgotten)
rejections = Reader(Turned, TakenBack, Forgotten)
sightings = Reader(Sighted, Forgotten)
matches = Reader(Matched, Forgotten)
