"""The sentence that a moderator reads."""

import pytest

from moderation.scoring.wording import PHRASES, sentence

TEXT = "What a genius plan, you clown. Brainless."


@pytest.mark.parametrize("code", PHRASES)
def test_every_code_has_plain_words(code: str) -> None:
    """No code of a model reaches a moderator as a reason."""
    said = sentence(code, TEXT, [(0, 13)])
    assert said[0].isupper()
    assert "_" not in said


def test_words_are_quoted() -> None:
    """What was said is quoted in the order of the comment, and a scorer's jargon is not."""
    said = sentence("insult", TEXT, [(20, 29), (31, 40)], note="Detoxify's insult score")
    assert "Insults somebody: \u201cyou clown\u201d, \u201cBrainless\u201d" == said


def test_kinds_are_named() -> None:
    """Where a scorer knows what kind of words it found, the moderator is told."""
    note = "mock praise: What a genius; a stage direction: (wink)"
    said = sentence("sarcasm", TEXT, [(0, 13), (20, 29)], note=note)
    assert "Sounds sarcastic: mock praise \u201cWhat a genius\u201d, \u201cyou clown\u201d" == said


def test_quotations_are_short() -> None:
    """At most three, the longest, each of at most sixty characters and cut at a word."""
    text = "word " * 100
    said = sentence("insult", text, [(0, 4), (10, 200), (205, 214), (220, 229), (300, 304)])
    pieces = said.partition(": ")[2].split(", ")
    assert 3 == len(pieces)
    assert all(len(piece) <= 62 for piece in pieces)
    assert pieces[0].endswith("word\u2026\u201d")


def test_the_comment_as_a_whole() -> None:
    """A whole comment is not quoted back at the moderator."""
    text = "word " * 40
    said = sentence("sarcasm", text, [(0, len(text) - 1)])
    assert "Sounds sarcastic: the comment as a whole" == said


def test_a_scorer_of_ones_own() -> None:
    """A code that we do not know is told in its scorer's words, or in its own name."""
    assert "Sells something: \u201cyou clown\u201d" == sentence(
        "advert", TEXT, [(20, 29)], note="sells something"
    )
    assert "Cheap advert: \u201cyou clown\u201d" == sentence("cheap_advert", TEXT, [(20, 29)])


def test_distance_needs_an_article() -> None:
    """Nothing is measured where nothing is near."""
    assert "Has little to do with the story" == sentence("off_topic", TEXT, [(0, 4)])
