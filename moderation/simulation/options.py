"""What a simulation is asked for."""

import hashlib
from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes and mixture of a simulation; the same options give the same stream, to the byte."""

    comments: int = 10_000
    authors: int = 1_000
    """At most; who never writes does not appear."""
    articles: int = 40
    seed: int = 1
    start: str = "2026-03-02T06:00:00+00:00"
    """RFC 3339; the day's rhythm follows its time zone."""
    days: float = 7.0
    angry: Share = 0.05
    """Share of the honest authors who are angry, without insulting anybody."""
    sarcastic: Share = 0.05
    flooders: Count = 3
    campaigns: Count = 2
    edit_rate: Share = 0.15
    """Largest share of a pasted text's words that a copy changes."""
    brigades: Count = 1
    sock_puppets: Count = 1
    """Groups: people who write under several names each."""
    flame_wars: Count = 1
    provocateurs: Count = 2

    @property
    def tag(self) -> str:
        """Six hex digits that begin every id, so that two simulations do not share ids."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:6]
