"""The sentence encoder: vectors that depend on the text alone."""

import numpy as np
import pytest

from moderation.errors import WeightsError
from moderation.scoring.encoder import DIMENSIONS, Encoder, read_weights
from moderation.scoring.ngrams import BUCKETS, count


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """An encoder without anything in its cache."""
    return Encoder()


def test_shape_and_length(encoder: Encoder) -> None:
    """Heads and similarities rely on 768 numbers, the first half of length 1."""
    vector = encoder.embed("The ferry leaves at noon.")
    assert (2 * DIMENSIONS,) == vector.shape
    assert np.float32 == vector.dtype
    assert pytest.approx(1, abs=1e-5) == float(np.linalg.norm(vector[:DIMENSIONS]))


def test_the_cache_changes_nothing(encoder: Encoder) -> None:
    """A text has the same vector fresh, remembered, and in another encoder."""
    fresh = encoder.embed("a harbour in the rain")
    assert np.array_equal(fresh, encoder.embed("a harbour in the rain"))
    assert np.array_equal(fresh, Encoder().embed("a harbour in the rain"))


def test_like_means_near(encoder: Encoder) -> None:
    """Two sentences on one subject are nearer than two on different ones."""
    one = encoder.meaning("The council closed the library on Sundays.")
    two = encoder.meaning("On Sundays nobody can borrow books in town any more.")
    other = encoder.meaning("Add the butter and bake for forty minutes.")
    assert one @ two > one @ other + 0.2


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\U0001f600" * 50, "a" * 10_000])
def test_odd_texts(encoder: Encoder, text: str) -> None:
    """Whatever a comment field lets through gives finite numbers."""
    assert np.isfinite(encoder.embed(text)).all()
    assert all(np.isfinite(encoder.embed(part)).all() for part in encoder.windows(text))


def test_windows_hold_the_whole_text(encoder: Encoder) -> None:
    """No sentence of a long comment goes unread."""
    said = [f"Sentence number {n} says something about the harbour bridge." for n in range(40)]
    windows = encoder.windows(" ".join(said))
    assert len(windows) > 1
    assert said == [
        sentence.strip() + "."
        for window in windows
        for sentence in window.split(".")
        if sentence.strip()
    ]


def test_a_text_without_stops_is_read_to_its_end(encoder: Encoder) -> None:
    """Whoever leaves out all punctuation does not get past the scorers."""
    windows = encoder.windows("the ferry is late again " * 200 + "idiot")
    assert windows[-1].endswith("idiot")
    assert all(len(window) <= 600 for window in windows)


def test_absent_weights_name_the_remedy() -> None:
    """A broken installation says which file is missing and how to build it."""
    with pytest.raises(WeightsError, match=r"nothing\.npz.*moderation\.training"):
        read_weights("nothing.npz")


@pytest.mark.parametrize("text", ["", "a", "A word, and a word.", "\U0001f600 \u4e2d\u6587"])
def test_ngrams_are_buckets(text: str) -> None:
    """Hashed n-grams stay in range and come once each, for any script."""
    counts = count(text)
    assert len(set(counts.buckets.tolist())) == len(counts.buckets) == len(counts.values)
    assert all(0 <= bucket < BUCKETS for bucket in counts.buckets.tolist())


def test_ngrams_ignore_case_and_quote_style() -> None:
    """The same words in another typeface are the same features."""
    straight, curly = count('It\'s "new"'), count("it\u2019s \u201cNEW\u201d")
    assert straight.buckets.tolist() == curly.buckets.tolist()
