"""`trollbridge simulate` as a person runs it."""

import json
from pathlib import Path

import pytest

from tests.pipeline import Pipeline
from tests.streams.test_cli import run

SMALL = ("simulate", "--comments", "300", "--authors", "200", "--articles", "5")


def test_simulate_into_files(tmp_path: Path) -> None:
    """Records and labels come out whole, and the same again on standard output."""
    stream, labels = tmp_path / "c.jsonl", tmp_path / "labels.jsonl"
    done = run(*SMALL, "-o", str(stream), "--labels", str(labels))
    assert 0 == done.returncode, done.stderr
    assert "" == done.stdout
    assert {stream, labels} == set(tmp_path.iterdir())
    records = [json.loads(line) for line in stream.read_text("utf-8").splitlines()]
    comments = [record["id"] for record in records if "article_id" in record]
    assert (300, 5) == (len(comments), len(records) - len(comments))
    truth = [json.loads(line) for line in labels.read_text("utf-8").splitlines()]
    assert comments == [label["id"] for label in truth if label["of"] == "comment"]
    assert stream.read_text("utf-8") == run(*SMALL).stdout


def test_simulated_lines_are_what_produce_reads(embedded: Pipeline) -> None:
    """What is written to a file now may be sent later: `produce` takes every line of it."""
    lines = run(*SMALL).stdout
    done = run("produce", "-", stdin=lines, pipeline=embedded)
    assert 0 == done.returncode, done.stderr
    assert [5, 300] == [
        embedded.count(topic) for topic in (embedded.topics.articles, embedded.topics.comments)
    ]


def test_simulate_into_kafka(embedded: Pipeline, tmp_path: Path) -> None:
    """The stream goes into the topics under the keys of the contract, stops by itself, and its
    labels are beside it.
    """
    labels = tmp_path / "labels.jsonl"
    done = run(*SMALL, "--to-kafka", "--rate", "2000", "--labels", str(labels), pipeline=embedded)
    assert 0 == done.returncode, done.stderr
    sent = embedded.read(embedded.topics.comments)
    assert {record.key.decode() for record in sent} == {
        json.loads(record.value)["article_id"] for record in sent
    }
    truth = [json.loads(line) for line in labels.read_text("utf-8").splitlines()]
    assert {json.loads(record.value)["id"] for record in sent} == {
        label["id"] for label in truth if label["of"] == "comment"
    }
    assert 300 == len(sent)
    assert 5 == embedded.count(embedded.topics.articles)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("--rate", "5"), 2, "need --to-kafka"),
        (("--to-kafka", "-o", "x"), 2, "exclude each other"),
        (("--comments", "60", "-o", "x.jsonl"), 1, "ask for more comments or fewer episodes"),
        (("--start", "Monday"), 1, "write the start as in"),
        (("-o", "absent/folder/x.jsonl"), 1, "absent/folder/x.jsonl"),
        (("--to-kafka", "--brokers", "127.0.0.1:9"), 1, "127.0.0.1:9"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], status: int, message: str) -> None:
    """What is wrong is said in one line, and nothing is written."""
    done = run(*SMALL, *arguments)
    assert (status, "") == (done.returncode, done.stdout)
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path("x.jsonl").exists()


def test_demo_simulate() -> None:
    """The demo shows a simulated hour: every comment has an outcome, behaviour by behaviour."""
    done = run("demo", "--simulate", TROLLBRIDGE_SCORERS="tests.scorers:quick")
    assert 0 == done.returncode, done.stderr
    assert "150 comments: " in done.stdout
    assert "150 inputs = " in done.stdout
    assert "balanced" in done.stdout
    counted = done.stdout.partition("What became of each behaviour")[2]
    for behaviour in ("regular", "flood", "campaign", "brigade", "sock puppet", "flame war"):
        assert behaviour in counted


def test_demo_takes_a_page_or_simulates() -> None:
    """Asking for both is wrong use, not one of them in silence."""
    done = run("demo", "--simulate", "--page", "page.txt")
    assert 2 == done.returncode
    assert "exclude each other" in done.stderr
