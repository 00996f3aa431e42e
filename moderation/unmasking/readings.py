"""Ways to read a token as an abusive word.

Each takes a token in lower case and returns the word, or the empty string where it is none.
"""

import re
from itertools import product
from typing import Final

from moderation.unmasking.lexicon import SHORTEST, lexicon, look_up

LEET: Final[dict[str, str]] = {
    "0": "o",
    "1": "il",
    "3": "e",
    "4": "a",
    "5": "s",
    "6": "g",
    "7": "t",
    "8": "b",
    "9": "g",
    "@": "a",
    "$": "s",
    "!": "il",
    "|": "il",
    "+": "t",
    "\u20ac": "e",
    "\u00a3": "l",
    "\u00a2": "c",
    "\u00a7": "s",
    "\u00a1": "i",
}
"""What figures and signs look like."""
GAPS: Final = ".,\\-_*\u00b7\u2022~/|+"
"""For a character class: what may stand between letters."""
SIGNS: Final = "@$!|+*#%~^&?.\\-_\\\\\u00a1\u00a2\u00a3\u00a7\u00b7\u20ac\u2022\u25cf\u2588"
"""For a character class: what may stand in a masked word, figures and apostrophes apart."""

_ANY: Final = "abcdefghijklmnopqrstuvwxyz"
_VOWELS: Final = "aeiou"
_BLOTS: Final = "*#%~^\u2022\u25cf\u2588"
"""Each stands for any letter."""
_VOWEL_BLOTS: Final = "-_.?&'\u2019@$!+"
"""Each stands for a vowel; several dashes for any letters."""
_BLOT_RUN: Final = re.compile(r"([\-_])\1+|.", re.DOTALL)
_OUTLINE: Final = re.compile(r"([*#%]+)")
_GAP: Final = re.compile(f"[{GAPS}]+")
_REPEATED: Final = re.compile(r"([a-z])\1\1+")
_FIGURE: Final = re.compile("[0-9]")
_SHORT: Final = frozenset({"ass", "fag"})
_OUTLINED: Final = frozenset({"cunt", "slut", "twat"})
"""Known by their first and last letters, as swear words are."""
_LEAST_SEEN: Final = 2
_LEAST_OUTLINE: Final = 3
_MOST_FIGURES: Final = 1.5
"""Figures for each letter: `1d10t` is a word, `a55` a road or a telephone."""
_MOST_RUNS: Final = 4
_MOST_HIDDEN: Final = 5


def figures(token: str) -> str:
    """Figures and signs that look like letters: `1d10t`, `$tupid`."""
    letters, numbers = sum(map(str.isalpha, token)), len(_FIGURE.findall(token))
    if numbers > _MOST_FIGURES * letters:
        return ""
    word = look_up([LEET.get(char, char) for char in token])
    return word if len(word) >= SHORTEST or (word in _SHORT and not numbers) else ""


def blots(token: str) -> str:
    """Signs in place of letters: `f*ck`, `m@ron`, `sh**`.

    The first letter must stand, and the last one or at least half of all.
    """
    pattern: list[str] = []
    for match in _BLOT_RUN.finditer(token):
        sign = match.group()
        if sign in _BLOTS or len(sign) > 1:
            pattern += [_ANY] * len(sign)
        elif sign in _VOWEL_BLOTS:
            pattern.append(_VOWELS + LEET.get(sign, ""))
        else:
            pattern.append(LEET.get(sign, sign))
    letters = sum(map(str.isalpha, token))
    if letters < _LEAST_SEEN or not token[0].isalpha() or token.isalnum():
        return ""
    # One sign after a word is a footnote's.
    if not token[-1].isalnum() and (2 * letters < len(token) or token[-2].isalnum()):
        return ""
    word = look_up(pattern)
    if len(word) < SHORTEST:
        return ""
    # Of four letters, two can be anything, a power such as `n**i` too, and a hyphen joins words.
    doubtful = len(word) == SHORTEST and (letters == _LEAST_SEEN or "-" in token)
    return "" if doubtful and word not in lexicon().swearing | _OUTLINED else word


def gaps(token: str) -> str:
    """Signs between letters: `i.d.i.o.t`, `fu_ck`. Hyphens of a compound are none."""
    pieces = [piece for piece in _GAP.split(token) if piece]
    whole = "".join(pieces)
    if whole == token or not lexicon().words.isdisjoint(pieces):
        return ""
    word = figures(whole)
    if len(word) < SHORTEST or _GAP.sub("-", token) in lexicon().compounds:
        return ""
    return word


def stretched(token: str) -> str:
    """Letters that stand three times or more: `stuuupid`."""
    between = _REPEATED.split(token)[::2]
    runs = _REPEATED.findall(token)
    if not 0 < len(runs) <= _MOST_RUNS:
        return ""
    for lengths in product((1, 2), repeat=len(runs)):
        spelt = [run * length for run, length in zip(runs, lengths, strict=True)]
        word = figures("".join(map("".join, zip(between, [*spelt, ""], strict=True))))
        if word:
            return word
    return ""


def outline(token: str) -> str:
    """Signs that stand for more or fewer letters than there are signs: `f*k`, `f**ing`."""
    if token == "f*k":  # noqa: S105
        return "fuck"
    first, *parts = _OUTLINE.split(token)
    visible = "".join([first, *parts[1::2]])
    if len(visible) < _LEAST_OUTLINE or not visible.isalpha() or not (first and parts):
        return ""
    if not parts[-1] or len(token) > 2 * max(map(len, lexicon().words)):
        return ""
    rest = (
        f"[a-z]{{1,{min(len(signs) + 2, _MOST_HIDDEN)}}}{letters}"
        for signs, letters in zip(parts[::2], parts[1::2], strict=True)
    )
    shape = re.compile(first + "".join(rest))
    known = filter(shape.fullmatch, lexicon().by_letter.get(first[0], ()))
    word = min(known, key=lambda word: abs(len(word) - len(token)), default="")
    return word if len(word) <= 2 * len(visible) else ""
