"""Reading a comment's text: words, sentences, quotations. Offsets always mean the raw text."""

import re
from collections.abc import Iterable
from functools import lru_cache

from moderation.unmasking import Mask, Unmasked, unmask

__all__ = [
    "CITATION_WORDS",
    "COPIED_WORDS",
    "Mask",
    "Unmasked",
    "appears_in",
    "blank",
    "citations",
    "fold",
    "own_words",
    "quotations",
    "sentences",
    "unmask",
    "word_spans",
    "words",
]

# One code point to one code point, so that an offset in the folded text is one in the raw text.
_FOLDS = str.maketrans(
    {
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u201f": '"',
        "\u00ab": '"',
        "\u00bb": '"',
        "\u2018": "'",
        "\u2019": "'",
        "\u201a": "'",
        "\u02bc": "'",
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
    }
)

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_BREAK = re.compile(r"(?<=[.!?\u2026])[\"')\]]*\s+|\n+|(?<=[a-z])\.\.+\s*(?=\S)")
_ABBREVIATION = re.compile(
    r"\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Sen|Rep|Gov|Gen|Lt|Col|No|vs|etc|e\.g|i\.e|U\.S|U\.K|a\.m|p\.m)\.$"
)
_QUOTED = re.compile(r'"([^"\n]{1,600})"')
_QUOTE_LINE = re.compile(r"^[ \t]*>.*$", re.MULTILINE)

CITATION_WORDS = 4
"""A quoted passage shorter than this says nothing about where it comes from."""
COPIED_WORDS = 8
"""Without quotation marks it takes more: a short sentence may be repeated by chance or in spite."""


def fold(text: str) -> str:
    """Turn typographic quotes, dashes and spaces into plain ones; the length does not change."""
    return text.translate(_FOLDS)


def words(text: str) -> list[str]:
    """Return the words of a text, folded and in lower case, without punctuation."""
    return [word.lower() for word in _WORD.findall(fold(text))]


def word_spans(text: str) -> list[tuple[int, int]]:
    """Return where each word of a text stands, as `(start, end)`."""
    return [match.span() for match in _WORD.finditer(fold(text))]


def sentences(text: str) -> list[tuple[int, int]]:
    """Split a text into sentences, as `(start, end)` without the white space around them.

    Lines end sentences too, and so do two or more dots between words, which comments use
    as a full stop. A sentence without a single word is not returned.
    """
    folded = fold(text)
    found: list[tuple[int, int]] = []
    start = 0
    for match in _BREAK.finditer(folded):
        head = folded[start : match.start()]
        if "\n" not in match.group() and _ABBREVIATION.search(head.rstrip("\"')]")):
            continue
        _append_sentence(found, folded, start, match.start())
        start = match.end()
    _append_sentence(found, folded, start, len(folded))
    return found


def _append_sentence(found: list[tuple[int, int]], folded: str, start: int, end: int) -> None:
    piece = folded[start:end]
    if _WORD.search(piece) is None:
        return
    left = len(piece) - len(piece.lstrip())
    found.append((start + left, start + len(piece.rstrip())))


def quotations(text: str) -> list[tuple[int, int]]:
    """Return what stands between double quotation marks of any style, as `(start, end)`.

    The marks are not part of the span. An unpaired mark is ignored.
    """
    return [match.span(1) for match in _QUOTED.finditer(fold(text))]


@lru_cache(maxsize=512)
def _word_line(text: str) -> str:
    return f" {' '.join(words(text))} "


def appears_in(passage: str, sources: Iterable[str]) -> bool:
    """Whether the words of `passage` stand in one of `sources` in the same order, unbroken."""
    line = f" {' '.join(words(passage))} "
    return line != "  " and any(line in _word_line(source) for source in sources)


def citations(text: str, sources: Iterable[str]) -> list[tuple[int, int]]:
    """Find the parts of a comment that are somebody else's words, as `(start, end)`.

    These are lines that begin with `>`, quoted passages of `CITATION_WORDS` words or more
    that stand in one of `sources` (article, parent), and sentences of `COPIED_WORDS` or more
    copied from there without marks.
    Spans are sorted and do not overlap.
    """
    known = [source for source in sources if source]
    spans = [match.span() for match in _QUOTE_LINE.finditer(text)]
    if known:
        candidates = [(span, COPIED_WORDS) for span in sentences(text)]
        for start, end in quotations(text):
            candidates.append(((start, end), CITATION_WORDS))
            # A long quotation may hold several sentences, or be cut with dots: each part counts.
            candidates += [
                ((start + left, start + right), CITATION_WORDS)
                for left, right in sentences(text[start:end])
            ]
        for (start, end), least in candidates:
            passage = text[start:end]
            if len(words(passage)) >= least and appears_in(passage, known):
                spans.append((start, end))
    return _union(spans)


def _union(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def blank(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Replace spans by spaces, so that offsets into the rest stay true."""
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def own_words(text: str, sources: Iterable[str]) -> str:
    """Blank what a comment cites from `sources`.

    The result is as long as `text`, so spans found in it are spans in `text`. It holds no
    word when the comment is nothing but citation.
    """
    return blank(text, citations(text, sources))
