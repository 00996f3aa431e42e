"""The encoder: numbers that depend on the text alone."""

import numpy as np
import pytest

from moderation.errors import WeightsError
from moderation.scoring.encoder import DIMENSIONS, HEADS, Encoder, read_weights


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """An encoder without anything in its cache."""
    return Encoder()


def test_shape_and_length(encoder: Encoder) -> None:
    """Scorers rely on a number for each head, and on topics of length 1."""
    reading = encoder.read("The ferry leaves at noon.")
    assert ((len(HEADS),), (DIMENSIONS,)) == (reading.logits.shape, reading.topic.shape)
    assert np.float32 == reading.logits.dtype == reading.topic.dtype
    assert pytest.approx(1, abs=1e-5) == float(np.linalg.norm(reading.topic))


def test_the_cache_changes_nothing(encoder: Encoder) -> None:
    """A text reads the same fresh, remembered, fetched beside others, and in another encoder."""
    text = "a harbour in the rain"
    beside = Encoder(threads=2)
    beside.prefetch([text, "something much longer than a harbour, said with many more words"])
    fresh = encoder.read(text)
    for again in (encoder.read(text), Encoder().read(text), beside.read(text)):
        assert np.array_equal(fresh.logits, again.logits)
        assert np.array_equal(fresh.topic, again.topic)


def test_shares_sum_to_the_log_odds(encoder: Encoder) -> None:
    """Which words are tried first rests on shares: they stand in the text and leave nothing out
    but the marks of beginning and end.
    """
    text = "You are  an\nidiot, minister."
    shares = encoder.shares(text, "insult")
    assert "idiot" == max((share, text[start:end]) for start, end, share in shares)[1]
    logit = float(encoder.read(text).logits[HEADS.index("insult")])
    assert pytest.approx(logit, abs=2.0) == sum(share for _, _, share in shares)


def test_like_means_near(encoder: Encoder) -> None:
    """Two sentences on one subject are nearer than two on different ones."""
    one = encoder.meaning("The council closed the library on Sundays.")
    two = encoder.meaning("On Sundays nobody can borrow books in town any more.")
    other = encoder.meaning("Add the butter and bake for forty minutes.")
    assert one @ two > one @ other + 0.2


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\U0001f600" * 50, "a" * 10_000])
def test_odd_texts(encoder: Encoder, text: str) -> None:
    """Whatever a comment field lets through gives finite numbers."""
    for part in (text, *(text[start:end] for start, end in encoder.windows(text))):
        assert all(np.isfinite(vector).all() for vector in encoder.read(part))


def test_windows_hold_the_whole_text(encoder: Encoder) -> None:
    """No sentence of a long comment goes unread."""
    said = [f"Sentence number {n} says something about the harbour bridge." for n in range(40)]
    text = " ".join(said)
    windows = encoder.windows(text)
    assert len(windows) > 1
    assert said == [
        sentence.strip() + "."
        for start, end in windows
        for sentence in text[start:end].split(".")
        if sentence.strip()
    ]


def test_a_text_without_stops_is_read_to_its_end(encoder: Encoder) -> None:
    """Whoever leaves out all punctuation does not get past the scorers."""
    text = "the ferry is late again " * 200 + "idiot"
    windows = encoder.windows(text)
    assert text[slice(*windows[-1])].endswith("idiot")
    assert all(end - start <= 600 for start, end in windows)


def test_absent_weights_name_the_remedy() -> None:
    """A broken installation says which file is missing and how to build it."""
    with pytest.raises(WeightsError, match=r"nothing\.npz.*trollbridge train"):
        read_weights("nothing.npz")
