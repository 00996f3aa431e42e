"""A small folder of labelled sets, written for the tests."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TOPICS = ("quay", "tower", "depot")
"""Names of threads that are kept from training."""


def write_folder(folder: Path) -> Path:
    """Some of the sets that a data folder may have."""
    _csv(
        folder / "dev_only/ucc_val.csv",
        ("comment", "hostile", "sarcastic", "healthy"),
        [
            (f"You idiot, number {n}" if n % 2 else f"I agree with number {n}", n % 2, 0, 1 - n % 2)
            for n in range(24)
        ],
    )
    people = ("baker", "old sailor", "sailor")
    _csv(
        folder / "unintended_bias/en_sentence_templates.csv",
        ("template", "toxicity", "phrase"),
        [
            *(("verb_adj", "nontoxic", f"greet {person}") for person in people),
            *(
                ("you_are_adj", kind, f"a {word} {person}")
                for person in people
                for kind, words in (("toxic", "idiot fool rat pig dog".split()),
                                    ("nontoxic", "kind good brave quick shy".split()))
                for word in words
            ),
        ],
    )  # fmt: skip
    threads = [
        {
            "id": topic,
            "section": f"about {topic}",
            "article": {"title": f"The {topic} opens", "text": f"A {topic}.\nMore of the {topic}."},
            "comments": [_comment(topic, number) for number in range(12)],
        }
        for topic in TOPICS
    ]
    path = folder / "threads/made.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(thread) + "\n" for thread in threads), "utf-8")
    return folder


def _comment(topic: str, number: int) -> dict[str, Any]:
    return {
        "parent": number - 1 if number % 3 == 1 else None,
        "text": f"On the {topic}, remark {number}",
        "sarcasm": int(number == 2),
        "toxicity": 3 if number == 4 else int(number == 5),
        "joke": int(number in {6, 7}),
        "topic": "off" if number in {7, 8} else "on",
    }


def _csv(path: Path, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
