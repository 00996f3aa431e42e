"""Hashed n-grams of a text: what the linear heads see beside its meaning.

Feature hashing (Weinberger et al., 2009): no vocabulary is kept, so none of the texts that the
heads were fitted on can be read back from their weights.
"""

import re
from itertools import pairwise
from typing import Final, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from moderation.text import fold

BUCKETS: Final = 1 << 17
_CHARACTERS: Final = (3, 4, 5)
_PRIME: Final = np.uint64(1_099_511_628_211)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_TOKEN: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s]+")
_LONGEST: Final = 2_000
"""Characters of a window; more would be one sentence without an end."""


class Counts(NamedTuple):
    """Sparse features: `values[i]` stands in bucket `buckets[i]`; buckets are unique."""

    buckets: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]


def count(text: str) -> Counts:
    """Count the words, word pairs, and runs of 3 to 5 characters of a text.

    Values are 1 + log(count), before any weighting by rarity.
    """
    folded = fold(text[:_LONGEST]).lower()
    tokens = _TOKEN.findall(folded)
    words = [crc32(token.encode()) for token in tokens]
    pairs = [crc32(f"{a} {b}".encode(), 1) for a, b in pairwise(tokens)]
    line = np.frombuffer(f" {' '.join(tokens)} ".encode("utf-32-le"), dtype=np.uint32)
    points = line.astype(np.uint64)
    hashed = [np.array(words + pairs, dtype=np.uint64) * _MIX]
    for length in _CHARACTERS:
        if len(points) < length:
            continue
        # A polynomial hash of every run at once; sums wrap around, as hashes may.
        runs = np.full(len(points) - length + 1, length, dtype=np.uint64)
        for offset in range(length):
            runs = runs * _PRIME + points[offset : offset + len(runs)]
        hashed.append(runs * _MIX)
    buckets = (np.concatenate(hashed) >> np.uint64(64 - 17)).astype(np.int64)
    unique, counts = np.unique(buckets, return_counts=True)
    return Counts(unique, (1 + np.log(counts)).astype(np.float32))
