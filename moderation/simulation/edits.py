"""Pasted texts that are changed a little each time."""

from typing import Final

from moderation.simulation.chance import Chance
from moderation.simulation.vocabulary import Vocabulary

_PUNCTUATION: Final = ".,!?:;"
_SWAPPED: Final = 0.7
"""Of the changes: words that another takes the place of."""
_LEFT_OUT: Final = 0.2
"""Of the other changes."""


def edit(text: str, rate: float, words: Vocabulary, chance: Chance) -> str:
    """Change between none and a share `rate` (0..1) of the words.

    Each change puts a word in another's place, adds one or leaves one out, so the word-level edit
    distance (Levenshtein) to `text` is at most `rate` times its words.
    """
    left = text.split()
    # A product such as 0.15 * 20 may lie a hair below the whole number that it is meant to be.
    count = chance.below(int(rate * len(left) + 1e-9) + 1)
    bares = [word.rstrip(_PUNCTUATION) for word in left]
    known = [place for place, bare in enumerate(bares) if bare.lower() in words.synonyms]
    swapped = set(chance.sample(known, min(len(known), int(_SWAPPED * count + 0.5))))
    rest = [place for place in range(len(left)) if place not in swapped]
    changed = [*swapped, *chance.sample(rest, count - len(swapped))]
    # From the end, so that the places in front stay where they are.
    for place in sorted(changed, reverse=True):
        word, bare = left[place], bares[place]
        if place in swapped:
            other = chance.pick(words.synonyms[bare.lower()])
            left[place] = (other.capitalize() if bare[0].isupper() else other) + word[len(bare) :]
        elif word.islower() and bare == word and chance.happens(_LEFT_OUT):
            del left[place]
        else:
            left.insert(place + (bare == word), chance.pick(words.fillers))
    return " ".join(left)
