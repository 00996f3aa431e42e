"""What a moderator is shown of the differences between copies."""

from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.trolling.varying import varying_words


def test_the_places_that_vary() -> None:
    """Exchanged, dropped and added words show at their place, the most varied place first."""
    texts = [
        "The mayor sold our harbour to his brother",
        "The governor sold our harbour to his brother",
        "The minister sold our harbour to his cousin",
        "The mayor quietly sold our harbour to brother",
    ]
    assert [
        ["mayor", "governor", "minister"],
        ["", "quietly"],
        ["his", ""],
        ["brother", "cousin"],
    ] == varying_words(texts)


def test_copies_without_changes() -> None:
    """Punctuation and case are no difference; one text, or none, has nothing to differ from."""
    assert varying_words(["Close it!", "close it"]) == []
    assert varying_words(["Close it!"]) == []
    assert varying_words([]) == []


@settings(deadline=None)
@given(st.lists(st.text(alphabet="ab cd", max_size=40), max_size=6), st.integers(0, 5))
def test_a_card_has_room_for_it(texts: list[str], most: int) -> None:
    """Never more places than asked for, and each place shows a difference."""
    places = varying_words(texts, most=most)
    assert len(places) <= most
    assert all(len(place) == len(set(place)) > 1 for place in places)
