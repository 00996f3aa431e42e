"""Texts in pieces: evidence, covered words, unmasked words, changes."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.review.web import passages
from moderation.review.web.passages import Change, Piece
from moderation.scoring.protocol import Span
from moderation.text import unmask
from tests.moderation.review.desk import judged

anyhow = settings(deadline=None)

SPANS = st.lists(
    st.builds(
        Span,
        st.integers(-2, 60),
        st.integers(-2, 60),
        st.sampled_from(["threat", "insult", "sarcasm"]),
    ),
    max_size=6,
)


@anyhow
@given(
    text=st.text(max_size=50),
    spans=SPANS,
    reasons=st.sampled_from([{}, {"threat": 0.9}]),
    cover=st.booleans(),
)
def test_no_word_is_lost(
    text: str, spans: list[Span], reasons: dict[str, float], *, cover: bool
) -> None:
    """Whatever the evidence says, the pieces are the text."""
    record = judged("c", text=text, evidence=spans, reasons=reasons)
    assert text == "".join(piece.text for piece in passages.pieces(record, cover=cover))


@anyhow
@given(text=st.text(alphabet="ab1@. \u0430\u200bidot", max_size=40), cover=st.booleans())
def test_no_unmasked_word_is_lost(text: str, *, cover: bool) -> None:
    """What is shown beside a masked text is all of the unmasked one, or nothing."""
    record = judged("c", text=text, reasons={"threat": 0.9})
    found = passages.unmasked_pieces(record, cover=cover)
    assert "".join(piece.text for piece in found) in {"", unmask(text).text}


def test_overlapping_evidence() -> None:
    """Where two reasons have the same words, both are told."""
    record = judged(
        "c", text="abcdef", evidence=[Span(0, 4, "insult"), Span(2, 6, "sarcasm")], reasons={}
    )
    assert [
        Piece("ab", ("insult",)),
        Piece("cd", ("insult", "sarcasm")),
        Piece("ef", ("sarcasm",)),
    ] == passages.pieces(record, cover=True)


@pytest.mark.parametrize(
    ("fields", "covered"),
    [
        ({"reasons": {"threat": 0.4}, "evidence": [Span(0, 3, "threat")]}, "you"),
        ({"reasons": {"threat": 0.4}, "evidence": [Span(0, 3, "insult")]}, "you idiot"),
        ({"reasons": {"insult": 0.6}, "evidence": [Span(0, 3, "insult")]}, ""),
        ({"reasons": {"insult": 0.95}, "evidence": [Span(4, 9, "insult")]}, "idiot"),
    ],
)
def test_what_is_covered(fields: dict[str, Any], covered: str) -> None:
    """The harsh words where they are known; the whole text where they are not."""
    record = judged("c", text="you idiot", **fields)
    found = passages.pieces(record, cover=True)
    assert covered == "".join(piece.text for piece in found if piece.covered)
    assert not any(piece.covered for piece in passages.pieces(record, cover=False))


def test_unmasked_words_are_covered_too() -> None:
    """What is covered in the raw text cannot be read beside it."""
    record = judged(
        "c", text="an 1d10t here", reasons={"insult": 0.95}, evidence=[Span(3, 8, "insult")]
    )
    found = passages.unmasked_pieces(record, cover=True)
    assert ["idiot"] == [piece.text for piece in found if piece.covered]
    assert ["idiot"] == [piece.text for piece in found if piece.unmasked]


def test_changes() -> None:
    """An edit is shown word by word."""
    assert [
        Change("A ", "same"),
        Change("fine", "gone"),
        Change("foul", "new"),
        Change(" bridge.", "same"),
    ] == passages.changes("A fine bridge.", "A foul bridge.")
