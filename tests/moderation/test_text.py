"""Reading a comment's text: offsets, sentences, and what is cited."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.text import appears_in, citations, fold, own_words, quotations, sentences, words

ARTICLE = (
    "The council will close the old ferry pier in May. "
    "Repairs would cost two million for a pier that nobody has used in years."
)


@given(st.text())
def test_folding_keeps_every_offset(text: str) -> None:
    """Evidence found in folded text points at the same characters of the raw text."""
    assert len(text) == len(fold(text))


@given(st.text(max_size=300))
def test_sentences_stand_in_order(text: str) -> None:
    """Sentences are parts of the text that follow each other, whatever the text is."""
    spans = sentences(text)
    assert spans == sorted(spans)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))


@given(st.text(max_size=200), st.text(max_size=200))
def test_own_words_keep_every_offset(text: str, source: str) -> None:
    """Whatever is blanked, a place in the own words is the same place in the comment."""
    assert len(text) == len(own_words(text, [source]))


def test_words_of_typographic_text() -> None:
    """A curly apostrophe does not split a word, and case does not tell words apart."""
    assert ["don't", "close", "it"] == words("Don\u2019t CLOSE it!")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two? Three!", ["One.", "Two?", "Three!"]),
        ("Dr. Holt of the U.S. team left. Good.", ["Dr. Holt of the U.S. team left.", "Good."]),
        ("first line\nsecond line", ["first line", "second line"]),
        ("they said so ..nobody did", ["they said so ..nobody did"]),
        ("sure..why not", ["sure", "why not"]),
        ("...", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    """Abbreviations do not end a sentence; line ends and dots between words do."""
    assert expected == [text[start:end].strip() for start, end in sentences(text)]


def test_quotations_of_any_style() -> None:
    """Straight, curly and angle quotation marks all quote; a lone mark does not."""
    text = 'A "b" c \u201cd\u201d e \u00abf\u00bb and 5" pipe'
    assert ["b", "d", "f"] == [text[start:end] for start, end in quotations(text)]


def test_a_passage_is_known_across_punctuation() -> None:
    """Quoting with other marks is quoting still; words in another order are not."""
    assert appears_in("the OLD ferry pier", [ARTICLE])
    assert not appears_in("ferry old pier", [ARTICLE])


def test_what_is_cited() -> None:
    """Lines marked as quotes, quoted passages and copied sentences are not the commenter's."""
    text = (
        "> somebody said this\n"
        '"will close the old ferry pier" is what they say.\n'
        "Repairs would cost two million for a pier that nobody has used in years.\n"
        "They will close it. "
        'They call it "old".'
    )
    cited = [text[start:end] for start, end in citations(text, [ARTICLE])]
    assert [
        "> somebody said this",
        "will close the old ferry pier",
        "Repairs would cost two million for a pier that nobody has used in years.",
    ] == cited


def test_own_words_without_the_citation() -> None:
    """Scorers see what the commenter adds, at its place in the raw text."""
    text = '"The council will close the old ferry pier in May." Shame.'
    own = own_words(text, [ARTICLE])
    assert "Shame." == own.strip(' "')
    assert text.index("Shame") == own.index("Shame")


def test_nothing_but_citation() -> None:
    """A comment that only cites has no words of its own to be judged by."""
    text = "Repairs would cost two million for a pier that nobody has used in years."
    assert "" == own_words(text, [ARTICLE]).strip()
