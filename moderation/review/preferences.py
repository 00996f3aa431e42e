"""What a moderator may set about the console, each person for themselves."""

from typing import Annotated, Literal

import msgspec


class Preferences(msgspec.Struct, frozen=True):
    """Every field has a default, so that an older record is read."""

    blur: bool = True
    """Cover the worst words until they are asked for."""
    theme: Literal["auto", "light", "dark"] = "auto"
    break_minutes: Annotated[int, msgspec.Meta(ge=0, le=480)] = 50
    """Minutes of activity after which a break is suggested; 0: never."""
    interleave: bool = True
    """Put a mild item between several harsh ones."""
    shortcuts: bool = True
    """Single keys decide."""
