"""What the weights that ship are trained on."""

import re
from pathlib import Path
from typing import Any

import pytest

from moderation.training import data

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the labelled data are not here")


def test_what_is_for_measuring_never_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    """No loader of training data opens a file whose licence keeps it out of shipped weights."""
    opened: list[Path] = []
    true_open = Path.open

    def watching(path: Path, *args: Any, **options: Any) -> Any:
        opened.append(path)
        return true_open(path, *args, **options)

    monkeypatch.setattr(Path, "open", watching)
    for example in data.examples(DATA):
        assert all(0 <= label <= 1 for label in example.labels.values())

    assert opened
    assert [] == [path for path in opened if "dev_only" in path.parts]


def test_only_licensed_puns() -> None:
    """Puns whose owners gave no licence stay out."""
    licence = (DATA / "semeval2017_puns" / "LICENCE.md").read_text("utf-8")
    listed = len(set(re.findall(r"\b\d{1,4}\b", licence.partition("licence: ")[2])))
    found = data.puns(DATA)
    assert 0 < len(found) <= listed
    assert {True} <= {is_pun for _, is_pun in found}


def test_own_labels_hold_no_text() -> None:
    """What the project commits of other people's comments is their ids, never their words."""
    lines = data.OWN_LABELS.read_text("utf-8").splitlines()
    assert "source,id,hostile,sarcasm,annotators" == lines[0]
    pattern = re.compile(r"(civil|goemotions|talk),[\w.-]+,[0-4],[0-4],\d")
    assert [] == [line for line in lines[1:] if not pattern.fullmatch(line)]


def test_a_thread_is_held_out_whole() -> None:
    """Combinations are fitted on threads that the encoder never saw, so none may be split."""
    sides: dict[str, set[bool]] = {}
    for example in data.examples(DATA):
        if example.group:
            sides.setdefault(example.group, set()).add(data.held_out(example))
    assert {1} == {len(found) for found in sides.values()}
    assert {True, False} == {next(iter(found)) for found in sides.values()}


def test_a_held_out_text_is_held_out_everywhere() -> None:
    """A comment that two sets label does not train the encoder through one of them."""
    sides: dict[str, set[bool]] = {}
    for example in data.examples(DATA):
        if example.source in {"toxic_spans", "own_labels", "sarcasm_labels"}:
            sides.setdefault(example.text, set()).add(data.held_out(example))
    assert {1} == {len(found) for found in sides.values()}
