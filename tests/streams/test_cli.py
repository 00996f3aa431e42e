"""The commands as a person runs them: output, exit status, one line when something is wrong."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.pipeline import ROOT, Pipeline, comment, until

HIDDEN = "hush"
SAMPLE = ROOT / "moderation" / "samples" / "harbour-bridge.txt"


def run(
    *arguments: str, stdin: str = "", pipeline: Pipeline | None = None, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run `trollbridge`."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("TROLLBRIDGE_")}
    if pipeline is not None:
        environment |= {
            "TROLLBRIDGE_BROKERS": pipeline.settings.brokers,
            "TROLLBRIDGE_TOPIC_PREFIX": pipeline.settings.topic_prefix,
            "TROLLBRIDGE_API_VERSION": pipeline.settings.api_version,
        }
    return subprocess.run(
        [sys.executable, "-m", "streams.cli", *arguments],
        cwd=ROOT,
        env=inherited | environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


COMMANDS = (
    "demo page score evaluate simulate produce topics worker audit replay bench models config "
    "review calibrate train forget"
).split()


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str) -> None:
    """Each command explains itself."""
    done = run(command, "--help")
    assert 0 == done.returncode
    assert "Usage:" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("page", "absent.txt"), 1, "absent.txt"),
        (("demo", "--page", "absent.txt"), 1, "absent.txt"),
        (("score", "absent.jsonl", "-o", "out.jsonl"), 1, "absent.jsonl"),
        (("audit", "--brokers", "127.0.0.1:9"), 1, "127.0.0.1:9"),
        (("worker", "--policy", "absent.toml"), 1, "absent.toml"),
        (("produce",), 2, "Missing argument"),
        (("forget", "u1"), 2, "say --yes"),
        (("forget", "--yes", "u1", "--brokers", "127.0.0.1:9"), 1, "127.0.0.1:9"),
        (("nonsense",), 2, "No such command"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], status: int, message: str) -> None:
    """What is wrong is said on standard error, in one line for failures, never as a traceback."""
    done = run(*arguments)
    assert status == done.returncode
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    if status == 1:
        assert 1 == len(done.stderr.strip().splitlines())


def test_forget_asks_first() -> None:
    """Whoever thinks better of it at the question has erased nothing, and reached no broker."""
    terminal, stdin = os.openpty()
    os.write(terminal, b"n\n")
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", "forget", "u-gone", "--brokers", "127.0.0.1:9"],
        cwd=ROOT,
        stdin=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    os.close(terminal)
    os.close(stdin)
    assert 1 == done.returncode
    assert done.stderr.endswith("trollbridge: nothing was erased\n")
    assert "u-gone" not in done.stderr


def test_page_json() -> None:
    """The form of `page --json` is a contract with other tools."""
    done = run("page", str(SAMPLE), "--json")
    page = json.loads(done.stdout)
    assert {"article", "comments"} == page.keys()
    assert {"date", "title", "paragraphs"} == page["article"].keys()
    assert {"author", "text", "quotes"} == page["comments"][0].keys()
    quoting = [said["quotes"] for said in page["comments"] if said["quotes"]]
    assert ["Mrs Pettibone"] == [quote["author"] for quote in quoting]


def test_produce_keeps_what_it_rejects(embedded: Pipeline, tmp_path: Path) -> None:
    """Bad lines are counted, named by number and kept; the good ones are sent."""
    lines = "\n".join(
        [json.dumps({"id": "a0", "title": "T"}), comment(0)[1], "{bad", "", comment(1)[1]]
    )
    rejects = tmp_path / "rejects.jsonl"
    done = run("produce", "-", "--rejects", str(rejects), stdin=lines, pipeline=embedded)
    assert 1 == done.returncode
    assert "1 lines were not sent: standard input line 3 (not_json)" in done.stderr
    assert [(3, "{bad")] == [
        (kept["line"], kept["text"]) for kept in map(json.loads, rejects.read_text().splitlines())
    ]
    assert [1, 2] == [
        embedded.count(topic) for topic in (embedded.topics.articles, embedded.topics.comments)
    ]


def test_produce_page_twice(embedded: Pipeline) -> None:
    """A page gives the same ids each time, so that sending it again makes no new items."""
    for _ in range(2):
        assert 0 == run("produce", str(SAMPLE), pipeline=embedded).returncode
    ids = [json.loads(record.value)["id"] for record in embedded.read(embedded.topics.comments)]
    assert 26 == len(ids)
    assert 13 == len(set(ids))


def test_audit_names_what_is_missing(embedded: Pipeline) -> None:
    """An input without an outcome fails the audit and is named by its place."""
    embedded.comments(1)
    done = run("audit", "--json", pipeline=embedded)
    found = json.loads(done.stdout)
    assert 1 == done.returncode
    assert not found["balanced"]
    assert ["comments"] == [missing["topic"] for missing in found["missing"]]


def test_replay_writes_nothing(embedded: Pipeline, tmp_path: Path) -> None:
    """Another policy's effect is shown, comment by comment, and no topic grows."""
    embedded.articles(1)
    embedded.worker()
    embedded.send(embedded.topics.comments, [comment(0, text="you idiot"), comment(1)])
    embedded.wait_terminal(2, within=60)
    policy = tmp_path / "mild.toml"
    policy.write_text('name = "mild"\n[reasons.toxicity]\nthreshold = 1.0\n')
    before = [embedded.count(topic) for topic in embedded.topics.cleanup()]
    for mode in ("--rescore", "--no-rescore"):
        done = run(
            "replay", "--policy", str(policy), mode, "--json",
            pipeline=embedded, TROLLBRIDGE_SCORERS="tests.scorers:quick",
        )  # fmt: skip
        found = json.loads(done.stdout)
        assert {"review -> allow": 1, "allow -> allow": 1} == found["decisions"]
        assert ["c0#0"] == [change["item_id"] for change in found["changes"]]
    assert before == [embedded.count(topic) for topic in embedded.topics.cleanup()]


def test_score_keeps_order(tmp_path: Path) -> None:
    """Without Kafka: one line out for each line in, in order, with scores, decision, reasons."""
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    texts = ["fine", "you idiot", "also fine"]
    source.write_text(
        "".join(json.dumps({"id": str(n), "text": text}) + "\n" for n, text in enumerate(texts))
    )
    done = run("score", str(source), "-o", str(target), TROLLBRIDGE_SCORERS="tests.scorers:quick")
    assert 0 == done.returncode, done.stderr
    scored = [json.loads(line) for line in target.read_text().splitlines()]
    assert [("0", "allow"), ("1", "review"), ("2", "allow")] == [
        (line["id"], line["decision"]) for line in scored
    ]
    assert {"id", "scores", "decision", "reasons"} == scored[0].keys()


def test_score_marks_what_it_cannot_read(tmp_path: Path) -> None:
    """A German line has no score, not a low one, and says so; the policy decides on it."""
    source, target, policy = (tmp_path / name for name in ("in.jsonl", "out.jsonl", "p.toml"))
    texts = ["You idiot, that bridge is ours!", "Wer soll das alles bezahlen, ihr Deppen?", "Ja!"]
    lines = [{"id": n, "text": text, "lang": "de"} for n, text in enumerate(texts)]
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    policy.write_text(
        '[reasons.toxicity]\nthreshold = 0.5\n[languages.de]\nunsupported = "review"\n'
    )
    done = run(
        "score", str(source), "-o", str(target), "--policy", str(policy),
        TROLLBRIDGE_SCORERS="tests.scorers:english",
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    english, german, short = map(json.loads, target.read_text().splitlines())
    assert ("en", {"toxicity": 0.99}) == (english["detected_lang"], english["scores"])
    assert "unsupported" not in english
    for line in (german, short):
        assert ("de", {}, ["english"]) == tuple(
            line[key] for key in ("detected_lang", "scores", "unsupported")
        )
    (reason,) = german["reasons"]
    assert ("unsupported_language", "German: english cannot score it") == (
        reason["code"],
        reason["detail"],
    )


def test_score_explains(tmp_path: Path) -> None:
    """A file's reasons quote the words that they rest on, and say what may be bias."""
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    texts = ["Our Muslim neighbours came.", "you idiot"]
    source.write_text("".join(json.dumps({"id": t, "text": t}) + "\n" for t in texts))
    done = run("score", str(source), "-o", str(target), TROLLBRIDGE_SCORERS="tests.scorers:biased")
    assert 0 == done.returncode, done.stderr
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert [[4, 10, "toxicity"]] == lines[0]["evidence"]
    biased, insult = (line["reasons"][0] for line in lines)
    assert biased["possible_bias"]
    assert "\u201cChristian\u201d for \u201cMuslim\u201d" in biased["detail"]
    assert "possible_bias" not in insult
    assert insult["detail"].endswith(": \u201cidiot\u201d")


def test_score_names_the_wrong_line(tmp_path: Path) -> None:
    """A wrong line is named, and no half-written result is left."""
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"id": "1", "text": "fine"}\n{"id": "2"}\n')
    done = run("score", str(source), "-o", str(target), TROLLBRIDGE_SCORERS="tests.scorers:quick")
    assert 1 == done.returncode
    assert f"{source}, line 2: " in done.stderr
    assert [source] == list(tmp_path.iterdir())


def test_config_shows_origins() -> None:
    """Whoever wonders why a value holds sees where it comes from; secrets stay hidden."""
    done = run("config", "--json", TROLLBRIDGE_BATCH_SIZE="9", TROLLBRIDGE_SASL_PASSWORD=HIDDEN)
    shown = json.loads(done.stdout)
    assert {"value": 9, "origin": "TROLLBRIDGE_BATCH_SIZE"} == shown["batch_size"]
    assert HIDDEN not in done.stdout


def test_demo() -> None:
    """The sample page goes through the whole pipeline and the ledger balances."""
    done = run("demo", "--json")
    assert 0 == done.returncode, done.stderr
    judged = {
        json.loads(line)["author_name"]: json.loads(line) for line in done.stdout.splitlines()
    }
    assert "review" == judged["kettle_black"]["decision"]
    assert "allow" == judged["Mrs Pettibone"]["decision"]


def test_demo_stops_what_it_started(tmp_path: Path) -> None:
    """Ctrl-C on a demo that was left running ends the worker and its scoring process."""
    log = tmp_path / "log"
    with log.open("wb") as output:
        demo = subprocess.Popen(
            [sys.executable, "-m", "streams.cli", "demo", "--keep"],
            cwd=ROOT,
            env=os.environ | {"TROLLBRIDGE_SCORERS": "tests.scorers:quick"},
            stdout=output,
            stderr=output,
        )
    until(lambda: "Ctrl-C stops everything" in log.read_text(), "demo running", within=60)
    children = psutil.Process(demo.pid).children(recursive=True)
    assert 2 <= len(children)
    demo.send_signal(signal.SIGINT)
    demo.wait(timeout=60)
    until(lambda: not any(child.is_running() for child in children), "children gone", within=5)
    assert "Traceback" not in log.read_text()
