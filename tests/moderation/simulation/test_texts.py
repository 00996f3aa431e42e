"""The templates, and what is said with them."""

import random
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.simulation.articles import capitals
from moderation.simulation.chance import Chance
from moderation.simulation.edits import edit
from moderation.simulation.phrases import parse, say
from moderation.simulation.style import HABITS, dress
from moderation.simulation.vocabulary import vocabulary

TEXTS = Path(__file__).parents[3] / "moderation" / "simulation" / "texts"
FILLED_IN = {"name", "quoted"}
"""Slots that the article and the answered comment fill."""


def changes(one: list[str], other: list[str]) -> int:
    """Word-level Levenshtein distance."""
    row = list(range(len(other) + 1))
    for number, word in enumerate(one, start=1):
        before, row[0] = row[0], number
        for place, against in enumerate(other, start=1):
            before, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, before + (word != against)),
            )
    return row[-1]


def test_every_slot_has_a_list() -> None:
    """No template names a list that is missing, which would end a simulation in its middle."""
    words = vocabulary()
    shared = words.lists.keys() | words.facts.keys() | FILLED_IN
    for file in TEXTS.glob("*.toml"):
        if file.name != "names.toml":
            # Lists that stories bring are in each of them.
            every = set.intersection(*(set(story.lists) for story in words.stories))
            assert set() == _slots(file) - shared - every - {"slogan", "tic"}, file.name
    for story in words.stories:
        file = TEXTS / "stories" / f"{story.name}.toml"
        assert set() == _slots(file) - shared - story.lists.keys() - story.facts.keys(), file.name
    assert set() == _slots(TEXTS / "names.toml") - shared - words.names.keys()


def _slots(file: Path) -> set[str]:
    text = file.read_text("utf-8")
    assert tomllib.loads(text)
    return set(re.findall(r"\{(\w+)\}", text))


def test_many_topics() -> None:
    """Readers of a simulation see more than one subject, and articles of several paragraphs."""
    stories = vocabulary().stories
    assert 8 <= len({story.section for story in stories})
    assert all(5 <= len(story.paragraphs) for story in stories)


def test_insults_are_where_the_labels_say() -> None:
    """Lists for toxic comments always insult, all others never do, whatever is drawn."""
    words = vocabulary()
    chance = random.Random(1).random
    filled = {"name": ("Alma",), "quoted": ("As it says.",), "slogan": ("Ours!",)}
    filled |= {"tic": ("So there.",)}
    for story in words.stories[::4]:
        facts = {name: (phrase,) for name, phrase in (words.facts | story.facts).items()}
        lists = {**words.lists, **story.lists, **facts, **filled}
        for name in lists.keys() - {"insult", "a_insult", "insults", "slight"}:
            for _ in range(40):
                text = say(name, lists, chance)
                found = words.insults & set(re.findall(r"[a-z]+", text.lower()))
                assert bool(found) == name.startswith("toxic"), (story.name, name, text)


def test_templates() -> None:
    """Choices, empty ones too, nest and hold slots; whatever else is said as it stands."""
    lists = {"line": (parse("[a [big|]|the ]{thing}!"),), "thing": (parse("cat"), parse("dog"))}
    chance = random.Random(1).random
    assert {"a bigcat!", "a bigdog!", "a cat!", "a dog!", "the cat!", "the dog!"} == {
        say("line", lists, chance) for _ in range(200)
    }


@pytest.mark.parametrize("line", ["[a|b", "a]", "[a|[b]"])
def test_unbalanced_template(line: str) -> None:
    """A bracket too many or too few in a text file is named, not said."""
    with pytest.raises(ValueError, match=re.escape(line)):
        parse(line)


def test_capitals() -> None:
    """Sentences begin with capitals, after a quotation too; figures and names stay."""
    assert 'One. Two? "Three." Four 1.5 five' == capitals('one. two? "three." four 1.5 five')


@given(seed=st.integers(), rate=st.floats(0, 1), size=st.integers(1, 80))
def test_edit_rate(seed: int, rate: float, size: int) -> None:
    """A copy never departs from its text by more words than was asked for."""
    words = vocabulary()
    text = " ".join(say("campaign", words.lists, random.Random(seed).random).split()[:size])
    edited = edit(text, rate, words, Chance(seed))
    assert changes(text.split(), edited.split()) <= rate * len(text.split()) + 1e-9


def test_edits_differ() -> None:
    """Copies are not all alike: most of them at least differ from each other."""
    words = vocabulary()
    chance = Chance("copies")
    text = say("campaign", words.lists, chance.random)
    assert 40 < len({edit(text, 0.15, words, chance) for _ in range(60)})


def test_habits_keep_words() -> None:
    """A reader's habits change how a text looks and not its words, so that labels still hold."""
    text = "Is it so, Alma B.? And I don't know. They come and go. Fine."
    for habit in HABITS:
        assert text != dress(text, (habit,))
        letters = re.sub("[^a-z]", "", dress(text, (habit,)).replace("&", "and").lower())
        assert re.sub("[^a-z]", "", text.lower()) == letters
