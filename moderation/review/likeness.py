"""How alike two texts are, and the bands by which like texts find each other in an index."""

from typing import Final

from datasketch import MinHash

from moderation.text import words

_SHINGLE: Final = 5
"""Characters in a row; a changed word changes about ten of them."""
_BANDS: Final = 12
_ROWS: Final = 3
"""Texts that share half of their shingles meet in some band with probability 0.80, three
quarters 0.998, a quarter 0.17: `1 - (1 - s ** 3) ** 12`."""
_SHORT: Final = 3
"""Words; a shorter text says too little to be like another one, except when it is the same."""


def shingles(text: str) -> frozenset[str]:
    """Runs of five characters of a text's words, in lower case without punctuation."""
    said = words(text)
    plain = " ".join(said)
    if len(said) < _SHORT or len(plain) <= _SHINGLE:
        return frozenset({plain}) if plain else frozenset()
    return frozenset(plain[at : at + _SHINGLE] for at in range(len(plain) - _SHINGLE + 1))


def bands(given: frozenset[str]) -> list[int]:
    """The bands of a text's MinHash signature (Broder 1997), as signed 64-bit numbers."""
    if not given:
        return []
    signature = MinHash(num_perm=_BANDS * _ROWS)
    signature.update_batch([shingle.encode() for shingle in given])
    values = [int(value) for value in signature.hashvalues]
    found = []
    for band in range(_BANDS):
        # FNV-1a over the rows, the band's number first: Python's own hash is another in each run.
        mixed = 0xCBF29CE484222325
        for value in (band, *values[band * _ROWS : (band + 1) * _ROWS]):
            mixed = ((mixed ^ value) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
        found.append(mixed - (1 << 63))
    return found


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard similarity of two texts' shingles, 0..1."""
    return len(one & other) / len(one | other) if one or other else 0.0
