"""The truth beside the simulated records: what each comment is part of, and who each author is."""

from typing import Literal, TypeAlias

import msgspec

Behaviour: TypeAlias = Literal[
    "regular",
    "angry",
    "sarcastic",
    "flood",
    "campaign",
    "brigade",
    "sock_puppet",
    "flame_war",
    "provocation",
    "provoked",
]
"""What a comment is part of; `provoked` answers a provocation."""

Kind: TypeAlias = Literal[
    "regular",
    "angry",
    "sarcastic",
    "flooder",
    "campaigner",
    "brigader",
    "sock_puppet",
    "provocateur",
]
"""Who an author is; the first three are honest, whatever they write in a flame war."""

HONEST: frozenset[Kind] = frozenset({"regular", "angry", "sarcastic"})

Quotes: TypeAlias = Literal["article", "saying", "joke", "first"]
"""Words that honest people share: a sentence of the article, a saying, an old joke, "first!"."""


class CommentLabel(msgspec.Struct, frozen=True, kw_only=True, tag_field="of", tag="comment"):
    """The truth about a comment."""

    id: str
    article_id: str
    author_id: str
    behaviour: Behaviour
    toxic: bool
    """It holds an insult."""
    campaign: str | None = None
    """The group of near-identical texts that it belongs to, sock puppets' groups among them."""
    flame_war: str | None = None
    brigade: str | None = None
    quotes: Quotes | None = None


class AuthorLabel(msgspec.Struct, frozen=True, kw_only=True, tag_field="of", tag="author"):
    """The truth about an author; comes before the author's first comment."""

    id: str
    kind: Kind
    group: str | None = None
    """The campaign, brigade or group of sock puppets that the account belongs to."""


Label: TypeAlias = CommentLabel | AuthorLabel

_decoder: msgspec.json.Decoder[CommentLabel | AuthorLabel] = msgspec.json.Decoder(
    CommentLabel | AuthorLabel
)


def decode_label(line: bytes) -> Label:
    """Read a line of a labels file; msgspec.DecodeError when it is none."""
    return _decoder.decode(line)
