"""What may be decided, and what each decision comes to."""

from collections.abc import Mapping
from typing import Final

import msgspec

from moderation.errors import ReviewError
from moderation.review.models import Action, Outcome, State
from moderation.review.rules import REASONS

STATES: Final[Mapping[Action, State]] = {
    "approve": "approved",
    "reject": "rejected",
    "ban_suggest": "rejected",
    "escalate": "escalated",
    "skip": "open",
}
"""The state of an item after each action."""

OUTCOMES: Final[Mapping[str, Outcome]] = {
    "approve": "approve",
    "reject": "reject",
    "ban_suggest": "reject",
}
"""Actions that settle a comment: these are sent, get second looks and become precedent."""

_MAX_NOTE: Final = 2_000
_NOT_STORED: Final = "\x00"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decides on one item."""

    comment_id: str
    version: int
    """The version that the person has seen."""
    action: Action
    reason: str = ""
    """Reason code; rejections need one."""
    note: str = ""
    despite_precedent: bool = False
    """The person was asked, and means it."""


def require_valid(action: str, reason: str, note: str) -> None:
    """ReviewError when an action lacks what it needs."""
    if action not in STATES:
        raise ReviewError("unknown_action", f"{action!r} is none of {', '.join(STATES)}")
    if reason and reason not in REASONS:
        raise ReviewError("unknown_reason", f"{reason!r} is none of {', '.join(REASONS)}")
    if OUTCOMES.get(action) == "reject" and not reason:
        raise ReviewError("reason_required", "a rejection needs a reason code")
    if reason == "other" and not note.strip():
        raise ReviewError("note_required", "the reason `other` needs a note that says which")
    if len(note) > _MAX_NOTE:
        raise ReviewError("note_too_long", f"a note has at most {_MAX_NOTE:,} characters")
    if _NOT_STORED in note:
        raise ReviewError("bad_note", "a note holds no NUL character")
