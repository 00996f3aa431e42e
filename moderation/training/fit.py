"""Fits the linear heads."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from moderation.scoring.encoder import DIMENSIONS, Encoder, Vector, read_weights
from moderation.scoring.heads import weigh
from moderation.scoring.ngrams import BUCKETS, count
from moderation.training.data import SEED, Example

Array = npt.NDArray[np.float64]
_NGRAM_SCALE: Final = 3.0
"""TF-IDF vectors have length 1, embeddings about 8: this brings them nearer."""


class Embeddings:
    """Embeds texts and keeps the results in a file, since the encoder is the slow part."""

    width: Final = 2 * DIMENSIONS

    def __init__(self, encoder: Encoder, file: Path | None) -> None:
        self._encoder = encoder
        self._file = file
        self._known: dict[str, Vector] = {}
        # What another encoder said is of no use.
        self._digest = hashlib.sha256(read_weights("encoder.onnx")).hexdigest()
        if file is not None and file.exists():
            with np.load(file) as arrays:
                if str(arrays["encoder"]) == self._digest:
                    texts = arrays["texts"].tobytes().decode().split("\0")
                    self._known = dict(zip(texts, arrays["vectors"], strict=True))

    def __call__(self, texts: Sequence[str]) -> Vector:
        """Embeddings of texts, float32 of shape (texts, 768)."""
        for text in texts:
            if text not in self._known:
                self._known[text] = self._encoder.embed(text).astype(np.float16)
        return np.stack([self._known[text] for text in texts]).astype(np.float32)

    def save(self) -> None:
        """Write the file, if one was named."""
        if self._file is not None:
            texts = np.frombuffer("\0".join(self._known).encode(), dtype=np.uint8)
            vectors = np.stack(list(self._known.values()))
            np.savez(self._file, encoder=np.array(self._digest), texts=texts, vectors=vectors)


class Features(NamedTuple):
    """What a head sees of some texts."""

    embeddings: Vector
    ngrams: Any
    """Sparse, shape (texts, buckets), TF-IDF."""

    def matrix(self) -> Any:
        """Both side by side, sparse."""
        dense = scipy.sparse.csr_matrix(self.embeddings)
        return scipy.sparse.hstack([dense, self.ngrams * _NGRAM_SCALE]).tocsr()


def rarity(texts: Sequence[str]) -> Vector:
    """Inverse document frequency of every bucket, smoothed: shape (buckets,)."""
    seen = np.zeros(BUCKETS)
    for text in texts:
        seen[count(text).buckets] += 1
    return np.asarray(np.log((1 + len(texts)) / (1 + seen)) + 1, dtype=np.float32)


def ngram_matrix(texts: Sequence[str], rarities: Vector) -> Any:
    """TF-IDF rows of texts, sparse float32."""
    counts = [weigh(count(text), rarities) for text in texts]
    starts = np.concatenate([[0], np.cumsum([len(c.buckets) for c in counts])])
    return scipy.sparse.csr_matrix(
        (
            np.concatenate([c.values for c in counts]),
            np.concatenate([c.buckets for c in counts]),
            starts,
        ),
        shape=(len(texts), BUCKETS),
        dtype=np.float32,
    )


class Head(NamedTuple):
    """A fitted head, and its out-of-fold log odds of the texts that it was fitted on."""

    coefficients: Array
    bias: float
    held_out: Array

    def ngrams(self, width: int) -> Array:
        """Weights for TF-IDF as the scorers have it, without the scale used in fitting."""
        return np.asarray(self.coefficients[width:] * _NGRAM_SCALE)


def fit_head(
    matrix: Any, examples: Sequence[Example], key: str, *, strength: float, folds: int = 4
) -> Head:
    """Fit one logistic regression on soft labels, and again on folds to measure it."""
    labels = np.array([example.labels[key] for example in examples])
    weights = np.array([example.weight for example in examples])
    held_out = np.zeros(len(labels))
    groups = [example.group or str(number) for number, example in enumerate(examples)]
    splits = GroupKFold(folds, shuffle=True, random_state=SEED).split(labels, groups=groups)
    for train, test in splits:
        model = _fit(matrix[train], labels[train], weights[train], strength)
        held_out[test] = model.decision_function(matrix[test])
    model = _fit(matrix, labels, weights, strength)
    return Head(model.coef_[0], float(model.intercept_[0]), held_out)


def _fit(matrix: Any, labels: Array, weights: Array, strength: float) -> LogisticRegression:
    # A soft label is the same text twice, each time with the share of the judges who said so.
    yes, no = np.flatnonzero(labels > 0), np.flatnonzero(labels < 1)
    model = LogisticRegression(C=strength, max_iter=150, tol=1e-3, random_state=SEED)
    model.fit(
        scipy.sparse.vstack([matrix[yes], matrix[no]]),
        np.concatenate([np.ones(len(yes)), np.zeros(len(no))]),
        np.concatenate([(labels * weights)[yes], ((1 - labels) * weights)[no]]),
    )
    return model
