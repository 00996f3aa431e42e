"""Letters that look like Latin ones: of other alphabets, and Unicode's ornamental copies.

Which letters look alike is the table of Unicode Technical Standard 39, "Unicode Security
Mechanisms", as the package confusable_homoglyphs has it. Real Cyrillic, Greek or Armenian text is
full of such letters, so only a word that mixes alphabets is taken for a masked one, or a word that
becomes an abusive one.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from string import ascii_letters
from typing import Final, NamedTuple

from moderation.unmasking.edits import Edit, same_length
from moderation.unmasking.lexicon import lexicon

ORNAMENTS: Final = (
    "\u2070-\u209c\u2100-\u214f\u24b6-\u24e9\uff21-\uff3a\uff41-\uff5a\u1d00-\u1d6a"
    "\U0001d400-\U0001d7ff\U0001f130-\U0001f149\U0001f150-\U0001f169\U0001f170-\U0001f189"
)
"""For a character class: where Unicode keeps copies of Latin letters."""
ALPHABETS: Final = "\u0370-\u03ff\u0400-\u052f\u0531-\u0587\u13a0-\u13f5\u2c80-\u2ce4"
"""For a character class: Greek, Cyrillic, Armenian, Cherokee, Coptic."""
_SCRIPTS: Final = frozenset({"GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC"})
_LOOSE: Final = str.maketrans(
    "\u043a\u0442\u043c\u043d\u0432\u043f\u0438\u0433\u03ba\u03c4\u03b7\u03b5", "ktmhbnurktne"
)
"""Small letters that the standard keeps apart but readers may not; enough for an abusive word."""
_PHONETIC: Final = str.maketrans(
    "\u0131\u0251\u0261\u026a\u0262\u0274\u0280\u0299\u029c\u029f\ua730\ua731", "iagignrbhlfs"
)
"""Letters of phonetics and of Turkish: the rule in real words, so they prove nothing."""
_NAMED: Final = re.compile(r"(?:CAPITAL|SMALL)(?: LETTER)? ([A-Z])$")

_WORD: Final = re.compile(f"(?:[^\\W_]|[{ORNAMENTS}\u0300-\u036f])+")
_PLAIN: Final = re.compile("[A-Za-z]")
_MARKS: Final = re.compile("[\u0300-\u036f]")
_EAST_ASIAN: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SYMBOL: Final = re.compile("(?<=[A-Z]{2})[\u03b1-\u03c9]|[\u03b1-\u03c9](?=[A-Z])")
"""A small Greek letter beside capitals: NF\u03baB, TNF\u03b1."""
_FOREIGN: Final = re.compile(f"[{ALPHABETS}]")
_LEAST_LETTERS: Final = 3
_LEAST_MIXED: Final = 4
_NO_MASK: Final = frozenset(
    "cretin cretins imbecile imbeciles pedophile pedophiles rape rapes hang die dies dead spic "
    "coon slag homo negro negros paki".split()
)
"""With accents these are words of other languages."""


class _Tables(NamedTuple):
    alphabets: dict[int, str]
    ornaments: dict[int, str]
    """What is written for style as often as to mask: bold, fullwidth, small capitals."""


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    # Imported late: it reads a megabyte of JSON, which plain text does not need.
    from confusable_homoglyphs import categories, confusables  # noqa: PLC0415

    alphabets: dict[int, str] = {}
    for plain in ascii_letters:
        for entry in confusables.confusables_data.get(plain, ()):
            letter = entry["c"]
            if len(letter) == 1 and categories.alias(letter) in _SCRIPTS:
                # The standard files capital I under l.
                capital = plain == "l" and letter.isupper()
                alphabets[ord(letter)] = "I" if capital else plain
    ornaments: dict[int, str] = {}
    for first, last in re.findall("(.)-(.)", ORNAMENTS):
        for code in range(ord(first), ord(last) + 1):
            plain = unicodedata.normalize("NFKC", chr(code))
            name = _NAMED.search(unicodedata.name(chr(code), ""))
            if len(plain) == 1 and plain in ascii_letters:
                ornaments[code] = plain
            elif name:
                small = "SMALL" in unicodedata.name(chr(code))
                ornaments[code] = name[1].lower() if small else name[1]
    return _Tables(alphabets, ornaments)


class _Word(NamedTuple):
    start: int
    shown: str
    plain: str
    """With Latin letters throughout; empty where they do not make it Latin."""
    sure: bool
    """It mixes letters in a way that no language does."""
    abusive: str
    """The word of the lexicon that it looks like; empty if none."""
    accented: bool
    """Nothing but accents and phonetic letters set it apart."""


def mixed_words(text: str) -> Iterator[Edit]:
    """Words with letters of another alphabet among Latin ones, and abusive words in disguise."""
    found = [_read(match) for match in _WORD.finditer(text) if not match.group().isascii()]
    foreign = _EAST_ASIAN.search(text) or any(
        _FOREIGN.search(word.shown) and not (word.plain or word.abusive) for word in found
    )
    certain = not foreign and any(word.sure for word in found)
    # Where one word has accents, many have: that is another language.
    accents = sum(word.accented for word in found)
    for word in found:
        harmless = (
            accents > 1 or word.abusive.lower() in _NO_MASK
            if word.accented
            else foreign and not _PLAIN.search(word.shown) and _FOREIGN.search(word.shown)
        )
        if word.abusive and not harmless:
            yield _without_marks(word.start, word.shown, word.abusive)
        elif word.plain and certain:
            yield same_length(word.start, word.plain, "homoglyph")


def _read(match: re.Match[str]) -> _Word:
    shown = match.group()
    tables = _tables()
    plain = shown.translate(tables.alphabets).translate(tables.ornaments)
    loose = plain.translate(_LOOSE)
    bare = _bare(loose)
    mixed = _PLAIN.search(shown) is not None
    least = _LEAST_MIXED if mixed else _LEAST_LETTERS
    if plain == shown or _SYMBOL.search(shown) or not _is_latin(plain):
        plain = ""
    return _Word(
        start=match.start(),
        shown=shown,
        plain=plain,
        sure=len(plain) >= least and (mixed or not _FOREIGN.search(shown)),
        abusive=bare if bare.lower() in lexicon().words else "",
        accented=loose == shown,
    )


def _is_latin(word: str) -> bool:
    return all(
        char.isascii() or "LATIN" in unicodedata.name(char, "") for char in word if char.isalpha()
    )


def _bare(word: str) -> str:
    """The word without accents, phonetic letters made plain."""
    return _MARKS.sub("", unicodedata.normalize("NFD", word)).translate(_PHONETIC)


def _without_marks(start: int, word: str, bare: str) -> Edit:
    places = [n for n, char in enumerate(word) if not _MARKS.match(char)]
    origins = [
        (start + left, start + right)
        for left, right in zip(places, [*places[1:], len(word)], strict=True)
    ]
    return Edit(start, start + len(word), bare, "homoglyph", origins)
