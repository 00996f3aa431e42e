"""Calling somebody in the thread a troll, apart from speaking of trolls."""

import pytest

from moderation.trolling.accusation import accuses


@pytest.mark.parametrize(
    "text",
    [
        "Don't feed the troll.",
        "please don\u2019t feed the trolls, everyone",
        "You are a troll.",
        "you're nothing but a paid shill",
        "Are you a bot?",
        "Troll!",
        "paid troll",
        "Nice try, troll.",
        "This account is a bot, look at its history",
        "Stop trolling and read the article",
        "Ignore this troll.",
        "OP is an obvious troll",
        "ur a bot lol",
        "You sound like a Kremlin bot",
        "You trolls never read past the headline",
        "I've had enough. You are just trolling here.",
        "Reported. That user is a sock puppet.",
    ],
)
def test_accusations(text: str) -> None:
    """Speech to or about somebody in the thread counts, in the words that people use for it."""
    assert accuses(text)


@pytest.mark.parametrize(
    "text",
    [
        "The trolley problem is not relevant here.",
        "Anthony Trollope wrote this better.",
        "You trolley-pushing students deserve better pay.",
        "The article says Russian trolls flooded the forum.",
        "Bots make up a third of all traffic, the study says.",
        "The troll farm in that town had 400 employees.",
        "As a child I loved the troll under the bridge.",
        "The council's chatbot is useless.",
        "Both sides have bottomless pockets.",
        "Shill bidding on auction sites is illegal.",
        "They say that the minister is a shill for the port.",
        "You could troll through the archives for years.",
        "You should report trolls to the moderators.",
        "How do you tell a troll from an honest man?",
        "Don't feed the gulls at the pier.",
    ],
)
def test_trolls_as_a_subject(text: str) -> None:
    """Comments on an article about trolls, and words that only look alike, accuse nobody."""
    assert not accuses(text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm not a troll, I simply disagree.",
        "You are not a troll, but you are wrong.",
        "I do not think you are a troll.",
        "Everyone who disagrees gets called a troll.",
        "Stop calling me a troll.",
        "Are you calling me a bot?",
        "If you are a bot then so am I",
        '"You are a troll" is what he wrote to the minister.',
        "> You are a troll\nI disagree with that.",
    ],
)
def test_denials_and_quotations(text: str) -> None:
    """Whoever defends somebody, or quotes an accusation, does not make one."""
    assert not accuses(text)


def test_a_text_made_to_keep_the_patterns_busy() -> None:
    """Nobody can stop a worker with a text on which a pattern would never come to an end."""
    assert not accuses("you are " + "a very " * 5_000 + "troll")
