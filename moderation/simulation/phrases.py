"""Texts from templates: `{slot}` stands for a line of another list, `[one|two|]` for a choice."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

Random: TypeAlias = Callable[[], float]
"""Gives numbers uniform in [0, 1)."""
Lists: TypeAlias = Mapping[str, Sequence["Phrase"]]
"""Phrases by the name of their list."""

_MARKS: Final = re.compile(r"[\[\]|]|\{[A-Za-z_]+\}")


class Sequel:
    """Parts said one after the other."""

    __slots__ = ("_end", "_pairs")

    def __init__(self, parts: Sequence["Phrase"]) -> None:
        # Fixed words and what follows them, in pairs: this is the inner loop of a simulation.
        self._pairs: list[tuple[str, Sequel | Slot | Choice]] = []
        fixed = ""
        for part in parts:
            if isinstance(part, str):
                fixed += part
            else:
                self._pairs.append((fixed, part))
                fixed = ""
        self._end = fixed

    def say(self, lists: Lists, random: Random, said: list[str]) -> None:
        """Add the words of each part to `said`."""
        for fixed, part in self._pairs:
            said.append(fixed)
            part.say(lists, random, said)
        said.append(self._end)


class Slot:
    """One phrase of a list that is looked up when it is said."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def say(self, lists: Lists, random: Random, said: list[str]) -> None:
        """Add the words of one phrase to `said`."""
        phrases = lists[self.name]
        phrase = phrases[int(random() * len(phrases))]
        if isinstance(phrase, str):
            said.append(phrase)
        else:
            phrase.say(lists, random, said)


class Choice:
    """One of several phrases."""

    __slots__ = ("_phrases",)

    def __init__(self, phrases: Sequence["Phrase"]) -> None:
        self._phrases = tuple(phrases)

    def say(self, lists: Lists, random: Random, said: list[str]) -> None:
        """Add the words of one phrase to `said`."""
        phrase = self._phrases[int(random() * len(self._phrases))]
        if isinstance(phrase, str):
            said.append(phrase)
        else:
            phrase.say(lists, random, said)


Phrase: TypeAlias = str | Sequel | Slot | Choice


def say(name: str, lists: Lists, random: Random) -> str:
    """A text made from a line of the list `name`; KeyError when a slot has no list."""
    said: list[str] = []
    Slot(name).say(lists, random, said)
    return "".join(said)


def parse(line: str) -> Phrase:
    """Read a template; ValueError when its brackets do not match."""
    tokens = _tokens(line)
    phrase, end = _choice(tokens, line)
    if end:
        raise ValueError(f"a bracket closes that was not opened: {line}")
    return phrase


def _tokens(line: str) -> Iterator[str]:
    start = 0
    for mark in _MARKS.finditer(line):
        if mark.start() > start:
            yield line[start : mark.start()]
        yield mark[0]
        start = mark.end()
    if start < len(line):
        yield line[start:]


def _choice(tokens: Iterator[str], line: str, *, inside: bool = False) -> tuple[Phrase, str]:
    """Alternatives up to a closing bracket or the end, and what ended them."""
    phrases: list[Phrase] = []
    parts: list[Phrase] = []
    end = ""
    for mark in tokens:
        if mark == "[":
            part, end = _choice(tokens, line, inside=True)
            if end != "]":
                raise ValueError(f"a bracket is not closed: {line}")
            parts.append(part)
            end = ""
        elif mark == "]":
            end = mark
            break
        elif mark == "|" and inside:
            phrases.append(_joined(parts))
            parts = []
        else:
            parts.append(Slot(mark[1:-1]) if mark.startswith("{") else mark)
    phrases.append(_joined(parts))
    return phrases[0] if len(phrases) == 1 else Choice(phrases), end


def _joined(parts: list[Phrase]) -> Phrase:
    if not parts:
        return ""
    return parts[0] if len(parts) == 1 else Sequel(parts)
