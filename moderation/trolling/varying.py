"""What differs between texts that are nearly the same, for a moderator's card."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from moderation.text import words

MOST: Final = 8
"""Places that are shown."""


def varying_words(texts: Sequence[str], *, most: int = MOST) -> list[list[str]]:
    """The places where texts differ, each as its different wordings, at most `most` places.

    The first text is what the others are held against, and its wording comes first. A text that
    has nothing there gives an empty string. Places where more texts differ come first.
    """
    if not texts:
        return []
    first = words(texts[0])
    places: dict[tuple[int, int], list[str]] = {}
    for text in texts[1:]:
        other = words(text)
        for kind, start, end, left, right in SequenceMatcher(
            None, first, other, autojunk=False
        ).get_opcodes():
            if kind != "equal":
                places.setdefault((start, end), []).append(" ".join(other[left:right]))
    ranked = sorted(places.items(), key=lambda place: (-len(place[1]), place[0]))
    return [
        list(dict.fromkeys([" ".join(first[start:end]), *wordings]))
        for (start, end), wordings in ranked[:most]
    ]
