"""Rewriting a text step by step while remembering which raw characters each new one stands for."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

KINDS: Final = ("bidi", "zero_width", "homoglyph", "spaced", "masked", "leet", "stretched")
"""The clearest sign of intent first; a word masked in several ways counts as the first of them."""

Span = tuple[int, int]


class Edit(NamedTuple):
    """Replace `text[start:end]`: the character `plain[n]` comes from `text[slice(*origins[n])]`."""

    start: int
    end: int
    plain: str
    kind: str
    origins: Sequence[Span]


def same_length(start: int, plain: str, kind: str) -> Edit:
    """Replace as many characters as `plain` has, each by one."""
    places = range(start, start + len(plain))
    return Edit(start, start + len(plain), plain, kind, [(n, n + 1) for n in places])


def rewrite(start: int, shown: str, plain: str, kind: str) -> Edit:
    """Replace `shown` by `plain`: sign by sign where they are as long, else letter by letter.

    Where neither holds, each new character comes from all of `shown`.
    """
    if len(shown) == len(plain):
        return same_length(start, plain, kind)
    places: list[int] = []
    at = -1
    lower = shown.lower()
    for letter in plain.lower():
        at = lower.find(letter, at + 1)
        places.append(at)
        # Lower case may be longer than the letter it is of: the Turkish dotted I.
        if at < 0 or len(lower) != len(shown):
            whole = (start, start + len(shown))
            return Edit(*whole, plain, kind, [whole] * len(plain))
    origins = []
    for first, last in zip(places, [*places[1:], len(shown)], strict=True):
        # Repeated letters belong to the one that stays, separators to none.
        length = len(shown[first:last].rstrip(" \t\n.,-_*/|~+\u00b7\u2022")) or 1
        origins.append((start + first, start + first + length))
    return Edit(start, start + len(shown), plain, kind, origins)


class Draft:
    """A text being rewritten."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.text = raw
        self.origins: list[Span] = [(n, n + 1) for n in range(len(raw))]
        """For each character of `text` the raw characters that it stands for."""
        self._masked: list[tuple[int, int, str]] = []

    def apply(self, edits: Sequence[Edit]) -> None:
        """Carry out edits of the present text; they are sorted and do not overlap."""
        pieces: list[str] = []
        origins: list[Span] = []
        done = 0
        for edit in edits:
            pieces += self.text[done : edit.start], edit.plain
            origins += self.origins[done : edit.start]
            origins += [self._raw(*origin) for origin in edit.origins]
            self._masked.append((*self._raw(edit.start, edit.end), edit.kind))
            done = edit.end
        self.text = "".join([*pieces, self.text[done:]])
        self.origins = origins + self.origins[done:]

    def _raw(self, start: int, end: int) -> Span:
        return around(self.origins[start:end])

    def masks(self) -> list[tuple[int, int, str, str]]:
        """What was rewritten: start and end in the raw text, plain text, kind."""
        merged: list[tuple[int, int, str]] = []
        for start, end, kind in sorted(self._masked):
            if merged and start < merged[-1][1]:
                before = merged.pop()
                clearest = min(kind, before[2], key=KINDS.index)
                merged.append((before[0], max(end, before[1]), clearest))
            else:
                merged.append((start, end, kind))
        plain: list[list[str]] = [[] for _ in merged]
        starts = [start for start, _, _ in merged]
        for char, (start, _) in zip(self.text, self.origins, strict=True):
            nearest = bisect_right(starts, start) - 1
            if nearest >= 0 and start < merged[nearest][1]:
                plain[nearest].append(char)
        said = map("".join, plain)
        return [(*mask[:2], word, mask[2]) for mask, word in zip(merged, said, strict=True)]


def around(spans: Sequence[Span]) -> Span:
    """The smallest span that holds all of `spans`."""
    return min(start for start, _ in spans), max(end for _, end in spans)
