"""Comments placed in threads: where they belong, and where they do not."""

import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from moderation.evaluation.labelled import REVIEW, SEED, Item
from moderation.scoring.protocol import ScoringInput

_INSULT: Final = 2
"""Degree of toxicity in the threads from which on a moderator should look."""
_DROPPED: Final = 500
"""Lines of each kind that are dropped into threads."""


def in_their_threads(threads: Sequence[dict[str, Any]]) -> Iterator[Item]:
    """Comments of the labelled threads with article, parent and what was said before."""
    for thread in threads:
        said = thread["comments"]
        for number, row in enumerate(said):
            off = row["topic"] == "off"
            toxic, stray_joke = row["toxicity"] >= _INSULT, bool(row["joke"]) and off
            labels = {
                "toxicity": toxic,
                "sarcasm": bool(row["sarcasm"]),
                "joke": bool(row["joke"]),
                "off_topic": off,
                "off_topic_joke": stray_joke,
            }
            if toxic or stray_joke:
                labels[REVIEW] = True
            elif not row["sarcasm"]:
                labels[REVIEW] = False
            parent = said[row["parent"]]["text"] if row["parent"] is not None else ""
            comment = _under(thread, row["text"], parent=parent, before=said[:number])
            yield Item(
                msgspec.structs.replace(comment, section=thread["section"]),
                labels,
                group=thread["id"],
            )


def swapped(threads: Sequence[dict[str, Any]], *, words: int, paragraphs: int) -> Iterator[Item]:
    """Each comment on the topic under its own article and under another's, drawn by chance.

    The scorers see the title and so many paragraphs, and no thread. `words`: the longest comment
    that is taken; 0: any.
    """
    draw = random.Random(SEED)  # noqa: S311 - no secret
    for thread in threads:
        others = [other for other in threads if other["id"] != thread["id"]]
        for row in thread["comments"]:
            if row["topic"] == "off" or (words and len(row["text"].split()) > words):
                continue
            for article, off in ((thread, False), (draw.choice(others), True)):
                comment = ScoringInput(
                    text=row["text"],
                    article_title=article["article"]["title"],
                    article_text="\n".join(article["article"]["text"].split("\n")[:paragraphs]),
                )
                yield Item(comment, {"off_topic": off}, group=thread["id"])


def dropped_jokes(threads: Sequence[dict[str, Any]], jokes: Sequence[str]) -> Iterator[Item]:
    """Jokes from elsewhere in threads, beside the threads' own comments on the topic."""
    for item in in_their_threads(threads):
        if not item.labels["off_topic"]:
            yield item._replace(
                comment=msgspec.structs.replace(item.comment, section=""),
                labels={"off_topic": False, "off_topic_joke": False},
            )
    yield from _drop(threads, jokes, is_joke=True)


def dropped_among_strangers(
    threads: Sequence[dict[str, Any]], jokes: Sequence[str], others: Sequence[str]
) -> Iterator[Item]:
    """Jokes from elsewhere in threads, beside lines from elsewhere that are no jokes."""
    for lines, is_joke in ((jokes, True), (others, False)):
        yield from _drop(threads, lines, is_joke=is_joke)


def _drop(
    threads: Sequence[dict[str, Any]], lines: Sequence[str], *, is_joke: bool
) -> Iterator[Item]:
    draw = random.Random(SEED)  # noqa: S311 - no secret
    for text in lines[:_DROPPED]:
        thread = draw.choice(threads)
        before = thread["comments"][: draw.randint(1, len(thread["comments"]))]
        labels = {"off_topic": True, "off_topic_joke": is_joke, "joke": is_joke}
        yield Item(_under(thread, text, parent="", before=before), labels, group=thread["id"])


def _under(
    thread: dict[str, Any], text: str, *, parent: str, before: Sequence[dict[str, Any]]
) -> ScoringInput:
    return ScoringInput(
        text=text,
        article_title=thread["article"]["title"],
        article_text=thread["article"]["text"],
        parent_text=parent,
        thread=tuple(row["text"] for row in before),
    )
