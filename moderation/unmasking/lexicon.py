"""The words that masks hide. A word not listed here is never guessed."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

SHORTEST: Final = 4
"""Letters. Shorter words are read only where no ordinary word or figure looks like them."""


class Lexicon(NamedTuple):
    """Words in lower case, letters only."""

    words: frozenset[str]
    swearing: frozenset[str]
    """Words that many people soften out of politeness; the others attack somebody."""
    compounds: frozenset[str]
    """Words as they may be hyphenated, such as `half-wit`."""
    by_start: dict[tuple[str, int], tuple[str, ...]]
    """Words by first letter and length, likeliest first."""
    by_letter: dict[str, tuple[str, ...]]
    """Words by first letter, likeliest first."""


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Read `abusive_words.txt` once."""
    content = (files(__package__) / "abusive_words.txt").read_text("utf-8")
    sections = dict(_sections(content))
    spelt = [word for section in sections.values() for word in section]
    known = list(dict.fromkeys(word.replace("-", "") for word in spelt))
    by_start: dict[tuple[str, int], tuple[str, ...]] = {}
    by_letter: dict[str, tuple[str, ...]] = {}
    for word in known:
        key = word[0], len(word)
        by_start[key] = (*by_start.get(key, ()), word)
        by_letter[word[0]] = (*by_letter.get(word[0], ()), word)
    return Lexicon(
        frozenset(known),
        frozenset(word.replace("-", "") for word in sections["swearing"]),
        frozenset(word for word in spelt if "-" in word),
        by_start,
        by_letter,
    )


def _sections(content: str) -> Iterator[tuple[str, list[str]]]:
    for name, body in re.findall(r"^\[(\w+)\]\n(.*?)(?=^\[|\Z)", content, re.MULTILINE | re.DOTALL):
        lines = [line.split() for line in body.splitlines() if line.strip()]
        yield name, [stem + ending for stem, *endings in lines for ending in ("", *endings)]


def look_up(pattern: Sequence[str]) -> str:
    """The first word whose letter at each place is among `pattern`'s there, or the empty string."""
    for first in pattern[0] if pattern else "":
        for word in lexicon().by_start.get((first, len(pattern)), ()):
            if all(letter in allowed for letter, allowed in zip(word, pattern, strict=True)):
                return word
    return ""
