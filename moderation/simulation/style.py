"""How somebody writes, whatever it is about: habits of spelling and punctuation."""

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

Habit: TypeAlias = Callable[[str], str]
Style: TypeAlias = tuple[Habit, ...]


# Not the dot of an initial, which belongs to a name.
_SENTENCE_END: Final = re.compile(r"(?<=[a-z0-9])\. ")


def lower(text: str) -> str:
    """No capitals."""
    return text.lower()


def trailing_off(text: str) -> str:
    """Dots... between sentences..."""
    return _SENTENCE_END.sub("... ", text)


def exclaiming(text: str) -> str:
    """The last sentence is always an exclamation."""
    return text.removesuffix(".") + "!!" if text.endswith(".") else text


def ampersand(text: str) -> str:
    """& for and."""
    return text.replace(" and ", " & ")


def no_apostrophe(text: str) -> str:
    """Dont, cant, wont."""
    return text.replace("'", "")


def no_full_stop(text: str) -> str:
    """Nothing at the end."""
    return text.removesuffix(".")


def spaced(text: str) -> str:
    """A space before ! and ? , as on an old typewriter ."""
    return text.replace("!", " !").replace("?", " ?")


def dashes(text: str) -> str:
    """Commas are dashes - all of them."""
    return text.replace(", ", " - ")


HABITS: Final[Sequence[Habit]] = (
    lower,
    trailing_off,
    exclaiming,
    ampersand,
    no_apostrophe,
    no_full_stop,
    spaced,
    dashes,
)


def dress(text: str, style: Style) -> str:
    """The text as somebody of this style would type it."""
    for habit in style:
        text = habit(text)
    return text
