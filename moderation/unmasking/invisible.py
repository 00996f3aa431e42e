"""Characters that cannot be seen inside a word, and those that turn its letters round.

Only letters of scripts that need no joiners count: in Persian, Hindi or an emoji the same
characters are spelling. A mark at a word's edge or between words hides nothing.
"""

import re
from collections.abc import Iterator
from typing import Final

from moderation.unmasking.edits import Edit, rewrite

_LETTER: Final = "A-Za-z\u00c0-\u024f\u0370-\u03ff\u0400-\u052f\uff21-\uff5a"
_WORDLIKE: Final = _LETTER + "0-9@$!*"
_ZERO_WIDTH: Final = (
    "\u00ad\u034f\u115f\u1160\u180b-\u180e\u200b-\u200d\u2060-\u2064\u206a-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e01ef"
)
_BIDI: Final = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
INVISIBLE: Final = _ZERO_WIDTH + _BIDI
"""For a character class: what has no shape of its own."""

_BROKEN_WORD: Final = re.compile(f"[{_WORDLIKE}]+(?:[{INVISIBLE}]+[{_WORDLIKE}]+)+")
_HIDDEN: Final = re.compile(f"[{INVISIBLE}]+")
_AT_A_LETTER: Final = re.compile(f"[{_LETTER}][{INVISIBLE}]|[{INVISIBLE}][{_LETTER}]")
_OVERRIDE: Final = re.compile("([\u202d\u202e])([^\u202c-\u202e\n]*)\u202c?")
_LATIN: Final = re.compile("[A-Za-z]")
_RIGHT_TO_LEFT: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


def overrides(text: str) -> Iterator[Edit]:
    """Latin text whose direction is overridden (U+202D, U+202E), as it is shown."""
    for match in _OVERRIDE.finditer(text):
        start, end = match.span(2)
        if not _LATIN.search(text, start, end) or _RIGHT_TO_LEFT.search(text, start, end):
            continue
        places = list(range(start, end))
        if match[1] == "\u202e":
            places.reverse()
        plain = "".join(text[n] for n in places)
        yield Edit(*match.span(), plain, "bidi", [(n, n + 1) for n in places])


def broken_words(text: str) -> Iterator[Edit]:
    """Words with zero-width characters, soft hyphens or direction marks inside."""
    for match in _BROKEN_WORD.finditer(text):
        word = match.group()
        if _AT_A_LETTER.search(word):
            kind = "bidi" if re.search(f"[{_BIDI}]", word) else "zero_width"
            yield rewrite(match.start(), word, _HIDDEN.sub("", word), kind)
