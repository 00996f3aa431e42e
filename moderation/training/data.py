"""Labelled texts from the data folder, only from sets whose licences let weights ship.

The folder's SOURCES.md names sets and licences. What lies in its `dev_only` is read by
`moderation.training.measure` and `moderation.evaluation` alone.
"""

import csv
import json
import random
import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from zlib import crc32

from moderation.scoring.encoder import EMOTIONS
from moderation.training import groups

SEED: Final = 20_240_601
CALM: Final = frozenset(
    "admiration approval caring curiosity desire gratitude joy love optimism realization "
    "relief surprise confusion neutral pride remorse".split()
)
"""GoEmotions whose comments attack nobody."""
CRITICAL: Final = frozenset("disapproval disappointment".split())
_SWEARING: Final = re.compile(
    r"fuck|shit|bitch|cunt|asshole|bastard|idiot|moron|stupid|retard|dumb|pussy|dick|whore|slut|"
    r"faggot|nigg|loser|scum|trash|crap|hell\b|damn|\bass\b|kill|die\b|pathetic|disgusting",
    re.IGNORECASE,
)

TOXICITY_KEYS: Final = ("toxicity", "insult", "obscene", "threat", "identity_attack", "hostile")
_SPAN_KEYS: Final = {
    "Insult": "insult",
    "Profane/Obscene": "obscene",
    "Threat": "threat",
    "Identity based Attack": "identity_attack",
}


OWN_THREADS: Final = Path(__file__).parent / "own_threads.jsonl"
OWN_LABELS: Final = Path(__file__).parent / "own_labels.csv"
GROUPS_EACH: Final = 40
"""Fillings of each of our templates about groups."""
_CALM_TALK: Final = 2_500
_PARTLY: Final = frozenset(
    """toxic_spans own_labels sarcasm_labels colbert_humor goemotions context_toxicity
    humor_lines semeval2017_puns""".split()
)

CLEAN: Final = dict.fromkeys(TOXICITY_KEYS, 0.0)
BY_DEGREE: Final = {
    0: CLEAN,
    1: CLEAN | {"hostile": 0.2},
    2: {"toxicity": 1.0, "insult": 0.9, "threat": 0.0, "hostile": 0.9},
    3: {"toxicity": 1.0, "threat": 1.0, "hostile": 1.0},
}
"""Labels for the degrees of the threads: civil, harsh but civil, insult, threat."""
_BY_HOSTILITY: Final = (0.0, 0.15, 0.5, 0.9, 1.0)
"""Share of readers who would call a comment hostile, by the degrees of `own_labels.csv`."""
_BY_SARCASM: Final = (0.0, 0.15, 0.5, 0.8, 1.0)
_OF_TWEETS: Final = {
    "0": {"toxicity": 1.0, "identity_attack": 0.7, "hostile": 0.9},
    "1": {"toxicity": 0.7, "obscene": 0.9},
    "2": CLEAN,
}
"""Labels for the classes hate, offensive, neither; the tweets were drawn by slurs."""


_OF_GROUPS: Final = {
    False: CLEAN,
    True: {"toxicity": 1.0, "hostile": 1.0, "identity_attack": 0.9},
}


class Example(NamedTuple):
    """A text with soft labels by head; a head without a label does not learn from it."""

    text: str
    labels: dict[str, float]
    weight: float
    source: str
    group: str = ""
    """What must not be split between fitting and testing; empty: nothing."""


def examples(data: Path) -> Iterator[Example]:
    """Everything that the encoder is trained on; a text may come several times."""
    yield from toxicity(data)
    yield from sarcasm(data)
    yield from humor(data)
    yield from emotions(data)
    yield from passages(data)


def toxicity(data: Path) -> Iterator[Example]:
    """Examples for the toxicity heads."""
    yield from _toxic_spans(data)
    for text, row in _own_labels(data):
        label = _BY_HOSTILITY[int(row["hostile"])]
        labels = {"hostile": label, "toxicity": label, "insult": label**2}
        yield Example(text, labels, 1.5, "own_labels")
    for row in _talk(data):
        toxic = float(row["label"])
        labels = {"toxicity": toxic, "hostile": 0.9} if toxic else CLEAN
        yield Example(row["text"], labels, 1.0, "context_toxicity")
    for row in list(_rows(data / "davidson/labeled_data.csv"))[::4]:
        yield Example(row["tweet"], _OF_TWEETS[row["class"]], 0.4, "davidson")
    draw = random.Random(SEED)
    madlibs = list(_rows(data / "unintended_bias/bias_madlibs_77k.csv"))
    for row in draw.sample(madlibs, 5_000):
        labels = {"toxicity": 0.9, "hostile": 0.9} if row["Label"] == "BAD" else CLEAN
        yield Example(row["Text"], labels, 0.4, "unintended_bias")
    for sentence in groups.sentences(GROUPS_EACH, SEED):
        if not sentence.held_out:
            yield Example(sentence.text, _OF_GROUPS[sentence.hateful], 0.5, "groups")
    for text, tones in goemotions(data):
        if (tones <= CALM or tones <= CRITICAL) and not _SWEARING.search(text):
            yield Example(text, CLEAN, 0.4, "goemotions")
    for group, said in _said_in_threads(data):
        yield Example(said["text"], BY_DEGREE[said["toxicity"]], 3.0, "threads", group)


def _talk(data: Path) -> Iterator[dict[str, str]]:
    """Wikipedia's talk pages: all that is toxic, and some of what is not."""
    for part in ("gc", "gn"):
        rows = list(_rows(data / f"context_toxicity/CAT_LARGE/{part}.csv"))
        yield from (row for row in rows if float(row["label"]))
        yield from [row for row in rows if not float(row["label"])][:_CALM_TALK]


def _own_labels(data: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Our labels of texts that lie in the data folder; they name texts by their ids."""
    texts = _labelled_texts(data)
    for row in _rows(OWN_LABELS):
        yield texts[row["source"], row["id"]], row


def _toxic_spans(data: Path) -> Iterator[Example]:
    texts = {r["comment_id"]: r["comment_text"] for r in _rows(data / "toxic_spans/comments.csv")}
    kinds: dict[str, set[str]] = defaultdict(set)
    for row in _rows(data / "toxic_spans/spans.csv"):
        kinds[row["annotation"]].add(row["type"])
    votes: dict[str, list[dict[str, float]]] = defaultdict(list)
    for row in _rows(data / "toxic_spans/annotations.csv"):
        toxic = row["not toxic"] == "False"
        vote = {"toxicity": float(toxic)}
        for name, key in _SPAN_KEYS.items():
            vote[key] = float(toxic and name in kinds[row["annotation"]])
        votes[row["comment_id"]].append(vote)
    for comment, given in votes.items():
        labels = {key: sum(v[key] for v in given) / len(given) for key in given[0]}
        yield Example(texts[comment], labels, 1.0, "toxic_spans")


def sarcasm(data: Path) -> Iterator[Example]:
    """Examples for the sarcasm head."""
    for text, row in _labelled(data):
        # News comments are what will be scored.
        weight = 2.0 if row["source"] == "civil" else 1.0
        yield Example(text, {"sarcasm": float(row["sarcasm"])}, weight, "sarcasm_labels")
    for text, row in _own_labels(data):
        weight = 2.0 if row["source"] == "civil" else 1.0
        label = _BY_SARCASM[int(row["sarcasm"])]
        yield Example(text, {"sarcasm": label}, weight, "own_labels")
    for row in _rows(data / "isarcasmeval/train.En.csv"):
        yield Example(row["tweet"], {"sarcasm": float(row["sarcastic"])}, 0.3, "isarcasmeval")
        if row["rephrase"]:
            yield Example(row["rephrase"], {"sarcasm": 0.0}, 0.3, "isarcasmeval")
    for group, said in _said_in_threads(data):
        yield Example(said["text"], {"sarcasm": float(said["sarcasm"])}, 1.0, "threads", group)


def humor(data: Path) -> Iterator[Example]:
    """Examples for the joke head."""
    for text, row in _labelled(data):
        yield Example(text, {"joke": float(row["joke"])}, 1.0, "sarcasm_labels")
    for row in list(_rows(data / "colbert_humor/dev.csv"))[:14_000]:
        yield Example(row["text"], {"joke": float(row["humor"] == "True")}, 0.3, "colbert_humor")
    for text in joke_lines(data):
        yield Example(text, {"joke": 1.0}, 0.5, "humor_lines")
    for text, pun in puns(data):
        yield Example(text, {"joke": float(pun)}, 0.5, "semeval2017_puns")
    # Without everyday comments the head would learn that a headline is serious and talk is not.
    for text, tones in goemotions(data):
        if tones <= CALM | CRITICAL and "amusement" not in tones:
            yield Example(text, {"joke": 0.0}, 0.25, "goemotions")
    for row in _talk(data):
        yield Example(row["text"], {"joke": 0.0}, 0.4, "context_toxicity")
    for group, said in _said_in_threads(data):
        yield Example(said["text"], {"joke": float(said["joke"])}, 1.0, "threads", group)


def emotions(data: Path) -> Iterator[Example]:
    """Examples for the emotion heads."""
    for text, tones in goemotions(data):
        labels = {name: float(name in tones) for name in EMOTIONS}
        yield Example(text, labels, 0.2, "goemotions")


def passages(data: Path) -> Iterator[Example]:
    """Paragraphs of articles: no label, but the topic vector should know such texts."""
    for thread in threads(data):
        article = thread["article"]
        for text in (article["title"], *article["text"].split("\n")):
            if text.strip():
                yield Example(text, {}, 0.0, "threads", thread["id"])


def _said_in_threads(data: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for thread in threads(data):
        for said in thread["comments"]:
            yield thread["id"], said


def _labelled_texts(data: Path) -> dict[tuple[str, str], str]:
    """Texts that own labels speak of, by source and id."""
    texts = {
        ("civil", r["comment_id"]): r["comment_text"]
        for r in _rows(data / "toxic_spans/comments.csv")
    }
    for part in ("train", "dev", "test"):
        for line in (data / f"goemotions/{part}.tsv").read_text("utf-8").splitlines():
            text, _, name = line.split("\t")
            texts["goemotions", name] = text
    for part in ("gc", "gn"):
        for row in _rows(data / f"context_toxicity/CAT_LARGE/{part}.csv"):
            texts["talk", f"{part}-{row['id']}"] = row["text"]
    return texts


def _labelled(data: Path) -> Iterator[tuple[str, dict[str, str]]]:
    texts = _labelled_texts(data)
    for row in _rows(data / "sarcasm_labels/labels.csv"):
        yield texts[row["source"], row["id"]], row


def goemotions(data: Path) -> Iterator[tuple[str, frozenset[str]]]:
    """Comments and their tones."""
    names = (data / "goemotions/labels.txt").read_text("utf-8").split()
    for part in ("train", "dev", "test"):
        for line in (data / f"goemotions/{part}.tsv").read_text("utf-8").splitlines():
            text, tones, _ = line.split("\t")
            yield text, frozenset(names[int(tone)] for tone in tones.split(","))


def joke_lines(data: Path) -> list[str]:
    """Joking replies."""
    lines = (data / "humor_mcp_mallard/lines.jsonl").read_text("utf-8").splitlines()
    return [str(json.loads(line)["text"]) for line in lines]


def puns(data: Path) -> list[tuple[str, bool]]:
    """Puns and their counterparts, of those whose owners licensed them under CC BY 4.0."""
    folder = data / "semeval2017_puns"
    licence = " ".join((folder / "LICENCE.md").read_text("utf-8").split())
    allowed = {
        number
        for block in re.findall(r"\(CC BY 4\.0\) licence: ((?:\d+ ?)+)", licence)
        for number in block.split()
    }
    gold = dict(
        line.split("\t")
        for line in (folder / "subtask1-homographic-test.gold").read_text("utf-8").splitlines()
    )
    found = []
    # The file is part of a data set that the person who trains chose to trust.
    for text in ET.parse(folder / "subtask1-homographic-test.xml").getroot():  # noqa: S314
        name = text.attrib["id"]
        if name.removeprefix("hom_") in allowed:
            found.append((" ".join(word.text or "" for word in text), gold[name] == "1"))
    return found


def threads(data: Path) -> list[dict[str, Any]]:
    """Articles with their threads: those of SOURCES.md, and our own."""
    return [*folder_threads(data), *own_threads()]


def folder_threads(data: Path) -> list[dict[str, Any]]:
    """The threads of the data folder, see SOURCES.md."""
    return [
        thread for path in sorted((data / "threads").glob("*.jsonl")) for thread in _lines(path)
    ]


def own_threads() -> list[dict[str, Any]]:
    """The threads that lie beside this module, in the same form."""
    return _lines(OWN_THREADS)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def held_out(example: Example) -> bool:
    """Whether a thread or a text is kept from the encoder, to fit and measure on.

    Every fourth thread, and every tenth of the texts that people labelled.
    """
    if example.group:
        return is_held_out(example.group)
    return example.source in _PARTLY and crc32(example.text.encode()) % 10 == 0


def is_held_out(thread: str) -> bool:
    """Whether a thread, by its id, is kept from the encoder."""
    return crc32(thread.encode()) % 4 == 0


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
