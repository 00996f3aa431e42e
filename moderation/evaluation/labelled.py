"""Labelled comments: what the figures are counted on."""

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec

from moderation.errors import SettingsError
from moderation.scoring.protocol import ScoringInput

SEED: Final = 20_240_601
SURE: Final = 0.25
"""A soft label farther than this from both 0 and 1 is undecided and left out."""
REVIEW: Final = "review"
"""Label of the policy's decision instead of a score: should a moderator have seen the comment?"""


class Item(NamedTuple):
    """A comment and what people said of it."""

    comment: ScoringInput
    labels: Mapping[str, bool]
    """By score key, or `REVIEW`; a key that is absent was not labelled, or is undecided."""
    identity: tuple[str, ...] = ()
    """Groups of people that the text speaks of."""
    group: str = ""
    """Texts that are not independent share it, as those of one thread do; empty: alone."""


class LabelledSet(NamedTuple):
    """Comments from one source, labelled in one way."""

    name: str
    about: str
    """One line for a reader of the report."""
    seen: str
    """What of it trained the weights that ship; empty: nothing."""
    natural: bool
    """Whether the mix is that of a stream of comments, so that precision and flag rate carry over;
    else it was put together, and only what does not depend on the mix does."""
    items: Sequence[Item]
    total: int
    """How many there were before a sample was drawn."""

    def sample(self, limit: int) -> "LabelledSet":
        """At most `limit` of the items, drawn by chance with a fixed seed; 0: all."""
        if not 0 < limit < len(self.items):
            return self
        chosen = random.Random(SEED).sample(range(len(self.items)), limit)  # noqa: S311 - no secret
        return self._replace(items=[self.items[index] for index in sorted(chosen)])


def decided(labels: Mapping[str, float]) -> dict[str, bool]:
    """Soft labels 0..1 as yes or no, without the undecided."""
    return {key: value > 1 / 2 for key, value in labels.items() if min(value, 1 - value) <= SURE}


class _Article(msgspec.Struct):
    title: str = ""
    text: str = ""


_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class LabelledLine(msgspec.Struct):
    """A line of a labelled file: a line that `trollbridge score` takes, with labels."""

    id: str | int
    text: Annotated[str, msgspec.Meta(max_length=10_000)]
    labels: dict[str, bool | _Share]
    article: _Article | None = None
    parent_text: str | None = None
    thread: tuple[str, ...] | None = None
    section: str | None = None
    lang: str | None = None
    identity: tuple[str, ...] = ()
    set: str = ""
    """Lines of different sets are measured apart."""

    def to_item(self) -> Item:
        """The comment as scorers take it; texts under one article count as one group."""
        article = self.article or _Article()
        comment = ScoringInput(
            text=self.text,
            article_title=article.title,
            article_text=article.text,
            parent_text=self.parent_text or "",
            thread=self.thread or (),
            section=self.section or "",
            lang=self.lang or "",
        )
        labels = decided({key: float(value) for key, value in self.labels.items()})
        return Item(comment, labels, self.identity, article.title)


def read_file(file: Path) -> list[LabelledSet]:
    """The sets of a file of JSON lines, in the order in which they first appear.

    SettingsError names the file and the line that is wrong.
    """
    sets: dict[str, list[Item]] = {}
    for line in _lines(file):
        sets.setdefault(line.set or file.stem, []).append(line.to_item())
    if not sets:
        raise SettingsError(f"{file}: there are no labelled lines in it")
    return [
        LabelledSet(name, f"your file {file.name}", "", natural=True, items=items, total=len(items))
        for name, items in sets.items()
    ]


def _lines(file: Path) -> Iterator[LabelledLine]:
    try:
        with file.open("rb") as lines:
            for number, raw in enumerate(lines, start=1):
                if raw.strip():
                    yield _decode(raw, f"{file}, line {number}")
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from error


def _decode(raw: bytes, place: str) -> LabelledLine:
    try:
        return msgspec.json.decode(raw, type=LabelledLine)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"{place}: {error}") from error
