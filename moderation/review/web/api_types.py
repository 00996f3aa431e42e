"""What the API takes and gives: the one description from which both checks and document come."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from moderation.review.decided import Entered
from moderation.review.models import Action
from moderation.review.views import ItemView

# A NUL cannot be stored.
_PLAIN = r"^[^\x00]*$"
Text = Annotated[str, msgspec.Meta(max_length=256, pattern=_PLAIN)]
Note = Annotated[str, msgspec.Meta(max_length=2_000, pattern=_PLAIN)]
Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=_PLAIN)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=200)]
Version = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e10)]
Priority = Annotated[float, msgspec.Meta(ge=0, le=1)]


class _Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whatever is not described is refused, so that a misspelt filter does not widen a list."""


class Narrowing(_Asked, frozen=True):
    """Which items; what is not given does not narrow."""

    state: Literal["open", "escalated"] = "open"
    """Escalated items are for leads."""
    reason: Text = ""
    section: Text = ""
    article_id: Text = ""
    author_id: Text = ""
    """That somebody looks an author up is logged."""
    campaign: Text = ""
    older_than: Seconds | UnsetType = UNSET
    """Seconds since arrival."""
    younger_than: Seconds | UnsetType = UNSET
    least: Priority | UnsetType = UNSET
    """Least score of `reason`, or least priority where no reason is given."""
    most: Priority | UnsetType = UNSET
    words: Text = ""
    """Words that the text or the author's name has, all of them."""


class ListItems(Narrowing, frozen=True):
    """A page of the queue."""

    limit: Limit = 50
    after: Text = ""
    """`next` of the page before."""


class ClaimNext(Narrowing, frozen=True):
    """Which item to claim."""

    besides: Annotated[list[Identifier], msgspec.Meta(max_length=100)] = []
    """Comments that are held already and not wanted again."""


class Nothing(_Asked, frozen=True):
    """No body is needed."""


class Decide(_Asked, frozen=True):
    """A decision on one item."""

    version: Version
    """The version that was seen."""
    action: Action
    reason: Text = ""
    """Reason code; rejections need one."""
    note: Note = ""
    despite_precedent: bool = False
    """It goes against one's own earlier decision on the same words, and is meant."""


class DecideMany(_Asked, frozen=True):
    """A decision on many items at once."""

    versions: Annotated[dict[Identifier, Version], msgspec.Meta(max_length=1_000)]
    """The version that was seen, by comment id."""
    confirmed: Annotated[int, msgspec.Meta(ge=0, le=1_000)]
    """How many items they are."""
    action: Action
    reason: Text = ""
    note: Note = ""


class Reopen(_Asked, frozen=True):
    """Why a decided item is opened again."""

    note: Note = ""


class ListDecisions(_Asked, frozen=True):
    """Which decisions, the latest first."""

    person: Text = ""
    action: Text = ""
    reason: Text = ""
    section: Text = ""
    author_id: Text = ""
    """That somebody looks an author up is logged."""
    since: Seconds | UnsetType = UNSET
    """Seconds since the epoch."""
    until: Seconds | UnsetType = UNSET
    limit: Limit = 50
    after: Text = ""
    """`next` of the page before."""


class Export(_Asked, frozen=True):
    """Which form of the log."""

    format: Literal["csv", "jsonl"] = "jsonl"
    comment_id: Text = ""


class Items(msgspec.Struct, frozen=True):
    """Items in queue order."""

    items: list[ItemView]
    next: str | None
    """Where the next page begins; null at the end."""


class Decisions(msgspec.Struct, frozen=True):
    """Decisions, the latest first."""

    decisions: list[Entered]
    next: str | None


class Claimed(msgspec.Struct, frozen=True):
    """What was claimed; null when nothing waits."""

    item: ItemView | None


class Released(msgspec.Struct, frozen=True):
    """How many claims were given up."""

    released: int
