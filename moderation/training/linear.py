"""The heads that look at a comment alone: toxicity, sarcasm, joke."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from moderation.scoring.encoder import Vector
from moderation.training import data as labelled
from moderation.training.data import Example
from moderation.training.fit import Array, Embeddings, Features, Head, fit_head, ngram_matrix

_STRENGTH: Final = 0.1
"""Inverse of the penalty on large weights; .02 and .4 did worse on held-out folds."""

SHIFTS: Final = {"obscene": 1.6, "threat": 2.0, "identity_attack": 1.4}
"""Log odds that are added to heads of rare labels, whose plain probabilities stay below a half
even for clear cases: so much that about one in 300 ordinary news comments reaches 0.5."""

HEADS: Final[dict[str, tuple[Callable[[Path], Iterator[Example]], tuple[str, ...]]]] = {
    "toxicity": (labelled.toxicity, labelled.TOXICITY_KEYS),
    "sarcasm": (labelled.sarcasm, ("sarcasm",)),
    "joke": (labelled.humor, ("joke",)),
}


class Fitted(NamedTuple):
    """A file of heads with what each said of its own examples, out of fold."""

    examples: dict[str, list[Example]]
    """By head."""
    held_out: dict[str, Array]
    """By head, log odds in the order of `examples`."""


def fit_file(
    name: str, examples: list[Example], embed: Embeddings, rarities: Vector, folder: Path
) -> Fitted:
    """Fit the heads of one file and write it into `folder`."""
    texts = [example.text for example in examples]
    matrix = Features(embed(texts), ngram_matrix(texts, rarities)).matrix()
    heads: list[Head] = []
    fitted = Fitted({}, {})
    keys = HEADS[name][1]
    for key in keys:
        rows = [row for row, example in enumerate(examples) if key in example.labels]
        fitted.examples[key] = [examples[row] for row in rows]
        heads.append(fit_head(matrix[rows], fitted.examples[key], key, strength=_STRENGTH))
        fitted.held_out[key] = heads[-1].held_out
    width = embed.width
    np.savez_compressed(
        folder / f"{name}.npz",
        embedding=np.stack([head.coefficients[:width] for head in heads], 1).astype(np.float32),
        ngrams=np.stack([head.ngrams(width) for head in heads], 1).astype(np.float16),
        bias=np.array(
            [head.bias + SHIFTS.get(key, 0) for key, head in zip(keys, heads, strict=True)],
            dtype=np.float32,
        ),
    )
    return fitted
