"""Abusive words with figures, signs, gaps or too many letters in place of their own.

Each of these has a hundred honest uses: prices, abbreviations, footnotes, markup, model numbers,
cheers. So nothing is read as a mask unless what comes out is a word of `abusive_words.txt`.
"""

import re
from collections.abc import Iterator
from typing import Final

from moderation.unmasking import readings
from moderation.unmasking.edits import Edit, rewrite, same_length
from moderation.unmasking.lexicon import SHORTEST, lexicon
from moderation.unmasking.readings import GAPS, SIGNS

_ONE: Final = "[A-Za-z0-9@$!]"
_GAP: Final = f"[\\s{GAPS}]{{1,3}}"

SUSPECT: Final = re.compile(
    # A figure or sign between letters, after them, or before them.
    f"[{SIGNS}0-9](?<=[A-Za-z].)[{SIGNS}0-9]*[A-Za-z]"
    "|[$*_\\-](?<=[A-Za-z].)(?:(?<=[$])|(?<=([*_\\-]))\\1)"
    "|[@$!|0-9](?<![A-Za-z0-9@$!|].)(?=[@$!|0-9]*[A-Za-z])"
    # Letters with gaps between them.
    f"|(?:^|[\\s\"'(\u201c{GAPS}])(?={_ONE}{_GAP}{_ONE}{_GAP}{_ONE}(?!\\w))"
    # Three times the same letter.
    "|([A-Za-z])\\2\\2"
)
"""What there must be for any guess. Signs are rare and come first, which makes it fast."""

_ELSEWHERE: Final = re.compile(
    r"`[^`\n]*`"
    r"|\b(?:https?|ftp)://\S+|\bwww\.\S+"
    r"|(?<![\w.\-])[\w.\-]{1,80}\.[a-z]{2,6}/\S*"
    r"|(?<![\w.+\-])[\w.+\-]{1,64}@[\w\-]{1,60}(?:\.[\w\-]{2,30}){1,3}"
)
"""Code and addresses: signs mean something else there."""
_EMPHASIS: Final = re.compile(
    r"(?<![\w*])(\*)(?=[^\s*])[^*\n]{0,300}[^\s*]\*(?![\w*])"
    r"|(?<![\w*])(\*{2,3})(?=[^\s*])(?:[^*\n]|\*(?!\*)){1,300}\2(?![\w*])"
    r"|(?<![\w_])(_{1,3})(?=[^\s_])[^_\n]{0,300}[^\s_]\3(?![\w_])"
)
_TOKEN: Final = re.compile(f"(?<!\\w)[A-Za-z0-9{SIGNS}'\u2019]+(?!\\w)")
_PIECE: Final = re.compile("[^.?&|+/~^\\-_]+")
_EDGE: Final = ".,?-_~&+#%^'\u2019\\"
"""Punctuation around a token."""
_AFTER_WORD: Final = re.compile("[0-9$@!|+*]+$")
_GENITIVE: Final = re.compile("['\u2019]s$")
_NUMBER_PLATE: Final = re.compile("(?=.*[0-9].*[0-9])[A-Z0-9]{4}")
_SPELT: Final = re.compile(f"(?<![\\w@$]){_ONE}(?:{_GAP}{_ONE})+(?![\\w'\u2019])")
_BETWEEN: Final = re.compile(
    r"(?:a|i|u|r|y|am|you|your|youre|yourself|are|off|the|this|up|my|so|is|it)*"
)
"""Words that may be spelt out along with an abusive one."""
_LONGEST: Final = 16
"""Letters of a spelt word, and of what may stand between two."""
_CONVENTION: Final = re.compile(r"(?<![\w*\-])(?:[fF](?:\*{3}|-{3}|_{3})|[sS]\*{3})(?![\w*\-])")
_CONVENTIONS: Final = {"f": "fuck", "s": "shit"}


def guesses(text: str) -> Iterator[Edit]:
    """Masked words, each as the abusive word that it most likely is, in the order of the text."""
    page = _ELSEWHERE.sub(lambda match: " " * len(match.group()), text)
    page = _EMPHASIS.sub(_without_emphasis, page)
    edits = [*_conventional(page), *_spelt_out(page), *_tokens(page)]
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
        if edit.start >= done:
            yield edit
            done = edit.end


def _without_emphasis(match: re.Match[str]) -> str:
    marks = len(match[1] or match[2] or match[3])
    return " " * marks + match.group()[marks:-marks] + " " * marks


def _conventional(page: str) -> Iterator[Edit]:
    """`f***` and its kind: too little to read, but everybody does."""
    for match in _CONVENTION.finditer(page):
        word = _CONVENTIONS[match.group()[0].lower()]
        yield same_length(match.start(), _cased(word, match.group()), "masked")


def _spelt_out(page: str) -> Iterator[Edit]:
    """Letters with gaps between them."""
    for match in _SPELT.finditer(page):
        places = [n for n in range(*match.span()) if page[n].isalnum() or page[n] in "@$!"]
        letters = "".join(page[n] for n in places)
        words = list(_words_in(letters))
        rest, done = [], 0
        for first, word in words:
            rest.append(letters[done:first].lower())
            done = first + len(word)
        rest = [gap for gap in [*rest, letters[done:].lower()] if gap]
        if rest and not re.search(r"\s", match.group()):
            continue
        if not all(len(gap) <= _LONGEST and _BETWEEN.fullmatch(gap) for gap in rest):
            continue
        for first, word in words:
            chosen = places[first : first + len(word)]
            plain = _cased(word, letters[first : first + len(word)])
            origins = [(n, n + 1) for n in chosen]
            yield Edit(chosen[0], chosen[-1] + 1, plain, "spaced", origins)


def _words_in(letters: str) -> Iterator[tuple[int, str]]:
    """Abusive words in a row of letters with their places, the longest at each place."""
    at = 0
    while at < len(letters):
        for length in range(min(_LONGEST, len(letters) - at), SHORTEST - 2, -1):
            shown = letters[at : at + length]
            word = readings.figures(shown.lower())
            # Three capitals are an abbreviation.
            if word and (length >= SHORTEST or shown.islower()):
                yield at, word
                at += length
                break
        else:
            at += 1


def _tokens(page: str) -> Iterator[Edit]:
    """Masks within what stands between spaces, as a whole or part by part."""
    for match in _TOKEN.finditer(page):
        # Stars before a bracket multiply.
        formula = match.group().endswith("*") and page.startswith("(", match.end())
        if formula or not SUSPECT.search(match.group()):
            continue
        edit = _guess(match.group(), match.start())
        if edit:
            yield edit
            continue
        for piece in _PIECE.finditer(match.group()):
            edit = _guess(piece.group(), match.start() + piece.start())
            if edit:
                yield edit


def _guess(token: str, start: int) -> Edit | None:
    """Read one token without the punctuation around it."""
    inner = token.lstrip(_EDGE + "*")
    start += len(token) - len(inner)
    inner = inner.rstrip(_EDGE + "*" if token.startswith("*") else _EDGE)
    inner = _GENITIVE.sub("", inner)
    for shown in dict.fromkeys((inner, inner.rstrip("!"), inner.rstrip("!*"))):
        # What follows a word that can be read without any guess is no mask.
        open_word = _AFTER_WORD.sub("", shown).lower() in lexicon().words
        if open_word or len(shown) < SHORTEST - 1 or _NUMBER_PLATE.fullmatch(shown):
            continue
        lower = shown.lower().replace("\\*", "*")
        for read, kind in (
            (readings.figures, "leet"),
            (readings.blots, "masked"),
            (readings.gaps, "spaced"),
            (readings.stretched, "stretched"),
            (readings.outline, "masked"),
        ):
            word = read(lower)
            if word:
                return rewrite(start, shown, _cased(word, shown), kind)
    return None


def _cased(word: str, shown: str) -> str:
    letters = [char for char in shown if char.isalpha()]
    if len(letters) > 1 and all(map(str.isupper, letters)):
        return word.upper()
    return word.capitalize() if shown[0].isupper() else word
