"""`trollbridge review` and `calibrate` as a person runs them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from moderation.review.intake import take_in
from tests.moderation.review.desk import Desk, judged
from tests.streams.test_cli import run


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A queue in a SQLite file."""
    with Desk.at(f"sqlite:///{tmp_path / 'review.db'}") as desk:
        yield desk


def test_store_is_made_in_the_data_folder(tmp_path: Path) -> None:
    """Without a URL the store is a file in data_dir, made by the first command that needs it."""
    done = run("review", "verify", TROLLBRIDGE_DATA_DIR=str(tmp_path / "data"))
    assert 0 == done.returncode, done.stderr
    assert "0 entries, and nothing was changed" in done.stdout
    assert (tmp_path / "data" / "review.db").is_file()


def test_verify(desk: Desk) -> None:
    """An untouched log gives an anchor for next time; a touched one fails and says where."""
    desk.add("c1", "c2")
    desk.decide("c1")
    desk.decide("c2", "reject")
    done = run("review", "verify", TROLLBRIDGE_DATABASE_URL=desk.url)
    assert 0 == done.returncode, done.stderr
    anchor = done.stdout.split("--anchor ")[1].strip()
    with desk.store.connection() as connection:
        connection.execute(text("UPDATE review_decisions SET reason = 'spam' WHERE entry = 2"))
    done = run("review", "verify", "--anchor", anchor, TROLLBRIDGE_DATABASE_URL=desk.url)
    assert 1 == done.returncode
    assert 1 == len(done.stderr.strip().splitlines())
    assert "entry 2: its decision now says reason 'spam', it was 'insult'" in done.stderr


def test_export_and_statement(desk: Desk, tmp_path: Path) -> None:
    """What a site or an authority asks for comes out as a file or a letter."""
    desk.add("c", text="You idiot.")
    desk.decide("c", "reject")
    file = tmp_path / "log.jsonl"
    done = run("review", "export", str(file), TROLLBRIDGE_DATABASE_URL=desk.url)
    assert 0 == done.returncode, done.stderr
    assert ["decide"] == [json.loads(line)["action"] for line in file.read_text().splitlines()]
    done = run(
        "review", "statement", "c", "--site", "The Courier", TROLLBRIDGE_DATABASE_URL=desk.url
    )
    assert "> You idiot." in done.stdout
    assert "The Courier" in done.stdout
    done = run("review", "export", str(tmp_path / "log.txt"), TROLLBRIDGE_DATABASE_URL=desk.url)
    assert (1, "") == (done.returncode, done.stdout)
    assert "neither in .csv nor in .jsonl" in done.stderr


def test_password_is_not_told(tmp_path: Path) -> None:
    """A database that does not answer is one line without its password."""
    url = "postgresql://bridge:hush@127.0.0.1:9/bridge"
    done = run("review", "migrate", TROLLBRIDGE_DATABASE_URL=url)
    assert 1 == done.returncode
    assert 1 == len(done.stderr.strip().splitlines())
    assert "127.0.0.1" in done.stderr
    assert "hush" not in done.stderr + done.stdout


def test_calibrate(desk: Desk, tmp_path: Path) -> None:
    """A diff is written and nothing applied; too little data is refused."""
    policy = tmp_path / "policy.toml"
    policy.write_text("[reasons.insult]\nthreshold = 0.50\n")
    arguments = ("calibrate", "--policy", str(policy), "--precision", "0.8", "-o")
    target = tmp_path / "change.diff"
    done = run(*arguments, str(target), TROLLBRIDGE_DATABASE_URL=desk.url)
    assert (1, False) == (done.returncode, target.exists())
    assert "no decisions to go by" in done.stderr
    scores = {f"c{number}": 0.5 + number / 400 for number in range(200)}
    take_in(desk.store, [judged(name, reasons={"insult": s}) for name, s in scores.items()])
    for name, score in scores.items():
        desk.decide(name, "reject" if score > 0.7 else "approve")
    done = run(*arguments, str(target), TROLLBRIDGE_DATABASE_URL=desk.url)
    assert 0 == done.returncode, done.stderr
    diff = target.read_text()
    assert "-threshold = 0.50" in diff
    assert 0.66 <= float(diff.split("+threshold = ")[1].split()[0]) <= 0.76
    assert "threshold = 0.50" in policy.read_text()
    done = run("calibrate", TROLLBRIDGE_DATABASE_URL=desk.url)
    assert (1, "say either --precision, or --people and --hours") == (
        done.returncode,
        done.stderr.removeprefix("trollbridge: ").strip(),
    )
