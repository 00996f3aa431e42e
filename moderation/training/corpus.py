"""Examples as arrays, in batches of few shapes."""

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from moderation.scoring.encoder import HEADS, WINDOW_TOKENS
from moderation.training.data import Example

Floats = npt.NDArray[np.float32]
_TOKENS: Final = 4096
"""In a batch, padding included."""
_STEP: Final = 8
"""Lengths are rounded up to multiples of this: memory for few shapes is used again and again."""


class Corpus(NamedTuple):
    """Distinct texts with what is known of each."""

    ids: list[list[int]]
    """Tokens, at most 128."""
    labels: Floats
    """Shape (texts, heads), 0..1: the weighted mean of what the sets say."""
    weights: Floats
    """Shape (texts, heads); 0 where nothing is known."""

    def take(self, rows: Sequence[int]) -> "Corpus":
        """Some of the texts, in the order given; a row may be named twice."""
        chosen = np.array(rows, dtype=np.int64)
        return Corpus([self.ids[row] for row in rows], self.labels[chosen], self.weights[chosen])


class Batch(NamedTuple):
    """Rows of a corpus, padded to one length."""

    rows: npt.NDArray[np.int64]
    ids: npt.NDArray[np.int64]
    mask: npt.NDArray[np.int64]


def collect(examples: Iterable[Example], tokenizer: Tokenizer) -> Corpus:
    """Merge examples of equal texts; the order is that of their first appearance."""
    place = {name: column for column, name in enumerate(HEADS)}
    known: dict[str, tuple[Floats, Floats]] = {}
    for example in examples:
        text = " ".join(example.text.split())
        if not text:
            continue
        sums, weights = known.setdefault(
            text, (np.zeros(len(HEADS), np.float32), np.zeros(len(HEADS), np.float32))
        )
        for name, label in example.labels.items():
            sums[place[name]] += example.weight * label
            weights[place[name]] += example.weight
    ids = [found.ids for found in tokenizer.encode_batch(list(known))]
    weights = np.stack([given for _, given in known.values()])
    sums = np.stack([given for given, _ in known.values()])
    labels = (sums / np.maximum(weights, 1e-6)).astype(np.float32)
    return Corpus(ids, labels, weights)


def truncating(tokenizer: Tokenizer) -> Tokenizer:
    """Set a tokenizer to windows as the scorers read them."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(WINDOW_TOKENS)
    return tokenizer


def batches(ids: Sequence[Sequence[int]], draw: random.Random | None = None) -> Iterator[Batch]:
    """Cut texts into batches of about equal work, texts of like length together.

    With `draw` in random order; without it in the order of length. Every text comes once.
    """
    lengths = [-(-len(tokens) // _STEP) * _STEP for tokens in ids]
    order = list(range(len(ids)))
    if draw is not None:
        draw.shuffle(order)
    order.sort(key=lambda row: lengths[row])
    cuts, start = [], 0
    while start < len(order):
        length = lengths[order[start]]
        most = order[start : start + _TOKENS // length]
        cuts.append([row for row in most if lengths[row] == length])
        start += len(cuts[-1])
    if draw is not None:
        draw.shuffle(cuts)
    for rows in cuts:
        length = lengths[rows[0]]
        padded = np.zeros((len(rows), length), np.int64)
        mask = np.zeros((len(rows), length), np.int64)
        for at, row in enumerate(rows):
            padded[at, : len(ids[row])] = ids[row]
            mask[at, : len(ids[row])] = 1
        yield Batch(np.array(rows, dtype=np.int64), padded, mask)
