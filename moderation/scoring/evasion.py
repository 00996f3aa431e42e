"""Evasion: a comment whose words are masked so that a filter should not read them."""

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from moderation.scoring.protocol import Finding, ScoringInput, ScoringOptions, Span
from moderation.text import own_words, quotations, words
from moderation.unmasking import Mask, unmask
from moderation.unmasking.lexicon import lexicon
from moderation.unmasking.lookalikes import ALPHABETS

TAMPERED: Final = 0.9
"""Characters that cannot be seen, or letters of two alphabets in one word: nobody types them so."""
DISGUISED: Final = 0.8
"""An abusive word in figures, in single letters, or with a letter or two blotted out."""
SOFTENED: Final = 0.3
"""What polite people write as well: `f*ck`, a word of which only the outline stands, a masked word
between quotation marks, an abusive word stretched out of anger."""
ORNAMENT: Final = 0.2
"""Bold or fullwidth letters, and the soft hyphens of copied text, with nothing abusive in them."""

_LETTERS_OF_ITS_OWN: Final = re.compile(f"[A-Za-z{ALPHABETS}]")
_FOREIGN: Final = re.compile(f"[{ALPHABETS}]")
_SOFT_HYPHEN: Final = "\u00ad"
_SHOWN: Final = 5
_LONGEST_SHOWN: Final = 60


class Evasion:
    """Scores evasion, 0..1: the probability that a comment was masked on purpose.

    Each mask weighs `TAMPERED`, `DISGUISED`, `SOFTENED` or `ORNAMENT`; the score is one minus the
    product of one minus the weights, where the same word counts once and ornaments count once
    altogether. So one self-censored swear word stays at 0.3, four different ones pass 0.7, and a
    single disguised word does. 0 when there is no mask. What a comment cites from the article or
    from the comment it answers is not held against it.
    """

    name = "evasion"
    version = "evasion-1"

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """Score a batch; evidence are the masks, details show them raw and unmasked."""
        return [_score(comment) for comment in inputs]


def create(_options: ScoringOptions) -> Evasion:
    """The factory that the registry calls."""
    return Evasion()


def _score(comment: ScoringInput) -> Finding:
    masks = unmask(comment.text).masks
    if not masks:
        return Finding({"evasion": 0.0})
    own = own_words(
        comment.text, (comment.article_title, comment.article_text, comment.parent_text)
    )
    masks = [mask for mask in masks if own[mask.start : mask.end] == mask.raw]
    quoted = quotations(comment.text)
    weights: dict[str, float] = {}
    for mask in masks:
        weight = _weight(mask, quoted)
        word = "" if weight == ORNAMENT else mask.plain.lower()
        weights[word] = max(weight, weights.get(word, 0.0))
    if not weights:
        return Finding({"evasion": 0.0})
    innocence = math.prod(1 - weight for weight in weights.values())
    return Finding(
        {"evasion": round(1 - innocence, 4)},
        [Span(mask.start, mask.end, "evasion") for mask in masks],
        {"evasion": _side_by_side(masks)},
    )


def _weight(mask: Mask, quoted: Sequence[tuple[int, int]]) -> float:
    said = set(words(mask.plain))
    abusive = not said.isdisjoint(lexicon().words)
    if mask.kind == "zero_width" and not abusive and _only_soft_hyphens(mask):
        return ORNAMENT
    if mask.kind == "homoglyph" and not abusive and not _LETTERS_OF_ITS_OWN.search(mask.raw):
        return ORNAMENT
    if mask.kind in {"bidi", "zero_width", "homoglyph"}:
        return TAMPERED
    if mask.kind == "stretched":
        return SOFTENED
    if mask.kind == "masked":
        hidden = sum(not char.isalnum() for char in mask.raw)
        swearing = said <= lexicon().swearing
        spoken_of = any(start <= mask.start and mask.end <= end for start, end in quoted)
        if swearing or spoken_of or 2 * hidden >= len(mask.raw):
            return SOFTENED
    return DISGUISED


def _only_soft_hyphens(mask: Mask) -> bool:
    return mask.raw.replace(_SOFT_HYPHEN, "") == mask.plain


def _side_by_side(masks: Sequence[Mask]) -> str:
    pairs = list(
        dict.fromkeys(f"{_visible(mask.raw)} \u2192 {_visible(mask.plain)}" for mask in masks)
    )
    more = [f"{len(pairs) - _SHOWN} more"] if len(pairs) > _SHOWN else []
    return "; ".join([*pairs[:_SHOWN], *more])


def _visible(text: str) -> str:
    """The text on one line, with names for what cannot be seen or told apart by eye."""
    shown = "".join(map(_shown, " ".join(text.split())))
    if len(shown) > _LONGEST_SHOWN:
        shown = shown[: _LONGEST_SHOWN - 1] + "\u2026"
    foreign = dict.fromkeys(_foreign(text))
    return f"{shown} ({', '.join(foreign)})" if foreign else shown


def _shown(char: str) -> str:
    unseen = unicodedata.category(char) in {"Cc", "Cf"}
    return f"[U+{ord(char):04X}]" if unseen else char


def _foreign(text: str) -> Iterator[str]:
    for letter in _FOREIGN.findall(text):
        script = unicodedata.name(letter, "").partition(" ")[0].capitalize()
        yield f"{script} {letter}"
