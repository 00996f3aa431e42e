"""The text templates in `texts/`, read once."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from moderation.simulation.phrases import Phrase, parse

_SHARED = ("everyday.toml", "temper.toml", "quarrels.toml", "pasted.toml")

_PLAIN = ("first", "woman", "surname", "town", "district", "street", "paper")

Parsed = dict[str, tuple[Phrase, ...]]


class Story(NamedTuple):
    """What articles of one kind, and comments under them, are made of."""

    name: str
    section: str
    titles: tuple[Phrase, ...]
    paragraphs: tuple[Phrase, ...]
    facts: dict[str, Phrase]
    """Chosen once for an article, in this order."""
    lists: Parsed
    """What readers have to say about it."""


class Vocabulary(NamedTuple):
    """All the words of a simulation."""

    stories: tuple[Story, ...]
    lists: Parsed
    """What readers say under any story."""
    facts: dict[str, Phrase]
    """Facts that every article begins with."""
    names: Parsed
    """How readers call themselves."""
    insults: frozenset[str]
    """In lower case; toxic texts hold one of them, others none."""
    fillers: tuple[str, ...]
    synonyms: dict[str, tuple[str, ...]]
    """The other words that may stand for a word."""


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """Read and parse every text; ValueError when a template is wrong."""
    folder = files(__package__) / "texts"
    people = _toml(folder / "names.toml")
    raw = {name: lines for file in _SHARED for name, lines in _toml(folder / file).items()}
    places = {name: _lines(people[name]) for name in _PLAIN}
    shared = {name: _parsed(lines) for name, lines in raw.items() if name != "synonyms"}
    names: Parsed = {name: _parsed(lines) for name, lines in people["screen"].items()}
    names |= places
    for name in ("adjective", "noun"):
        names[name.capitalize()] = tuple(
            word.capitalize() for word in _lines(people["screen"][name])
        )
    for name in ("first", "district"):
        names[f"{name}_low"] = tuple(
            "".join(letter for letter in place.lower() if letter.isalpha())
            for place in places[name]
        )
    return Vocabulary(
        stories=tuple(
            _story(file.name, _toml(file))
            for file in sorted((folder / "stories").iterdir(), key=lambda file: file.name)
        ),
        lists=places | shared,
        facts={name: parse(line) for name, line in people["facts"].items()},
        names=names,
        insults=frozenset(
            word for name in ("insult", "insults", "slight") for word in _lines(raw[name])
        ),
        fillers=_lines(raw["filler"]),
        synonyms=_synonyms(_lines(raw["synonyms"])),
    )


def _toml(file: Any) -> dict[str, Any]:
    return tomllib.loads(file.read_text("utf-8"))


def _story(file: str, content: Mapping[str, Any]) -> Story:
    return Story(
        name=file.removesuffix(".toml"),
        section=content["section"],
        titles=_parsed(content["title"]),
        paragraphs=_parsed(content["paragraphs"]),
        facts={name: parse(line) for name, line in content["facts"].items()},
        lists={name: _parsed(lines) for name, lines in content["words"].items()},
    )


def _synonyms(lines: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    others: dict[str, tuple[str, ...]] = {}
    for group in (line.split() for line in lines):
        for word in group:
            others[word] = (*others.get(word, ()), *(other for other in group if other != word))
    return others


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _parsed(text: str) -> tuple[Phrase, ...]:
    return tuple(parse(line) for line in _lines(text))
