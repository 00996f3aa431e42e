"""Where the copies of a text differ, as pieces for the page."""

from collections.abc import Sequence

import msgspec

from moderation.text import word_spans, words


class Place(msgspec.Struct, frozen=True):
    """A run of text; `others` are the wordings that copies have instead, empty where all agree."""

    text: str
    others: tuple[str, ...] = ()


def marked(text: str, varying: Sequence[Sequence[str]]) -> list[Place]:
    """A text in pieces, those marked that copies word otherwise. Joined, they are the text.

    `varying` is that of `moderation.trolling.varying`: each place with its wordings, the text's own
    first. It says what varies and not where, so the first occurrence that is free is taken, for
    the longest wordings first.
    """
    spans, said = word_spans(text), words(text)
    found: dict[int, tuple[int, tuple[str, ...]]] = {}
    taken: set[int] = set()
    places = [place for place in varying if place]
    for own, *others in sorted(places, key=lambda place: -len(place[0])):
        wanted = own.split()
        for start in range(len(said) - len(wanted) + 1 if wanted else 0):
            run = range(start, start + len(wanted))
            if said[start : run.stop] == wanted and taken.isdisjoint(run):
                taken |= set(run)
                found[start] = (run.stop - 1, tuple(others))
                break
    pieces: list[Place] = []
    at = 0
    for first, (last, wordings) in sorted(found.items()):
        pieces += [
            Place(text[at : spans[first][0]]),
            Place(text[spans[first][0] : spans[last][1]], wordings),
        ]
        at = spans[last][1]
    return [piece for piece in (*pieces, Place(text[at:])) if piece.text]


def added(varying: Sequence[Sequence[str]]) -> list[str]:
    """What some copies say where the text says nothing."""
    return [
        wording for place in varying if place and not place[0] for wording in place[1:] if wording
    ]
