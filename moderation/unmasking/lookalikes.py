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

from confusable_homoglyphs import categories, confusables

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
_LOOSE: Final[dict[str, str]] = dict(
    zip(
        "\u043a\u0442\u043c\u043d\u0432\u043f\u0438\u0433\u03ba\u03c4\u03b7\u03b5",
        "ktmhbnurktne",
        strict=True,
    )
)
"""Small letters that the standard keeps apart but readers do not."""
_PHONETIC: Final = str.maketrans(
    "\u0131\u0251\u0261\u026a\u0262\u0274\u0280\u0299\u029c\u029f\ua730\ua731", "iagignrbhlfs"
)
"""Letters of phonetics and of Turkish: the rule in real words, so they prove nothing."""
_NAMED: Final = re.compile(r"(?:CAPITAL|SMALL)(?: LETTER)? ([A-Z])$")

_WORD: Final = re.compile(f"(?:[^\\W_]|[{ORNAMENTS}\u0300-\u036f])+")
_PLAIN: Final = re.compile("[A-Za-z]")
_MARKS: Final = re.compile("[\u0300-\u036f]")
_EAST_ASIAN: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SYMBOL: Final = re.compile("(?<=[A-Z])[\u03b1-\u03c9]|[\u03b1-\u03c9](?=[A-Z])")
"""A small Greek letter beside a capital: NF\u03baB, TNF\u03b1."""
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
    alphabets = {ord(letter): plain for letter, plain in _LOOSE.items()}
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


class _Reading(NamedTuple):
    word: re.Match[str]
    plain: str
    """Empty for a word that is what it looks like."""
    sure: bool
    """It mixes letters in a way that no language does."""


def mixed_words(text: str) -> Iterator[Edit]:
    """Words with letters of another alphabet among Latin ones, and abusive words in disguise."""
    found = [_read(match) for match in _WORD.finditer(text) if not match.group().isascii()]
    foreign = any(not each.plain and _FOREIGN.search(each.word.group()) for each in found)
    east_asian = _EAST_ASIAN.search(text) is not None
    accented = sum(not _FOREIGN.search(each.word.group()) for each in found)
    sure = not (foreign or east_asian) and any(each.sure for each in found)
    for each in found:
        start, word = each.word.start(), each.word.group()
        bare = _bare(each.plain or word)
        known = bare.lower() in lexicon().words
        if known and (each.plain or (accented == 1 and bare.lower() not in _NO_MASK)):
            if len(bare) == len(word):
                yield same_length(start, bare, "homoglyph")
            else:
                yield _without_marks(start, word, bare)
        elif each.plain and sure:
            yield same_length(start, each.plain, "homoglyph")


def _read(match: re.Match[str]) -> _Reading:
    word = match.group()
    tables = _tables()
    plain = word.translate(tables.alphabets).translate(tables.ornaments)
    letters = [char for char in plain if char.isalpha()]
    if plain == word or _SYMBOL.search(word) or not all(map(_is_latin, letters)):
        return _Reading(match, "", sure=False)
    mixed = _PLAIN.search(word) is not None
    ornate = not _FOREIGN.search(word)
    least = _LEAST_MIXED if mixed else _LEAST_LETTERS
    return _Reading(match, plain, sure=len(letters) >= least and (mixed or ornate))


def _is_latin(letter: str) -> bool:
    return letter.isascii() or "LATIN" in unicodedata.name(letter, "")


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
