"""Texts cut into pieces for the page: evidence, covered words, what is unmasked, what changed."""

import difflib
import itertools
import re
from collections.abc import Collection, Sequence
from typing import Final, Literal

import msgspec

from moderation.records import Judged
from moderation.review.pacing import harsh_codes_of
from moderation.text import unmask, words

_TOKEN: Final = re.compile(r"\s+|\w+|[^\w\s]")
_EXCERPT: Final = 140


class Piece(msgspec.Struct, frozen=True):
    """A run of text that is shown alike. Joined, the pieces are the text."""

    text: str
    codes: tuple[str, ...] = ()
    """Reasons that it is evidence for."""
    covered: bool = False
    """Hidden until asked for."""
    unmasked: bool = False
    """It reads otherwise in the raw text."""


class Change(msgspec.Struct, frozen=True):
    """A run of words that is in both texts, in the old one or in the new one."""

    text: str
    kind: Literal["same", "gone", "new"]


def pieces(judged: Judged, *, cover: bool) -> list[Piece]:
    """A comment by its evidence; the harsh parts covered if `cover`.

    Where a harsh score names no place in the text, the whole text is covered.
    """
    text = judged.text
    hidden = _covered(judged) if cover else []
    spans = [(span.start, span.end, span.code) for span in judged.evidence]
    found = []
    for start, end in _cuts(len(text), [*[s[:2] for s in spans], *hidden]):
        codes = dict.fromkeys(code for left, right, code in spans if left <= start < right)
        covered = any(left <= start < right for left, right in hidden)
        found.append(Piece(text[start:end], tuple(codes), covered))
    return found


def unmasked_pieces(judged: Judged, *, cover: bool) -> list[Piece]:
    """The comment as it is meant to be read; empty where that says nothing new.

    Covered is what stands for a covered part of the raw text.
    """
    found = unmask(judged.text)
    if not found.masks or words(found.text) == words(judged.text):
        return []
    hidden = _covered(judged) if cover else []
    marks: list[tuple[bool, bool]] = []
    for place in range(len(found.text)):
        start, end = found.raw_span(place, place + 1)
        covered = any(left < max(end, start + 1) and start < right for left, right in hidden)
        changed = any(mask.start <= start < mask.end for mask in found.masks)
        marks.append((covered, changed))
    pieces_: list[Piece] = []
    begin = 0
    for place in range(1, len(marks) + 1):
        if place == len(marks) or marks[place] != marks[begin]:
            covered, changed = marks[begin]
            pieces_.append(Piece(found.text[begin:place], (), covered, changed))
            begin = place
    return pieces_


def excerpt(text: str) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _EXCERPT else f"{line[:_EXCERPT].rstrip()} …"


def changes(before: str, after: str) -> list[Change]:
    """What an edit changed, word by word."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    found: list[Change] = []
    matcher = difflib.SequenceMatcher(a=old, b=new)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            found.append(Change("".join(old[a:b]), "same"))
            continue
        if a < b:
            found.append(Change("".join(old[a:b]), "gone"))
        if c < d:
            found.append(Change("".join(new[c:d]), "new"))
    return found


def covers(judged: Judged) -> list[str]:
    """The codes for which something of the comment is covered."""
    return sorted(harsh_codes_of(judged))


def _covered(judged: Judged) -> list[tuple[int, int]]:
    codes = harsh_codes_of(judged)
    if not codes:
        return []
    spans = [(span.start, span.end) for span in judged.evidence if span.code in codes]
    return spans or [(0, len(judged.text))]


def _cuts(length: int, spans: Sequence[Collection[int]]) -> list[tuple[int, int]]:
    edges = sorted({0, length, *(max(0, min(edge, length)) for span in spans for edge in span)})
    return list(itertools.pairwise(edges))
