"""What a newsroom may set about its queue, and who may do what."""

from typing import Annotated, Final, Literal

import msgspec

from moderation.trolling.toxicity import TOXIC

Role = Literal["moderator", "lead", "admin"]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]

ROLES: Final[tuple[Role, ...]] = ("moderator", "lead", "admin")
"""Each may do what those before it may."""
LEADS: Final[frozenset[Role]] = frozenset({"lead", "admin"})


class Person(msgspec.Struct, frozen=True):
    """Who acts."""

    name: str
    role: Role = "moderator"

    @property
    def leads(self) -> bool:
        """Whether escalated items, disagreements and reopening are this person's business."""
        return self.role in LEADS


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Times are seconds."""

    lease: float = 600.0
    """How long a claim holds without activity."""
    undo: float = 15.0
    """How long a decision can be undone; only then is it sent."""
    second_looks: Share = 0.05
    """Share of settled items that a second person sees, blind."""
    golden: Share = 0.02
    """Share of claims that get an item with a known answer, while there are any."""
    skips: Annotated[int, msgspec.Meta(ge=1)] = 3
    """So many people skip an item, and it is a lead's."""


REASONS: Final[dict[str, str]] = {
    "toxicity": "hostile or hurtful language",
    "severe_toxicity": "very hostile or hurtful language",
    "obscene": "obscene language",
    "threat": "a threat",
    "insult": "an insult",
    "identity_attack": "an attack on people for what they are",
    "sexual_explicit": "sexually explicit language",
    "evasion": "masked words, written to pass a filter",
    "sarcasm": "sarcasm meant to hurt or mislead",
    "off_topic": "a contribution that has nothing to do with the article or the discussion",
    "off_topic_joke": "a joke that has nothing to do with the article or the discussion",
    "troll": "repeated provocation",
    "campaign": "copies of one text posted in concert",
    "spam": "advertising or spam",
    "personal_data": "private information about a person",
    "illegal": "content that the law forbids",
    "other": "another breach of the rules of the discussion",
}
"""Reason codes of a rejection, in words that an author can be told."""

HOSTILE: Final[frozenset[str]] = frozenset({*TOXIC, "evasion"})
"""Codes of one family: a rejection for one of them says that the others were no false alarm."""


def confirms(rejected_for: str, code: str) -> bool:
    """Whether a rejection with this reason code says that flagging for `code` was right."""
    return rejected_for == code or {rejected_for, code} <= HOSTILE
