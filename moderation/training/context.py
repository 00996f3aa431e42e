"""The combinations that look at a comment among its surroundings."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import scipy.optimize
import scipy.special

from moderation.scoring import joke as jokes
from moderation.scoring import sarcasm
from moderation.scoring.cues import find_cues
from moderation.scoring.protocol import ScoringInput
from moderation.scoring.reading import Reader, commenters_words, sources
from moderation.training.data import SEED
from moderation.training.fit import Array
from moderation.training.linear import Fitted

CUE_PRIORS: Final = {
    "scare_quotes": 0.7,
    "pointed_quotes": 0.8,
    "hype": 2.0,
    "hype_word": 0.7,
    "praise": 1.2,
    "verdict": 1.2,
    "interjection": 1.0,
    "stock": 1.2,
    "stage": 3.0,
    "smiley": 1.0,
    "mangled_name": 2.0,
    "absurd": 0.8,
    "reward": 1.3,
    "so_called": 0.5,
    "relief": 0.7,
    "kinds_above_one": 0.5,
    "head": 1.0,
}
"""Where labels are too few to tell, a cue weighs this much (log odds)."""
PRIOR_STRENGTH: Final = 6.0
"""Inverse variance of the priors: about as much as two dozen undecided comments."""


_LONGEST_STRANGER: Final = 400
"""Characters of a text that is dropped into a thread."""
_STRANGER_WEIGHTS: Final = {0.0: 1.0, 1.0: 0.3}
"""By label: a plain comment that strays must weigh more, or straying alone would look funny."""
_STRANGERS: Final = 1_000
"""Jokes, and as many other texts."""


class Rows(NamedTuple):
    """Features, labels 0..1 and weights of a combination's examples."""

    features: Array
    labels: Array
    weights: Array
    groups: Array
    """Thread number, or -1: what must not be split between fitting and testing."""


class Placed(NamedTuple):
    """A comment in a thread, with its labels."""

    comment: ScoringInput
    labels: dict[str, Any]
    group: int


def placed_threads(threads: Sequence[dict[str, Any]]) -> list[Placed]:
    """Comments of the labelled threads with what stood around them."""
    found = []
    for group, thread in enumerate(threads):
        said = thread["comments"]
        for number, row in enumerate(said):
            parent = said[row["parent"]]["text"] if row["parent"] is not None else ""
            found.append(
                Placed(
                    ScoringInput(
                        text=row["text"],
                        article_title=thread["article"]["title"],
                        article_text=thread["article"]["text"],
                        parent_text=parent,
                        thread=tuple(r["text"] for r in said[:number]),
                    ),
                    row,
                    group,
                )
            )
    return found


def fit(rows: Rows, priors: Sequence[float], strength: float) -> Array:
    """Fit weights and, last, a bias: maximum a posteriori with normal priors.

    `strength` is the inverse variance of the priors; the bias has none. Labels may be soft.
    """
    mean = np.array(priors)
    scale = rows.features.std(0) + 1e-6 if not mean.any() else np.ones(len(mean))
    matrix = rows.features / scale

    def loss(point: Array) -> tuple[float, Array]:
        logits = matrix @ point[:-1] + point[-1]
        errors = np.logaddexp(0, logits) - rows.labels * logits
        slope = rows.weights * (scipy.special.expit(logits) - rows.labels)
        away = point[:-1] - mean
        value = float(rows.weights @ errors + strength / 2 * away @ away)
        return value, np.append(matrix.T @ slope + strength * away, slope.sum())

    start = np.append(mean, 0.0)
    found = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B")
    return np.append(found.x[:-1] / scale, found.x[-1])


def held_out(rows: Rows, priors: Sequence[float], strength: float, folds: int = 6) -> Array:
    """Log odds for each row from a fit that saw neither it nor its thread."""
    logits = np.zeros(len(rows.labels))
    fold = np.where(rows.groups >= 0, rows.groups % folds, np.arange(len(rows.labels)) % folds)
    for number in range(folds):
        test = fold == number
        point = fit(Rows(*(column[~test] for column in rows)), priors, strength)
        logits[test] = rows.features[test] @ point[:-1] + point[-1]
    return logits


def sarcasm_rows(fitted: Fitted, placed: Sequence[Placed], scorer_head: Any) -> Rows:
    """Examples for the sarcasm combination: labelled comments and threads."""
    rows = [
        (
            np.append(sarcasm.features(float(logit), find_cues(example.text)), 0.0),
            example.labels["sarcasm"],
            1.0,
            -1,
        )
        for example, logit in zip(
            fitted.examples["sarcasm"], fitted.held_out["sarcasm"], strict=True
        )
        if example.source == "sarcasm_labels"
    ]
    for comment, labels, group in placed:
        own = commenters_words(comment)
        cues = find_cues(own, sources(comment), comment.thread)
        # Sarcasm is commoner in the threads, by design: that must not pass for a property of the
        # comments, so the threads have an intercept of their own, which is dropped afterwards.
        given = np.append(sarcasm.features(scorer_head(own), cues), 1.0)
        rows.append((given, labels["sarcasm"], 1.0, group))
    return _rows(rows)


def sarcasm_priors() -> list[float]:
    """Prior means in the order of the sarcasm scorer's features, and the threads' intercept."""
    return [*(CUE_PRIORS.get(name, 0.0) for name in sarcasm.FEATURES), 0.0]


def off_topic_rows(reader: Reader, placed: Sequence[Placed]) -> Rows:
    """Threads as they are, and the same comments under articles that are not theirs."""
    draw = random.Random(SEED)
    rows: list[tuple[Any, float, float, int]] = []
    for comment, labels, group in placed:
        own = commenters_words(comment)
        near = reader.surroundings.near(own, comment)
        rows.append((near.features(), float(labels["topic"] == "off"), 1.0, group))
        swapped = _swap(comment.text, placed, draw, group)
        near = reader.surroundings.near(commenters_words(swapped), swapped)
        rows.append((near.features(), 1.0, 0.3, group))
    return _rows(rows)


def joke_rows(scorer: jokes.Joke, fitted: Fitted, placed: Sequence[Placed]) -> Rows:
    """Threads as they are; jokes and other comments of the joke head, dropped into threads."""
    draw = random.Random(SEED)
    rows: list[tuple[Any, float, float, int]] = []
    heard = list(zip(fitted.examples["joke"], fitted.held_out["joke"], strict=True))
    # The head was fitted on the threads as well: only what it said out of fold is a fair feature.
    in_threads = {e.text: float(logit) for e, logit in heard if e.source == "threads"}
    for comment, labels, group in placed:
        own = commenters_words(comment)
        off = float(labels["joke"] and labels["topic"] == "off")
        given = scorer.features(in_threads[comment.text], own, comment)
        rows.append((given, off, 1.0, group))
    strangers = [
        (example, logit)
        for example, logit in heard
        if len(example.text) < _LONGEST_STRANGER
        and example.labels["joke"] in {0.0, 1.0}
        and example.source != "threads"
    ]
    draw.shuffle(strangers)
    taken = {0.0: 0, 1.0: 0}
    for example, logit in strangers:
        label = example.labels["joke"]
        if taken[label] >= _STRANGERS:
            continue
        taken[label] += 1
        comment = _swap(example.text, placed, draw, -1)
        given = scorer.features(float(logit), example.text, comment)
        rows.append((given, label, _STRANGER_WEIGHTS[label], -1))
    return _rows(rows)


def _swap(text: str, placed: Sequence[Placed], draw: random.Random, group: int) -> ScoringInput:
    """A text as if it had been written in another thread."""
    while True:
        other = draw.choice(placed)
        if other.group != group:
            break
    return ScoringInput(
        text=text,
        article_title=other.comment.article_title,
        article_text=other.comment.article_text,
        thread=other.comment.thread,
    )


def _rows(rows: Sequence[tuple[Any, float, float, int]]) -> Rows:
    features, labels, weights, groups = zip(*rows, strict=True)
    return Rows(
        np.stack(features).astype(np.float64),
        np.array(labels, dtype=np.float64),
        np.array(weights, dtype=np.float64),
        np.array(groups),
    )


def save(folder: Path, points: dict[str, Array]) -> None:
    """Write the combinations; each point is weights and, last, a bias."""
    arrays: dict[str, Any] = {}
    for name, point in points.items():
        arrays[f"{name}.weights"] = point[:-1].astype(np.float32)
        arrays[f"{name}.bias"] = point[-1:].astype(np.float32)
    np.savez(folder / "context.npz", **arrays)
