"""Which words a score rests on: the few whose removal takes it below its limit.

Occlusion (Zeiler and Fergus, 2014), on words as in Li, Monroe and Jurafsky, "Understanding neural
networks through representation erasure" (2016): words are ordered by their weight for the score,
the shortest beginning of that order that suffices is taken, and what turns out not to be needed
is given back. Nothing is assumed about the scorer: each answer was scored as it stands.

The search is a generator. It yields removals, each a list of spans of the raw text, and is sent
the scores that the text has without them; so searches for many comments share batches.
"""

import re
from collections.abc import Generator, Sequence
from itertools import pairwise
from typing import Final

Removal = Sequence[tuple[int, int]]
"""Spans `(start, end)` of the raw text, in code points; they may overlap."""
Search = Generator[list[Removal], list[float], Removal]

_BLANKS: Final = re.compile(r"[^\S\n]+")
_LINE_ENDS: Final = re.compile(r" ?\n ?")
_TOKEN: Final = re.compile(r"\S{1,30}")
"""Scripts without spaces are cut all the same."""
_MARKS: Final = ".,;:!?'\"()[]\u2026\u2018\u2019\u201c\u201d"
_UNITS: Final = 24
"""Parts that a text is cut into at a time."""
_FEW: Final = 3
_STEPS: Final = 3
_BETWEEN: Final = 7
_TRIED: Final = 12
_PASSES: Final = 3


def without(text: str, spans: Removal) -> str:
    """The text with spans deleted and white space squeezed; lines stay lines.

    Lines matter, because one that begins with `>` cites.
    """
    for start, end in reversed(_union(spans)):
        text = text[:start] + text[end:]
    return _LINE_ENDS.sub("\n", _BLANKS.sub(" ", text)).strip()


def merged(text: str, spans: Removal) -> list[tuple[int, int]]:
    """Sorted spans, those joined that only blanks keep apart."""
    found: list[tuple[int, int]] = []
    for start, end in _union(spans):
        if found and not _BLANKS.sub("", text[found[-1][1] : start]):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def whole(text: str) -> list[tuple[int, int]]:
    """The span of everything but the white space around it; none for an empty text."""
    left = len(text) - len(text.lstrip())
    right = len(text.rstrip())
    return [(left, right)] if left < right else []


def search(text: str, own: Removal, ranked: Removal, limit: float) -> Search:
    """Look for spans without which the score is below `limit`.

    `own` are the spans that the scorer itself points at: when they suffice they are the answer,
    unless they are the whole text. `ranked` are words in the order of their weight, if the scorer
    can tell. Otherwise the text is cut into parts, and the parts that matter into smaller ones.
    When nothing else suffices the answer is the whole text.
    """
    if not without(text, own):
        own = []
    if own:
        (score,) = yield [own]
        if score < limit:
            return own
    if ranked:
        found = yield from _shortest(own, ranked, limit)
        if found:
            return (yield from _pruned(found, limit))
    region, coarse = tokens(text), whole(text)
    while region:
        parts = _parts(region)
        found = yield from _fewest(text, own, parts, limit)
        if not found:
            break
        inside = [token for token in region if any(a <= token[0] < b for a, b in found)]
        # Where nearly all of a long text is needed, cutting it finer would find nothing else.
        if len(parts) == len(region) or len(inside) > len(region) // 2:
            return (yield from _pruned(found, limit))
        region, coarse = inside, found
    return coarse


def tokens(text: str) -> list[tuple[int, int]]:
    """Words as they stand between blanks, without the punctuation around them.

    A run of punctuation alone is a token too: a smiley can carry a score.
    """
    found = []
    for match in _TOKEN.finditer(text):
        piece = match.group()
        bare = piece.strip(_MARKS)
        if not any(map(str.isalnum, bare)):
            bare = piece
        start = match.start() + piece.index(bare)
        found.append((start, start + len(bare)))
    return found


def _parts(region: Removal) -> list[tuple[int, int]]:
    """At most `_UNITS` runs of neighbouring tokens, of like length."""
    if len(region) <= _UNITS:
        return list(region)
    edges = [round(number * len(region) / _UNITS) for number in range(_UNITS + 1)]
    return [(region[left][0], region[right - 1][1]) for left, right in pairwise(edges)]


def _fewest(
    text: str, own: Removal, parts: Removal, limit: float
) -> Generator[list[Removal], list[float], list[tuple[int, int]]]:
    """Few parts that suffice together with `own`; empty: not even all do.

    First in the order of what the score is on each part alone: that costs little, since parts are
    short, and it sees an insult that a second one hides. Where that takes many parts, as it does
    for turns of phrase, also in the order of what the score is without each.
    """
    alone = yield [[(0, start), (end, len(text))] for start, end in parts]
    found = yield from _shortest(own, _ordered(parts, [-score for score in alone]), limit)
    if len(found) - len(own) > _FEW:
        absent = yield [[*own, part] for part in parts]
        other = yield from _shortest(own, _ordered(parts, absent), limit)
        found = min(found, other, key=len)
    return found


def _ordered(parts: Removal, weights: Sequence[float]) -> list[tuple[int, int]]:
    """Parts by rising weight."""
    return [parts[number] for number in sorted(range(len(parts)), key=lambda n: weights[n])]


def _shortest(
    own: Removal, ranked: Removal, limit: float
) -> Generator[list[Removal], list[float], list[tuple[int, int]]]:
    """The shortest beginning of `ranked` that suffices together with `own`; empty: none does."""
    sizes = [1, 2]
    while sizes[-1] < len(ranked):
        sizes.append(sizes[-1] + sizes[-2])
    sizes = [size for size in sizes if size < len(ranked)] + [len(ranked)]
    below = 0
    for at in range(0, len(sizes), _STEPS):
        tried = sizes[at : at + _STEPS]
        scores = yield [[*own, *ranked[:size]] for size in tried]
        enough = [size for size, score in zip(tried, scores, strict=True) if score < limit]
        if not enough:
            below = tried[-1]
            continue
        best = enough[0]
        below = max([below, *(size for size in tried if size < best)])
        step = max(1, (best - below) // (_BETWEEN + 1))
        finer = list(range(below + 1, best, step))
        if finer:
            scores = yield [[*own, *ranked[:size]] for size in finer]
            best = min(
                [size for size, score in zip(finer, scores, strict=True) if score < limit],
                default=best,
            )
        return [*own, *ranked[:best]]
    return []


def _pruned(
    units: list[tuple[int, int]], limit: float
) -> Generator[list[Removal], list[float], list[tuple[int, int]]]:
    """Give back the units that are not needed, the least important first."""
    for _ in range(_PASSES):
        tried = units[-_TRIED:] if len(units) > 1 else []
        scores = (yield [_less(units, [unit]) for unit in tried]) if tried else []
        spare = [unit for unit, score in zip(tried, scores, strict=True) if score < limit][::-1]
        if not spare:
            break
        drops = [spare[:size] for size in range(1, len(spare) + 1)]
        # The first was scored just now.
        scores = (yield [_less(units, drop) for drop in drops[1:]]) if len(drops) > 1 else []
        enough = [drop for drop, score in zip(drops[1:], scores, strict=True) if score < limit]
        units = _less(units, max([drops[0], *enough], key=len))
    return units


def _less(
    units: Sequence[tuple[int, int]], drop: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    return [unit for unit in units if unit not in drop]


def _union(spans: Removal) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
