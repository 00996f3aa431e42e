"""The labelled sets of a data folder, by name.

The folder's SOURCES.md says where they come from. What lies in its `dev_only` trains no weights.
"""

import csv
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from moderation.errors import SettingsError
from moderation.evaluation.labelled import REVIEW, SEED, Item, LabelledSet, decided
from moderation.evaluation.placed import (
    dropped_among_strangers,
    dropped_jokes,
    in_their_threads,
    swapped,
)
from moderation.scoring.protocol import ScoringInput
from moderation.training import data as labelled
from moderation.training import groups

_SPANS: Final = {
    "Insult": "insult",
    "Profane/Obscene": "obscene",
    "Threat": "threat",
    "Identity based Attack": "identity_attack",
}
_MOST_OF_A_TEMPLATE: Final = 1_600
"""Nine in ten template sentences differ by a first name only: they must not drown the others."""
_FILLINGS: Final = 30
"""Of each template of `moderation.training.groups`."""


class Source(NamedTuple):
    """How a set is found and read."""

    read: Callable[[Path], Iterator[Item]]
    file: str
    """What must be in the folder."""
    about: str
    seen: str = ""
    natural: bool = False


def _ucc(data: Path) -> Iterator[Item]:
    for row in _rows(data / "dev_only/ucc_val.csv"):
        labels = {"toxicity": row["hostile"] == "1", "sarcasm": row["sarcastic"] == "1"}
        if row["healthy"] == "1":
            labels[REVIEW] = False
        yield Item(ScoringInput(text=row["comment"]), labels)


def _debates(data: Path) -> Iterator[Item]:
    for row in _rows(data / "dev_only/sarcasm_v2_gen_even.csv"):
        yield Item(ScoringInput(text=row["text"]), {"sarcasm": row["class"] == "sarc"})


def _reddit(data: Path) -> Iterator[Item]:
    path = data / "dev_only/figlang_reddit_train.jsonl"
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        comment = ScoringInput(
            text=row["response"],
            parent_text=row["context"][-1],
            thread=tuple(row["context"][:-1]),
        )
        yield Item(comment, {"sarcasm": row["label"] == "SARCASM"})


def _reddit_alone(data: Path) -> Iterator[Item]:
    for item in _reddit(data):
        yield item._replace(comment=ScoringInput(text=item.comment.text))


def _hahackathon(data: Path) -> Iterator[Item]:
    for row in _rows(data / "dev_only/hahackathon_first6500.csv"):
        yield Item(ScoringInput(text=row["text"]), {"joke": row["is_humor"] == "1"})


def _templates(data: Path) -> Iterator[Item]:
    rows = list(_rows(data / "unintended_bias/en_sentence_templates.csv"))
    random.Random(SEED).shuffle(rows)  # noqa: S311 - no secret
    # This template puts each identity term behind a single word.
    terms = {row["phrase"].split(" ", 1)[1] for row in rows if row["template"] == "verb_adj"}
    longest_first = sorted(terms, key=lambda term: (-len(term), term))
    find = re.compile(rf"\b({'|'.join(map(re.escape, longest_first))})\b", re.IGNORECASE)
    taken: dict[str, int] = {}
    for row in rows:
        taken[row["template"]] = taken.get(row["template"], 0) + 1
        if taken[row["template"]] > _MOST_OF_A_TEMPLATE:
            continue
        toxic = row["toxicity"] == "toxic"
        labels = {"toxicity": toxic} if toxic else {"toxicity": False, REVIEW: False}
        yield Item(ScoringInput(text=row["phrase"]), labels, tuple(find.findall(row["phrase"])))


def _davidson(data: Path) -> Iterator[Item]:
    for row in _rows(data / "davidson/labeled_data.csv"):
        yield Item(ScoringInput(text=row["tweet"]), {"toxicity": row["class"] != "2"})


def _toxic_spans(data: Path) -> Iterator[Item]:
    kinds: dict[str, set[str]] = {}
    for row in _rows(data / "toxic_spans/spans.csv"):
        kinds.setdefault(row["annotation"], set()).add(row["type"])
    votes: dict[str, list[set[str]]] = {}
    for row in _rows(data / "toxic_spans/annotations.csv"):
        said = {_SPANS[kind] for kind in kinds.get(row["annotation"], ()) if kind in _SPANS}
        toxic = row["not toxic"] == "False"
        votes.setdefault(row["comment_id"], []).append({"toxicity", *said} if toxic else set())
    for row in _rows(data / "toxic_spans/comments.csv"):
        given = votes[row["comment_id"]]
        shares = {
            key: sum(key in vote for vote in given) / len(given)
            for key in ("toxicity", *_SPANS.values())
        }
        yield Item(ScoringInput(text=row["comment_text"]), decided(shares))


def _talk(data: Path) -> Iterator[Item]:
    for row in _rows(data / "context_toxicity/CAT_LARGE/gc.csv"):
        comment = ScoringInput(text=row["text"], parent_text=row["parent"])
        yield Item(comment, {"toxicity": row["label"] == "1"})


def _our_labels(data: Path) -> Iterator[Item]:
    """Those of our labels that are kept from the encoder."""
    for example in labelled.sarcasm(data):
        if example.source == "sarcasm_labels" and labelled.held_out(example):
            yield Item(ScoringInput(text=example.text), decided(example.labels))


def _hostile(data: Path) -> Iterator[Item]:
    for example in labelled.toxicity(data):
        if example.source == "own_labels" and labelled.held_out(example):
            labels = {"toxicity": example.labels["hostile"]}
            yield Item(ScoringInput(text=example.text), decided(labels))


def _groups(data: Path) -> Iterator[Item]:
    del data
    for each in groups.sentences(_FILLINGS, SEED + 1):
        if each.held_out:
            labels = {"toxicity": True} if each.hateful else {"toxicity": False, REVIEW: False}
            yield Item(ScoringInput(text=each.text), labels)


def _unseen_threads(data: Path) -> list[dict[str, Any]]:
    """Those of the folder that are kept from the encoder."""
    return [t for t in labelled.folder_threads(data) if labelled.is_held_out(t["id"])]


def _own_threads(data: Path) -> Iterator[Item]:
    del data
    return in_their_threads([t for t in labelled.own_threads() if labelled.is_held_out(t["id"])])


def _calm(data: Path) -> Iterator[Item]:
    for text, tones in labelled.goemotions(data):
        if tones <= labelled.CALM:
            yield Item(ScoringInput(text=text), {REVIEW: False})


def _threads(data: Path) -> Iterator[Item]:
    return in_their_threads(_unseen_threads(data))


def _swapped(words: int, paragraphs: int) -> Callable[[Path], Iterator[Item]]:
    return lambda data: swapped(_unseen_threads(data), words=words, paragraphs=paragraphs)


def _lines(data: Path, *, humorous: bool) -> list[str]:
    """Jokes, or as many headlines; the first 14,000 train the joke head."""
    rows = list(_rows(data / "colbert_humor/dev.csv"))[14_000:16_000]
    return [row["text"] for row in rows if (row["humor"] == "True") == humorous]


def _dropped(data: Path) -> Iterator[Item]:
    return dropped_jokes(_unseen_threads(data), _lines(data, humorous=True))


def _dropped_strangers(data: Path) -> Iterator[Item]:
    jokes, others = (_lines(data, humorous=humorous) for humorous in (True, False))
    return dropped_among_strangers(_unseen_threads(data), jokes, others)


_MOST: Final = "nine texts in ten"
_LITTLE: Final = "the combinations, not the encoder"
_THEIRS: Final = "the combinations, under other articles"
_JOKES: Final = "the combinations; not the lines that are dropped into the threads"
SETS: Final[dict[str, Source]] = {
    "ucc_val": Source(
        _ucc, "dev_only/ucc_val.csv", "Globe and Mail comments: hostile, sarcastic", natural=True
    ),
    "sarcasm_v2": Source(
        _debates, "dev_only/sarcasm_v2_gen_even.csv", "debate forums, half and half"
    ),
    "figlang": Source(
        _reddit, "dev_only/figlang_reddit_train.jsonl", "Reddit replies after what they answer"
    ),
    "figlang_alone": Source(
        _reddit_alone, "dev_only/figlang_reddit_train.jsonl", "the same replies without context"
    ),
    "hahackathon": Source(
        _hahackathon, "dev_only/hahackathon_first6500.csv", "jokes among plain tweets"
    ),
    "identity_templates": Source(
        _templates,
        "unintended_bias/en_sentence_templates.csv",
        "made sentences with 50 identity terms",
        "some of the sentences, all of the templates",
    ),
    "davidson": Source(
        _davidson, "davidson/labeled_data.csv", "tweets drawn by slurs", "every fourth tweet"
    ),
    "toxic_spans": Source(
        _toxic_spans, "toxic_spans/comments.csv", "Civil Comments drawn as toxic", _MOST
    ),
    "context_toxicity": Source(
        _talk,
        "context_toxicity/CAT_LARGE/gc.csv",
        "talk with its parent",
        "what is toxic, and some of the rest",
        natural=True,
    ),
    "sarcasm_labels": Source(
        _our_labels, "sarcasm_labels/labels.csv", "our labels that are kept apart", _LITTLE
    ),
    "own_labels": Source(
        _hostile, "toxic_spans/comments.csv", "our labels of hostility, kept apart", _LITTLE
    ),
    "groups": Source(_groups, "SOURCES.md", "made sentences about groups, templates kept apart"),
    "threads": Source(_threads, "threads", "written threads that are kept apart", _LITTLE),
    "own_threads": Source(
        _own_threads, "SOURCES.md", "threads of our own that are kept apart", _LITTLE
    ),
    "swapped_title": Source(
        _swapped(0, 0), "threads", "own or another article, title only", _THEIRS
    ),
    "swapped_lead": Source(
        _swapped(0, 1), "threads", "own or another article, title and lead", _THEIRS
    ),
    "swapped_short": Source(
        _swapped(12, 1), "threads", "the same, comments of at most 12 words", _THEIRS
    ),
    "dropped_jokes": Source(
        _dropped, "colbert_humor/dev.csv", "jokes in threads, against those on the topic", _JOKES
    ),
    "dropped_strangers": Source(
        _dropped_strangers, "colbert_humor/dev.csv", "jokes in threads, against headlines", _JOKES
    ),
    "goemotions_calm": Source(
        _calm, "goemotions/train.tsv", "calm Reddit comments: none needs a look", "most of it"
    ),
}


def present(data: Path, names: Sequence[str] = ()) -> tuple[list[str], list[str]]:
    """Which of the named sets, all when none is named, the folder has, and which it lacks.

    SettingsError lists the known sets when a name is unknown.
    """
    for name in names:
        if name not in SETS:
            raise SettingsError(f"unknown set {name!r}; known are {', '.join(SETS)}")
    wanted = names or tuple(SETS)
    here = [name for name in wanted if (data / SETS[name].file).exists()]
    return here, [name for name in wanted if name not in here]


def read_set(data: Path, name: str) -> LabelledSet:
    """Read a set whole. SettingsError when its files are not as the set has them."""
    source = SETS[name]
    try:
        items = list(source.read(data))
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise SettingsError(
            f"set {name}: {data} does not hold it as SOURCES.md says: "
            f"{type(error).__name__} {error}; leave it out with --set"
        ) from error
    if not items:
        raise SettingsError(f"set {name}: {data / source.file} is empty; leave it out with --set")
    return LabelledSet(name, source.about, source.seen, source.natural, items, len(items))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
