"""Near-identical texts found without comparing each with each: MinHash and its bands.

MinHash (Broder, 1997, "On the Resemblance and Containment of Documents") gives two sets the same
number with a chance that is their Jaccard similarity. It serves twice here.

**Finding.** `ROWS` numbers together make a band; two texts meet when one of their `BANDS` bands
agrees (Indyk and Motwani, 1998; Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets",
chapter 3.4). The sets are the content words. At similarity J the chance to meet is
1 - (1 - J**3)**5:

====  =====================================  =====
J     between two texts                      met
====  =====================================  =====
1.00  nothing changed                        1.00
0.86  5 % of the words of each changed       0.99
0.75  10 %                                   0.93
0.65  15 %                                   0.80
0.57  20 %                                   0.64
0.10  ordinary ones, about one thing         0.005
0.01  ordinary ones                          5e-6
====  =====================================  =====

Short texts scatter around their J. A member need not meet every other, only one: among five of whom
each pair meets with a chance of 0.75, one is left alone with 0.25**4, 0.4 %. Two rows would let
ordinary texts meet a hundred times as often, and each more band costs a place in the state, and a
record in its changelog, for each comment.

**Confirming.** Those that meet are compared by all their words, by 128 numbers of which two bits
each are kept (Li and Koenig, 2010, "b-Bit Minwise Hashing"): 32 bytes a text, and a standard error
of 0.06.

A band's key has 17 bits. Strangers share keys by that; the comparison tells them apart, and the
table that is keyed by band has at most `BANDS` times 131,072 rows, however much comes in.
"""

import zlib
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import numpy as np
from datasketch import MinHash, sha1_hash32

from moderation.trolling.shingles import shingles

BANDS: Final = 5
ROWS: Final = 3
KEY_BITS: Final = 17

_COMPARED: Final = 128
_BITS: Final = 2
_CHANCE: Final = 1 / 2**_BITS
"""That two bits agree although the numbers do not."""
_SHIFT: Final = 12
"""Which two: below they are not mixed well, and far above they are 0 in the lowest of many."""
_PLANE: Final = (1 << _COMPARED) - 1

# The scheme is named, since another default in a later release would part old texts from new.
_finding = MinHash(BANDS * ROWS, seed=1, hashfunc=sha1_hash32, scheme="affine32")
_confirming = MinHash(_COMPARED, seed=2, hashfunc=sha1_hash32, scheme="affine32")


class Signature(msgspec.Struct, frozen=True):
    """What is kept of a text to find its like."""

    bands: tuple[str, ...]
    """`BANDS` keys, "0.1f2a4" and the like; texts that share one are compared."""
    sketch: bytes
    """32 bytes; `similarity` compares two."""


def signature(text: str, sources: Iterable[str] = ()) -> Signature | None:
    """Sign a comment's own words; None when it has too few to be compared (see `shingles`).

    `sources` are the article and the parent, from which it may have copied. The same text has
    the same signature in every process.
    """
    found = shingles(text, sources)
    if found is None:
        return None
    numbers = _numbers(_finding, found.content).astype("<u4").reshape(BANDS, ROWS)
    bands = tuple(
        f"{band}.{zlib.crc32(rows.tobytes()) >> (32 - KEY_BITS):05x}"
        for band, rows in enumerate(numbers)
    )
    bits = _numbers(_confirming, found.words) >> _SHIFT
    planes = [np.packbits((bits >> bit & 1).astype(np.uint8)) for bit in range(_BITS)]
    return Signature(bands, b"".join(plane.tobytes() for plane in planes))


def similarity(one: bytes, other: bytes) -> float:
    """Estimate the Jaccard similarity of two texts from their sketches, 0..1."""
    differ = int.from_bytes(one, "big") ^ int.from_bytes(other, "big")
    unequal = (differ >> _COMPARED | differ & _PLANE).bit_count()
    equal = 1 - unequal / _COMPARED
    return max(0.0, (equal - _CHANCE) / (1 - _CHANCE))


def _numbers(sketch: Any, names: Iterable[str]) -> Any:
    """The sketch's numbers for a set of names, until it is asked again."""
    # Emptied rather than copied: a copy checks all permutations anew, which takes longer than this.
    sketch.clear()
    sketch.update_batch([name.encode("utf-8", "surrogatepass") for name in names])
    return sketch.hashvalues
