"""The records of the contract as types: article, comment, scored, judged, decided.

A record is UTF-8 JSON. Unknown fields are left aside; whatever else departs from the contract
raises `RecordError` with one of the `CODES`.
"""

import json
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, Protocol, TypeVar

import msgspec

from moderation.errors import RecordError
from moderation.scoring.protocol import Span
from moderation.trolling.logistic import Contribution

CODES: Final[dict[str, str]] = {
    "tombstone": "the record has no value",
    "empty": "the value is empty or only white space",
    "not_utf8": "the value is not UTF-8",
    "bad_unicode": "a text holds a lone surrogate, which is no character",
    "not_json": "the value is not JSON",
    "too_deep": "the JSON is nested too deeply",
    "too_long": "a text is longer than the contract allows",
    "out_of_range": "a number is outside its range",
    "wrong_type": "a field has another type than the contract says",
    "missing_field": "a required field is absent or empty",
    "unknown_schema": "`schema` is a version that this worker does not know",
    "wrong_topic": "the record belongs to another topic",
    "scoring_failed": "a scorer fails on this text each time",
    "refused_by_broker": "the broker refuses the result, for instance because it is too large",
}
"""Every dead-letter code, with what it means."""

SCHEMA: Final = 1
MAX_TEXT: Final = 10_000
MAX_ARTICLE_TEXT: Final = 500_000
MAX_REVISION: Final = 2**31 - 1

Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
ShortText = Annotated[str, msgspec.Meta(max_length=1_000)]
LongText = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
Revision = Annotated[int, msgspec.Meta(ge=0, le=MAX_REVISION)]


class Article(msgspec.Struct, omit_defaults=True):
    """The article that a thread belongs to."""

    id: Identifier
    title: ShortText = ""
    text: Annotated[str, msgspec.Meta(max_length=MAX_ARTICLE_TEXT)] = ""
    """Paragraphs joined by newlines."""
    section: ShortText = ""
    url: Annotated[str, msgspec.Meta(max_length=4_000)] = ""
    published_at: ShortText = ""
    schema: int = SCHEMA


class Comment(msgspec.Struct, omit_defaults=True):
    """A reader's comment as a producer sends it."""

    id: Identifier
    article_id: Identifier
    author_id: Identifier
    text: LongText
    author_name: ShortText = ""
    parent_id: Annotated[str, msgspec.Meta(max_length=256)] = ""
    parent_text: LongText = ""
    created_at: ShortText = ""
    section: ShortText = ""
    lang: Annotated[str, msgspec.Meta(max_length=64)] = ""
    author_since: ShortText = ""
    """When the author's account was made, RFC 3339, if the site tells."""
    revision: Revision = 0
    schema: int = SCHEMA

    @property
    def item_id(self) -> str:
        """Identity of everything that follows from this revision of this comment."""
        return f"{self.id}#{self.revision}"


class Source(msgspec.Struct, frozen=True):
    """Where in Kafka an input stands."""

    topic: str
    partition: int
    offset: int


class Utterance(msgspec.Struct, frozen=True, omit_defaults=True):
    """What somebody said before in the same thread, for a moderator to read."""

    id: str
    """Comment id."""
    author_id: str
    text: str
    """At most 500 characters; a longer one is cut, with an ellipsis."""
    author_name: str = ""


class Context(msgspec.Struct, omit_defaults=True):
    """What was known around the comment when it was scored."""

    article: Literal["present", "missing"] = "missing"
    parent: Literal["present", "missing", "none"] = "none"
    thread: int = 0
    """Earlier comments of the thread at hand."""
    conversation: list[Utterance] = []
    """Of flagged comments: the one that it answers, if at hand, and the latest three before it."""


class Conduct(msgspec.Struct, frozen=True):
    """What an author's history says, with this comment in it; its score is `troll`."""

    nature: Literal["habit", "circumstance", "none"]
    """Whether it is how the author acts anywhere, or the tone of the threads it stands in."""
    contributions: list[Contribution]
    """The three largest, up or down, the strongest first."""


class Forecast(msgspec.Struct, frozen=True):
    """Whether the thread is about to derail, with this comment in it."""

    heat: float
    """0..1."""
    before: float
    """The same before this comment."""
    tipped: str = ""
    """Id of the comment that made the thread hot, while it is."""
    detail: str = ""
    """A sentence for a moderator."""


class Scored(msgspec.Struct):
    """A comment with its content scores; what `comments.scored` holds."""

    comment: Comment
    scores: dict[str, float]
    models: dict[str, str]
    source: Source
    arrived_at: float
    """When the comment came to Kafka, in seconds since the epoch."""
    context: Context
    evidence: list[Span] = []
    details: dict[str, str] = {}
    detected_lang: str = ""
    """ISO 639 code, `und` when it cannot be told; empty when no scorer needed to know."""
    unsupported: list[str] = []
    """Scorers that do not know the language: what they score is missing, not 0."""
    possible_bias: list[str] = []
    passages: dict[str, str] = {}
    forecast: Forecast | None = None
    parent_author: str = ""
    """Who wrote the comment that this one answers, if that is known."""
    campaign: str = ""
    """The campaign that the text is known to belong to."""
    schema: int = SCHEMA


class Reason(msgspec.Struct, omit_defaults=True):
    """Why a comment goes to review, or what is shown beside it."""

    code: str
    score: float
    threshold: float
    detail: str = ""
    """A sentence for a moderator."""
    possible_bias: bool = False
    """The score falls below the threshold when an identity term is exchanged for another."""
    passage: str = ""
    """The nearest passage of the article, where the reason is that it is far."""


Decision = Literal["allow", "review"]


class Judged(msgspec.Struct, kw_only=True):
    """The ledger's terminal record for an input; flagged ones go to `comments.review` as well."""

    id: str
    item_id: str
    article_id: str
    author_id: str
    text: str
    author_name: str = ""
    parent_id: str = ""
    parent_text: str = ""
    created_at: str = ""
    section: str = ""
    lang: str = ""
    """What the producer said."""
    revision: int = 0
    scores: dict[str, float]
    detected_lang: str = ""
    unsupported: list[str] = []
    """As in `Scored`."""
    decision: Decision
    reasons: list[Reason]
    shown: list[Reason] = []
    """Scores that the policy shows a moderator but does not flag for."""
    evidence: list[Span] = []
    priority: float
    conduct: Conduct | None = None
    """None where no history is kept of authors."""
    forecast: Forecast | None = None
    """None where no heat of threads is kept."""
    campaign: str = ""
    """The campaign that the text is known to belong to; the topic `campaigns` tells later ones."""
    models: dict[str, str]
    policy: str
    context: Context
    source: Source
    arrived_at: float
    judged_at: str
    schema: int = SCHEMA


class Anchor(msgspec.Struct, frozen=True):
    """An entry of the review log, told outside of its database."""

    number: int
    hash: str


class Decided(msgspec.Struct, kw_only=True):
    """What a moderator decided on a comment; what `moderation.decisions` holds."""

    decision_id: str
    """The same in each repetition of this record."""
    id: Identifier
    """Comment id."""
    item_id: str
    revision: int
    article_id: str
    author_id: Identifier
    section: str = ""
    decision: Literal["approve", "reject", "ban_suggest", "reopen"]
    """`ban_suggest` is a rejection; `reopen` takes one back and settles nothing."""
    reason: str = ""
    """Reason code of a rejection."""
    moderator: str
    decided_at: str
    flagged: dict[str, float] = {}
    """The reasons for which the comment went to review, with their scores."""
    policy: str = ""
    models: dict[str, str] = {}
    campaign: str = ""
    heat_before: float | None = None
    """The thread's forecast before the comment, if it is known."""
    source: Source | None = None
    """Where the comment came in."""
    takes_back: str = ""
    """The decision that this one replaces."""
    log: Anchor
    schema: int = SCHEMA


_article = msgspec.json.Decoder(Article)
_comment = msgspec.json.Decoder(Comment)
_scored = msgspec.json.Decoder(Scored)
_judged = msgspec.json.Decoder(Judged)
_decided = msgspec.json.Decoder(Decided)
_encoder = msgspec.json.Encoder()


class Versioned(Protocol):
    """A record that says which version of the contract it follows."""

    @property
    def schema(self) -> int:
        """The version."""
        ...


_Record = TypeVar("_Record", bound=Versioned)


def encode(record: Article | Comment | Scored | Judged | Decided) -> bytes:
    """The record as UTF-8 JSON, `schema` always in it."""
    if isinstance(record, Article | Comment):
        return _encoder.encode(msgspec.structs.asdict(record) | {"schema": record.schema})
    return _encoder.encode(record)


def decode_article(value: bytes | None) -> Article:
    """Read an article; RecordError otherwise."""
    return decoded(value, _article.decode)


def decode_comment(value: bytes | None) -> Comment:
    """Read a comment; RecordError otherwise."""
    return decoded(value, _comment.decode)


def decode_scored(value: bytes | None) -> Scored:
    """Read a scored comment; RecordError otherwise."""
    return decoded(value, _scored.decode)


def decode_judged(value: bytes | None) -> Judged:
    """Read a judged comment; RecordError otherwise."""
    return decoded(value, _judged.decode)


def decode_decided(value: bytes | None) -> Decided:
    """Read a moderator's decision; RecordError otherwise."""
    return decoded(value, _decided.decode)


def decoded(value: bytes | None, decode: Callable[[bytes], _Record]) -> _Record:
    """Read a record with the decoder of its type; RecordError otherwise."""
    if value is None:
        raise RecordError("tombstone", CODES["tombstone"])
    if not value.strip():
        raise RecordError("empty", CODES["empty"])
    try:
        # msgspec does not look into fields that it skips, so the whole value is checked here.
        value.decode("utf-8")
        record = _null_is_absent(value, decode)
    except UnicodeDecodeError as error:
        raise RecordError("not_utf8", f"byte {error.start} is not UTF-8") from error
    except RecursionError as error:
        raise RecordError("too_deep", CODES["too_deep"]) from error
    except msgspec.ValidationError as error:
        raise _classified(value, str(error)) from error
    except msgspec.DecodeError as error:
        code = "bad_unicode" if _has_lone_surrogate(value) else "not_json"
        raise RecordError(code, str(error)) from error
    if record.schema != SCHEMA:
        raise RecordError("unknown_schema", f"schema {record.schema} is not {SCHEMA}")
    return record


def _null_is_absent(value: bytes, decode: Callable[[bytes], _Record]) -> _Record:
    """Decode; a field that is null counts as absent, since many producers write it so."""
    try:
        return decode(value)
    except msgspec.ValidationError as error:
        if "got `null`" not in str(error):
            raise
        fields = {key: field for key, field in _fields(value).items() if field is not None}
        if not fields:
            raise
        return decode(msgspec.json.encode(fields))


def _classified(value: bytes, message: str) -> RecordError:
    """Give msgspec's message its dead-letter code."""
    fields = _fields(value)
    schema = fields.get("schema", SCHEMA)
    if isinstance(schema, int) and schema != SCHEMA:
        return RecordError("unknown_schema", f"schema {str(schema)[:20]} is not {SCHEMA}")
    if "missing required field" in message:
        # A record that has another record's required fields came to the wrong topic.
        if {"scores", "source"} <= fields.keys() or (
            "id" in fields and {"title", "url", "published_at"} & fields.keys()
        ):
            return RecordError("wrong_topic", f"{message}; it looks like another topic's record")
        return RecordError("missing_field", message)
    if "of length >= 1" in message:
        return RecordError("missing_field", message)
    if "of length <=" in message:
        return RecordError("too_long", message)
    if "out of range" in message or ">=" in message or "<=" in message:
        return RecordError("out_of_range", message)
    return RecordError("wrong_type", message)


def _fields(value: bytes) -> dict[str, Any]:
    fields: Any = None
    try:
        fields = msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        # The typed decoder met the error first; without the fields the message alone decides.
        return {}
    return fields if isinstance(fields, dict) else {}


def _has_lone_surrogate(value: bytes) -> bool:
    try:
        json.dumps(json.loads(value), ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    except (ValueError, RecursionError):
        return False
    return False
