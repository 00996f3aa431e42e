"""Recognising an author's own text without keeping it."""

from random import Random

import pytest

from moderation.errors import SettingsError
from moderation.trolling.pseudonym import pseudonym, short_hash
from moderation.trolling.signature import ALIKE, SIZE, signature, similarity
from tests.moderation.trolling.scenes import edited, text

TEXT = (
    "The ferry has not run on time once since the council took it over, and everybody who lives on "
    "the island pays for that twice."
)
OTHER = (
    "My grandfather built two of those boats, and he would not have let either of them go to sea "
    "in the state they are in today."
)


def test_copies_are_alike() -> None:
    """Case, punctuation and a few other words do not make another text of it."""
    shouted = TEXT.upper().replace(",", " -")
    changed = TEXT.replace("council", "county").replace("twice", "three times")
    for copy in (TEXT, shouted, changed):
        assert similarity(signature(TEXT), signature(copy)) >= ALIKE, copy


def test_other_texts_are_not() -> None:
    """Two comments of one author about one subject are no repetition."""
    assert similarity(signature(TEXT), signature(OTHER)) < ALIKE


def test_copies_with_one_word_in_seven_exchanged() -> None:
    """Nineteen of twenty copies in which 15 % of the words are others are still recognised."""
    rng = Random(5)
    originals = [text(rng, rng.randint(12, 60)) for _ in range(300)]
    found = sum(
        similarity(signature(edited(rng, original, 0.15)), signature(edited(rng, original, 0.15)))
        >= ALIKE
        for original in originals
    )
    assert found / len(originals) >= 0.95


def test_short_texts_have_none() -> None:
    """What everybody writes, "Well said!", is nobody's repetition."""
    assert signature("Well said!") == ()
    assert similarity((), ()) == 0


def test_size_is_bounded() -> None:
    """A text of any length leaves the same few numbers."""
    rng = Random(1)
    assert len(signature(text(rng, 5_000))) == SIZE


def test_pseudonyms() -> None:
    """All workers give an author the same number, and without the salt nobody can find it out."""
    one = pseudonym("u-3", b"a secret")
    assert one == pseudonym("u-3", b"a secret")
    assert one not in {pseudonym("u-3", b"another"), pseudonym("u-4", b"a secret")}
    assert one != short_hash("u-3")
    assert 0 <= one < 2**32


@pytest.mark.parametrize("salt", [b"", b"x" * 65])
def test_salt_must_be_one(salt: bytes) -> None:
    """Without a salt anybody could look pseudonyms up; the message says what a salt is."""
    with pytest.raises(SettingsError, match="1 to 64 bytes"):
        pseudonym("u-3", salt)
