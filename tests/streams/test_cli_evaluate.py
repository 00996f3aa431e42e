"""`trollbridge evaluate` as a person runs it."""

import json
from pathlib import Path

from tests.moderation.evaluation.folder import write_folder
from tests.streams.test_cli import run

QUICK = "tests.scorers:quick"


def _labelled(file: Path) -> Path:
    lines = [
        {
            "id": number,
            "text": f"you idiot {number}" if number % 2 else f"well said {number}",
            "section": "letters",
            "labels": {"toxicity": number % 2, "review": number % 2 == 1, "joke": 0.5},
        }
        for number in range(40)
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return file


def test_evaluate_own_comments(tmp_path: Path) -> None:
    """A newsroom gets figures for its own labelled comments: table, JSON and page in one run."""
    source, figures, page = _labelled(tmp_path / "mine.jsonl"), tmp_path / "o.json", tmp_path / "p"
    done = run(
        "evaluate",
        str(source),
        "--no-peers",
        "-o",
        str(figures),
        "--page",
        str(page),
        TROLLBRIDGE_SCORERS=QUICK,
    )
    assert 0 == done.returncode, done.stderr
    assert "mine, toxicity (20 of 40)" in done.stdout
    report = json.loads(figures.read_text("utf-8"))
    assert ["mine"] == [found["name"] for found in report["sets"]]
    assert [("toxicity", 1.0)] == [(q["key"], q["auc"]["value"]) for q in report["quality"]]
    assert {"all": 0.5, "harmless": 0.0, "wanted": 1.0, "section: letters": 0.5} == {
        found["who"]: found["flagged"]["value"] for found in report["flags"]
    }
    assert page.read_text("utf-8").startswith("<!doctype html>")


def test_evaluate_json(tmp_path: Path) -> None:
    """A script reads the figures from standard output, and nothing else stands there."""
    done = run(
        "evaluate", "--data", str(write_folder(tmp_path)), "--set", "ucc_val", "--set", "figlang",
        "--limit", "22", "--no-peers", "--json", TROLLBRIDGE_SCORERS=QUICK,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert [("ucc_val", 22, 24)] == [(s["name"], s["texts"], s["total"]) for s in report["sets"]]
    assert "figlang" in [skipped["name"] for skipped in report["skipped"]]


def test_evaluate_says_what_is_missing(tmp_path: Path) -> None:
    """No data, an unknown set, a broken line or marks that are not there: one line each."""
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"id": 1}\n', "utf-8")
    source = _labelled(tmp_path / "mine.jsonl")
    for arguments, message in (
        (("--data", str(tmp_path)), "name their folder with --data"),
        (("--data", str(tmp_path), "--set", "nonsense"), "known are ucc_val"),
        ((str(broken),), f"{broken}, line 1: "),
        ((str(tmp_path / "absent.jsonl"),), "absent.jsonl: No such file"),
        ((str(source), "--no-peers", "--write-docs", str(source)), "put results between"),
    ):
        done = run("evaluate", *arguments, TROLLBRIDGE_SCORERS=QUICK)
        assert 1 == done.returncode
        assert message in done.stderr
        assert 1 == len(done.stderr.strip().splitlines()), done.stderr
