"""Signatures: the same everywhere, alike for texts that are alike."""

import random
import statistics

import pytest

from moderation.trolling.minhash import BANDS, KEY_BITS, ROWS, signature, similarity
from moderation.trolling.shingles import Shingles, shingles
from tests.moderation.trolling.campaign_texts import changed, ordinary_text

TEXT = "Close the pier and the island loses its only doctor, says every fisherman I know."
BANDS_OF_TEXT = "0.0b240 1.07d1b 2.008cf 3.1587b 4.052c0".split()
SKETCH_OF_TEXT = "b261243384d1e7be8225228b0f94dcdbf86ccdfde842e15c1f9e373889c4154e"


def test_a_signature_does_not_change_between_releases() -> None:
    """Stored signatures stay comparable: this one was made when the signature was introduced."""
    signed = signature(TEXT)
    assert signed is not None
    assert tuple(BANDS_OF_TEXT) == signed.bands
    assert signed.sketch.hex() == SKETCH_OF_TEXT


def test_a_signature_is_small() -> None:
    """A band keeps a sketch for each comment, and has a bounded number of keys."""
    signed = signature(TEXT)
    assert signed is not None
    assert len(signed.sketch) == 32
    assert len(signed.bands) == len(set(signed.bands)) == BANDS
    assert all(int(band.partition(".")[2], 16) < 2**KEY_BITS for band in signed.bands)


def test_too_little_to_sign() -> None:
    """No signature at all, rather than one by which all short comments are alike."""
    assert signature("I agree, well said.") is None


def test_the_same_words_in_other_clothes() -> None:
    """Case, punctuation and masks make no other signature."""
    assert signature(TEXT) == signature(TEXT.upper().replace(",", " --").replace(".", "!!"))


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.2, 0.5, 1.0])
def test_similarity_is_that_of_the_words(rate: float) -> None:
    """The estimate lies around the true Jaccard similarity, within the stated standard error."""
    chance = random.Random(1)
    errors = []
    for _ in range(200):
        text = ordinary_text(chance, chance.randint(20, 60))
        other = changed(chance, text, rate) if rate < 1 else ordinary_text(chance, 40)
        one, two, mine, theirs = signature(text), signature(other), shingles(text), shingles(other)
        assert one is not None
        assert two is not None
        assert mine is not None
        assert theirs is not None
        truth = len(mine.words & theirs.words) / len(mine.words | theirs.words)
        errors.append(similarity(one.sketch, two.sketch) - truth)
    # An estimate cannot be below 0, so that of strangers is a little high.
    assert abs(statistics.fmean(errors)) < 0.03
    assert statistics.pstdev(errors) < 0.07


def test_copies_meet_as_often_as_the_curve_says() -> None:
    """Bands agree with the chance that they were chosen for, at each similarity."""
    chance = random.Random(2)
    expected, met = 0.0, 0
    for _ in range(600):
        text = ordinary_text(chance, chance.randint(12, 60))
        other = changed(chance, text, 0.25)
        one, two = signature(text), signature(other)
        if one is None or two is None:
            continue
        expected += 1 - (1 - _content_similarity(text, other) ** ROWS) ** BANDS
        met += not set(one.bands).isdisjoint(two.bands)
    # Four standard deviations of a sum of 600 coin tosses.
    assert abs(met - expected) < 4 * 600**0.5 / 2


def _content_similarity(text: str, other: str) -> float:
    mine, theirs = shingles(text), shingles(other)
    assert isinstance(mine, Shingles)
    assert isinstance(theirs, Shingles)
    return len(mine.content & theirs.content) / len(mine.content | theirs.content)
