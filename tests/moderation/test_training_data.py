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
    for load in (data.toxicity, data.sarcasm, data.humor):
        for example in load(DATA):
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
