"""A text as its writer means it to be read, with a way back to the raw one."""

import re
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from moderation.unmasking.edits import Draft, Edit, Span, around
from moderation.unmasking.guesses import SUSPECT, guesses
from moderation.unmasking.invisible import INVISIBLE, broken_words, overrides
from moderation.unmasking.lookalikes import ALPHABETS, ORNAMENTS, mixed_words

_UNSEEN: Final = re.compile(f"[{INVISIBLE}]")
_UNUSUAL: Final = re.compile(f"[\u00c0-\u024f\u0250-\u036f{ALPHABETS}{ORNAMENTS}]")


class Mask(msgspec.Struct, frozen=True):
    """`text[start:end]` of the raw text, in code points, which says `plain`."""

    start: int
    end: int
    raw: str
    plain: str
    kind: str
    """One of `moderation.unmasking.edits.KINDS`."""


class Unmasked(msgspec.Struct, frozen=True):
    """A text without its masks."""

    text: str
    """Equal to the raw text when there are no masks."""
    masks: list[Mask] = []
    """By place in the raw text; they do not overlap."""
    origins: list[Span] | None = None
    """For each character of `text` the raw span that it stands for; None: itself."""

    def raw_span(self, start: int, end: int) -> Span:
        """The smallest span of the raw text that says `text[start:end]`.

        Places beyond the text count as its end. An empty span stays empty.
        """
        end = max(0, min(end, len(self.text)))
        start = max(0, min(start, end))
        if self.origins is None:
            return start, end
        if start == end:
            place = self.origins[start][0] if start < len(self.origins) else self._end()
            return place, place
        return around(self.origins[start:end])

    def _end(self) -> int:
        return max((end for _, end in self.origins or ()), default=0)


_Finder = Callable[[str], Iterable[Edit]]
_FINDERS: Final[tuple[tuple[re.Pattern[str], _Finder], ...]] = (
    (_UNSEEN, overrides),
    (_UNSEEN, broken_words),
    (_UNUSUAL, mixed_words),
    (SUSPECT, guesses),
)
"""Each with a pattern that finds quickly whether there can be anything for it."""


def unmask(text: str) -> Unmasked:
    """Read a text through its masks.

    Text without masks comes back as it is. A masked word becomes the plain one; where that takes
    a guess, only a word of `abusive_words.txt` is guessed. Unmasking twice changes nothing more.
    """
    if not any(pattern.search(text) for pattern, _ in _FINDERS):
        return Unmasked(text)
    draft = Draft(text)
    changed = True
    while changed:
        # What one step uncovers another may read. Each edit takes a sign, an unusual letter or a
        # repetition away and brings none, so this ends.
        changed = False
        for pattern, find in _FINDERS:
            edits = list(find(draft.text)) if pattern.search(draft.text) else []
            if edits:
                draft.apply(edits)
                changed = True
    if draft.text == text:
        return Unmasked(text)
    masks = [Mask(start, end, text[start:end], plain, k) for start, end, plain, k in draft.masks()]
    return Unmasked(draft.text, masks, draft.origins)
