"""What a moderator may set for themselves."""

from typing import Annotated, Literal

import msgspec

Theme = Literal["auto", "light", "dark"]


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """How the console behaves for one person."""

    blur: bool = True
    """The worst spans are blurred until asked for."""
    theme: Theme = "auto"
    break_minutes: Annotated[int, msgspec.Meta(ge=0, le=480)] = 50
    """A break is suggested after so long; 0: never."""
    interleave: bool = True
    """Mild items come between harsh ones."""
    shortcuts: bool = True
    """Single keys act."""
