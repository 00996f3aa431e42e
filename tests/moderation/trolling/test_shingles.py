"""Which comments can be part of a campaign, and by which of their words."""

import pytest

from moderation.trolling.shingles import said, shingles

ARTICLE = (
    "The council will close the old ferry pier in May. "
    "Repairs would cost two million for a pier that nobody has used in years."
)
OWN = "Close the pier and the island loses its only doctor, says every fisherman I know."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "First!",
        "I agree.",
        "Well said, I could not have put it better myself. Thank you!",
        "This is so true and exactly what I have been saying all along.",
        "Great article, thanks for sharing your point of view with us readers.",
        "ha ha ha ha ha ha ha ha ha ha",
        "\U0001f602 \U0001f602 \U0001f602 \U0001f44d",
    ],
)
def test_what_everybody_says_is_not_compared(text: str) -> None:
    """Short and generic replies never make a campaign, however many readers give them."""
    assert shingles(text) is None


def test_what_the_article_says_is_not_compared() -> None:
    """Readers who copy the same sentence of the article agree on nothing but the article."""
    copied = "Repairs would cost two million for a pier that nobody has used in years."
    alone = shingles(f"{copied} Really?", [ARTICLE])
    beside = shingles(f"{copied} {OWN}", [ARTICLE])
    assert alone is None
    assert beside == shingles(OWN)


def test_what_the_parent_says_is_not_compared() -> None:
    """Quoting the comment that is answered, with or without marks, is no copy of it."""
    assert shingles(f"{OWN}\nNo.", ["", OWN]) is None
    assert shingles(f"> {OWN}\nNo.") is None


@pytest.mark.parametrize(
    "text",
    [
        "\u201cA harbour that waits for calm weather never learns to sail.\u201d Old proverb",
        "As the poet said: \u00abA harbour that waits for calm weather never learns to sail.\u00bb",
        "A harbour that waits for calm weather never learns to sail. - Ingrid Vale",
        "A harbour that waits for calm weather never learns to sail.\n\u2014 I. Vale",
    ],
)
def test_a_popular_quote_is_not_compared(text: str) -> None:
    """A saying that many repeat is a saying; who it is by does not make it a campaign."""
    assert shingles(text) is None


def test_a_quote_beside_own_words() -> None:
    """Who adds an argument to a quote is compared by the argument."""
    found = shingles(f'"A harbour that waits for calm weather." {OWN}')
    assert found == shingles(OWN)


def test_masks_are_read_through() -> None:
    """Lookalike letters and characters that cannot be seen do not hide a copy."""
    masked = OWN.replace("doctor", "d\u043ect\u043er").replace("fisherman", "fish\u200berman")
    assert masked != OWN
    assert shingles(masked) == shingles(OWN.upper()) == shingles(OWN)


def test_a_very_long_text_costs_no_more_than_a_long_one() -> None:
    """What stands behind the first 400 words is not looked at."""
    long = " ".join(f"word{number}" for number in range(400))
    assert shingles(f"{long} and more of it") == shingles(long)


def test_said_keeps_places() -> None:
    """What is left stands where it stood, for whoever looks at it."""
    text = f'"The council will close the old ferry pier in May." {OWN}'
    assert text.index(OWN) == said(text, [ARTICLE]).index(OWN)
