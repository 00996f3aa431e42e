"""Fits the combinations: what the scorers make of the encoder's heads, of cues and of context.

Only texts and threads that the encoder was not trained on take part: what it says of the others
is surer than what it will say of a stranger's.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.optimize
import scipy.special

from moderation.scoring import joke as jokes
from moderation.scoring import sarcasm as sarcasms
from moderation.scoring import toxicity as toxicities
from moderation.scoring.cues import find_cues
from moderation.scoring.heads import weights_of
from moderation.scoring.protocol import ScoringInput
from moderation.scoring.reading import Read, Reader, shared_reader, sources
from moderation.scoring.topic import FEATURES as TOPIC_FEATURES
from moderation.training import data as labelled
from moderation.training.data import SEED, Example, held_out

Array = npt.NDArray[np.float64]
OnStep = Callable[[str, int, int], None]

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
    "contrast": 1.0,
}
"""Where labels are too few to tell, a cue weighs this much (log odds)."""
_PRIOR_STRENGTH: Final = 6.0
"""Inverse variance of the priors: about as much as two dozen undecided comments."""
_TOPIC_STRENGTH: Final = 100.0
"""Of the topic vector's 384 numbers: together they may say little more than one feature."""
_LONGEST_STRANGER: Final = 400
"""Characters of a text that is dropped into a thread."""
_STRANGER_WEIGHTS: Final = {0.0: 0.5, 1.0: 0.15}
"""By label: a plain comment that strays must weigh more, or straying alone would look funny."""
_STRANGERS: Final = 1_000
"""Jokes, and as many other texts."""
_SWAP_WEIGHT: Final = 0.3


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


class Unseen(NamedTuple):
    """What the encoder was not trained on."""

    examples: list[Example]
    read: dict[str, Read]
    """By text, without any context."""
    placed: list[Placed]
    reader: Reader


class Fit(NamedTuple):
    """A fitted combination, with what it says of its own examples when they are held out."""

    name: str
    rows: Rows
    point: Array
    """Weights and, last, a bias."""
    logits: Array


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


def fit_all(data: Path, folder: Path, on_step: OnStep) -> list[Fit]:
    """Fit every combination on the data folder and write `context.npz` into `folder`."""
    reader = shared_reader()
    kept = [example for example in labelled.examples(data) if held_out(example) and example.labels]
    own = [thread for thread in labelled.threads(data) if labelled.is_held_out(thread["id"])]
    placed = placed_threads(own)
    read = {
        text: reader.read([ScoringInput(text=text)])[0]
        for text in _reported([example.text for example in kept], "reading texts", on_step)
    }
    unseen = Unseen(kept, read, placed, reader)
    fits = [_fit_heads(key, heads, unseen) for key, heads in toxicities.FEATURES.items()]
    fits.append(_fit_heads("joke", ("joke",), unseen))
    fits.append(_fit_sarcasm(unseen))
    on_step("fitting topics", 0, 2)
    fits.append(_fit_off_topic(unseen))
    # The off-topic joke takes what was just fitted as a feature.
    _save(folder, [*fits, _nothing("off_topic_joke", len(jokes.FEATURES))])
    on_step("fitting topics", 1, 2)
    fits.append(_fit_off_topic_joke(unseen))
    _save(folder, fits)
    on_step("fitting topics", 2, 2)
    return fits


def fit(rows: Rows, priors: Sequence[float], strength: float | Array) -> Array:
    """Fit weights and, last, a bias: maximum a posteriori with normal priors.

    `strength` is the inverse variance of the priors, one for all or one each; the bias has none.
    Labels may be soft.
    """
    mean = np.array(priors)
    scale = rows.features.std(0) + 1e-6 if not mean.any() else np.ones(len(mean))
    matrix = rows.features / scale

    def loss(point: Array) -> tuple[float, Array]:
        logits = matrix @ point[:-1] + point[-1]
        errors = np.logaddexp(0, logits) - rows.labels * logits
        slope = rows.weights * (scipy.special.expit(logits) - rows.labels)
        away = point[:-1] - mean
        value = float(rows.weights @ errors + (strength * away) @ away / 2)
        return value, np.append(matrix.T @ slope + strength * away, slope.sum())

    start = np.append(mean, 0.0)
    found = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B")
    return np.append(found.x[:-1] / scale, found.x[-1])


def fitted(
    name: str, rows: Rows, priors: Sequence[float], strength: float | Array, folds: int = 6
) -> Fit:
    """Fit, and fit again without each fold for log odds that saw neither a row nor its thread."""
    logits = np.zeros(len(rows.labels))
    fold = np.where(rows.groups >= 0, rows.groups % folds, np.arange(len(rows.labels)) % folds)
    for number in range(folds):
        test = fold == number
        point = fit(Rows(*(column[~test] for column in rows)), priors, strength)
        logits[test] = rows.features[test] @ point[:-1] + point[-1]
    return Fit(name, rows, fit(rows, priors, strength), logits)


def _fit_heads(key: str, heads: Sequence[str], unseen: Unseen) -> Fit:
    """A score that is made of heads alone, so that it is a probability (Platt, 1999)."""
    rows = [
        (np.array([unseen.read[e.text].logit(head) for head in heads]), e.labels[key], e.weight, -1)
        for e in unseen.examples
        if key in e.labels and e.source != "threads" and unseen.read[e.text].windows
    ]
    for comment, labels, group in unseen.placed:
        (found,) = unseen.reader.read([comment])
        known = {"joke": float(labels["joke"])} | labelled.BY_DEGREE[labels["toxicity"]]
        if key in known and found.windows:
            given = np.array([found.logit(head) for head in heads])
            rows.append((given, known[key], 1.0, group))
    return fitted(key, _rows(rows), [1 / len(heads)] * len(heads), _PRIOR_STRENGTH)


def _fit_sarcasm(unseen: Unseen) -> Fit:
    """Labelled comments and threads."""
    rows = []
    for example in unseen.examples:
        found = unseen.read[example.text]
        if "sarcasm" in example.labels and example.source != "threads" and found.windows:
            given = sarcasms.features(found, find_cues(found.own), unseen.reader)
            rows.append((np.append(given, 0.0), example.labels["sarcasm"], 1.0, -1))
    for comment, labels, group in unseen.placed:
        (found,) = unseen.reader.read([comment])
        if not found.windows:
            continue
        cues = find_cues(found.own, sources(comment), comment.thread)
        # Sarcasm is commoner in the threads, by design: that must not pass for a property of the
        # comments, so the threads have an intercept of their own, which is dropped afterwards.
        given = np.append(sarcasms.features(found, cues, unseen.reader), 1.0)
        rows.append((given, labels["sarcasm"], 1.0, group))
    priors = [*(CUE_PRIORS.get(name, 0.0) for name in sarcasms.FEATURES), 0.0]
    found_fit = fitted("sarcasm", _rows(rows), priors, _PRIOR_STRENGTH)
    return found_fit._replace(point=np.delete(found_fit.point, len(sarcasms.FEATURES)))


def _fit_off_topic(unseen: Unseen) -> Fit:
    """Threads as they are, and the same comments under articles that are not theirs."""
    draw = random.Random(SEED)
    rows: list[tuple[Any, float, float, int]] = []
    for comment, labels, group in unseen.placed:
        for given, label, weight in (
            (comment, float(labels["topic"] == "off"), 1.0),
            (_swap(comment.text, unseen.placed, draw, group), 1.0, _SWAP_WEIGHT),
        ):
            (read,) = unseen.reader.read([given])
            if read.windows:
                rows.append((read.near.features(), label, weight, group))
    return fitted("off_topic", _rows(rows), [0.0] * len(TOPIC_FEATURES), 1.0)


def _fit_off_topic_joke(unseen: Unseen) -> Fit:
    """Threads as they are; jokes and other comments, dropped into threads."""
    weights_of.cache_clear()
    scorer = jokes.Joke(unseen.reader)
    draw = random.Random(SEED)
    rows: list[tuple[Any, float, float, int]] = []
    for comment, labels, group in unseen.placed:
        (read,) = unseen.reader.read([comment])
        if read.windows:
            off = float(labels["joke"] and labels["topic"] == "off")
            rows.append((scorer.features(read), off, 1.0, group))
    strangers = [
        example
        for example in unseen.examples
        if len(example.text) < _LONGEST_STRANGER
        and example.labels.get("joke") in {0.0, 1.0}
        and example.source != "threads"
    ]
    draw.shuffle(strangers)
    taken = {0.0: 0, 1.0: 0}
    for example in strangers:
        label = example.labels["joke"]
        if taken[label] >= _STRANGERS:
            continue
        taken[label] += 1
        (read,) = unseen.reader.read([_swap(example.text, unseen.placed, draw, -1)])
        if read.windows:
            rows.append((scorer.features(read), label, _STRANGER_WEIGHTS[label], -1))
    strength = np.ones(len(jokes.FEATURES))
    strength[-(len(jokes.FEATURES) - len(jokes.OWN_FEATURES) - len(TOPIC_FEATURES)) :] = (
        _TOPIC_STRENGTH
    )
    return fitted("off_topic_joke", _rows(rows), [0.0] * len(jokes.FEATURES), strength)


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


def _nothing(name: str, features: int) -> Fit:
    """A combination that says nothing, to start from."""
    empty = np.zeros(0)
    return Fit(name, Rows(empty, empty, empty, empty), np.zeros(features + 1), empty)


def _rows(rows: Sequence[tuple[Any, float, float, int]]) -> Rows:
    features, labels, weights, groups = zip(*rows, strict=True)
    return Rows(
        np.stack(features).astype(np.float64),
        np.array(labels, dtype=np.float64),
        np.array(weights, dtype=np.float64),
        np.array(groups),
    )


def _reported(texts: Sequence[str], what: str, on_step: OnStep) -> Iterable[str]:
    for number, text in enumerate(texts, start=1):
        yield text
        on_step(what, number, len(texts))


def _save(folder: Path, fits: Sequence[Fit]) -> None:
    """Write the combinations."""
    arrays: dict[str, Any] = {}
    for each in fits:
        arrays[f"{each.name}.weights"] = each.point[:-1].astype(np.float32)
        arrays[f"{each.name}.bias"] = each.point[-1:].astype(np.float32)
    np.savez(folder / "context.npz", **arrays)
    weights_of.cache_clear()
