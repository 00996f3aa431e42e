"""The log: what happened stays as it happened, and whoever touches it is found out."""

import csv
import io
import json
import random

import pytest
from sqlalchemy import text

from moderation.errors import StoreError
from moderation.records import Anchor
from moderation.review import export, log
from moderation.review.log import entry_hash, verify
from moderation.review.taking_back import undo
from tests.moderation.review.desk import ANNA, BEN, Desk


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A desk where something has happened: decisions, a refusal, an undo, a note."""
    desk.add(*(f"c{number}" for number in range(8)))
    for number in range(6):
        desk.decide(f"c{number}", "reject" if number % 2 else "approve", note=f"Note {number}")
    undo(desk.store, ANNA, desk.decide("c6").decision_id)
    desk.decide("c7", "escalate", person=BEN)
    log.record(desk.store, "lea", "read_history", author="u7")
    return desk


def _tamper(desk: Desk, *statements: str) -> None:
    """Change the store as somebody with the database's password can."""
    with desk.store.connection() as connection:
        if desk.store.is_sqlite:
            connection.execute(text("DROP TRIGGER IF EXISTS review_log_unchanged"))
            connection.execute(text("DROP TRIGGER IF EXISTS review_log_kept"))
        else:
            connection.execute(text("ALTER TABLE review_log DISABLE TRIGGER ALL"))
        for statement in statements:
            connection.execute(text(statement))


def test_untouched(busy: Desk) -> None:
    """A log that nobody touched verifies, whole and against an earlier end."""
    early = verify(busy.store)
    assert [] == early.problems
    assert 10 == early.head.number == early.entries
    busy.decide("c6", version=3)
    assert [] == verify(busy.store, early.head).problems


def test_append_only(busy: Desk) -> None:
    """The database itself refuses to change or remove an entry."""
    for statement in ("UPDATE review_log SET person = 'x'", "DELETE FROM review_log"):
        with (
            pytest.raises(StoreError, match="append-only"),
            busy.store.connection() as connection,
        ):
            connection.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE review_log SET person = 'ben' WHERE number = 2", "entry 2: it was changed"),
        ("UPDATE review_log SET detail = '{}' WHERE number = 2", "entry 2: it was changed"),
        ("UPDATE review_log SET detail = 'x' WHERE number = 2", "entry 2: it was changed"),
        ("UPDATE review_log SET at = '2020-01-01' WHERE number = 5", "entry 5: it was changed"),
        ("DELETE FROM review_log WHERE number = 3", "entry 3: it is missing"),
        ("DELETE FROM review_log WHERE number = 10", "entry 10: the end of the log is missing"),
        (
            "UPDATE review_log SET number = 100 - number WHERE number IN (2, 3)",
            "entry 2: it is missing",
        ),
        ("UPDATE review_decisions SET action = 'approve' WHERE entry = 2", "now says do 'approve'"),
        ("UPDATE review_decisions SET reason = 'spam' WHERE entry = 2", "now says reason 'spam'"),
        ("UPDATE review_decisions SET note = 'Nothing' WHERE entry = 2", "another note"),
        ("UPDATE review_decisions SET person = 'ben' WHERE entry = 2", "another person"),
        ("UPDATE review_decisions SET at = at - 3600 WHERE entry = 2", "another time"),
        ("DELETE FROM review_decisions WHERE entry = 2", "entry 2: its decision is gone"),
        ("UPDATE review_decisions SET undone = NULL", "not marked as undone"),
        ("UPDATE review_decisions SET undone = 2 WHERE entry = 2", "marked as undone, which no"),
        ("DELETE FROM review_log_head", "no head"),
    ],
)
def test_edit_is_found(busy: Desk, statement: str, found: str) -> None:
    """Whatever is edited, removed or moved, in the log or in the decisions, is named."""
    _tamper(busy, statement)
    assert found in " / ".join(verify(busy.store).problems)


def test_two_entries_exchanged(busy: Desk) -> None:
    """Entries that changed places are found, though each is whole."""
    _tamper(
        busy,
        "UPDATE review_log SET number = 0 WHERE number = 2",
        "UPDATE review_log SET number = 2 WHERE number = 3",
        "UPDATE review_log SET number = 3 WHERE number = 0",
    )
    assert verify(busy.store).problems


def test_end_cut_off_with_its_head(busy: Desk) -> None:
    """Who cuts the end off and mends the head leaves a decision without an entry."""
    entries = list(log.entries(busy.store))
    _tamper(
        busy,
        "DELETE FROM review_log WHERE number >= 8",
        f"UPDATE review_log_head SET number = 7, hash = '{entries[6].hash}'",
    )
    assert "it has no entry" in " / ".join(verify(busy.store).problems)
    anchor = Anchor(9, entries[8].hash)
    assert "entry 9: it was known outside and is gone" in verify(busy.store, anchor).problems


def test_chain_that_was_rebuilt(busy: Desk) -> None:
    """Who rebuilds the whole chain is found by an anchor that was kept outside."""
    anchor = verify(busy.store).head
    rows = [
        {name: getattr(entry, name) for name in entry.__table__.columns.keys()}  # noqa: SIM118
        for entry in log.entries(busy.store)
    ]
    previous, statements = "", []
    for row in rows:
        row |= {"previous": previous, "person": "ben" if row["number"] == 10 else row["person"]}
        previous = entry_hash(row)
        statements.append(
            f"UPDATE review_log SET person = '{row['person']}', previous = '{row['previous']}', "
            f"hash = '{previous}' WHERE number = {row['number']}"
        )
    _tamper(busy, *statements, f"UPDATE review_log_head SET hash = '{previous}'")
    assert [] == verify(busy.store).problems
    assert ["entry 10: its hash is not the one known outside"] == verify(
        busy.store, anchor
    ).problems


def test_random_bit(busy: Desk) -> None:
    """Any one character of any column of any entry matters."""
    draw = random.Random(5)
    for _ in range(20):
        number = draw.randint(1, 9)
        column = draw.choice(["at", "person", "action", "comment_id", "detail", "hash", "previous"])
        _tamper(busy, f"UPDATE review_log SET {column} = {column} || 'x' WHERE number = {number}")
        assert verify(busy.store).problems, (number, column)
        _tamper(
            busy,
            f"UPDATE review_log SET {column} = substr({column}, 1, length({column}) - 1) "
            f"WHERE number = {number}",
        )
        assert [] == verify(busy.store).problems


def test_log_holds_no_words(busy: Desk) -> None:
    """A person can be erased without breaking the chain: the log has digests only."""
    said = " ".join(entry.detail for entry in log.entries(busy.store))
    assert "Note" not in said
    assert "bridge" not in said
    assert "author-of" not in said


def test_export(busy: Desk) -> None:
    """JSON lines hold what was hashed, so that others can check; CSV opens in a spreadsheet."""
    lines, table = io.StringIO(), io.StringIO()
    log.record(busy.store, "=cmd()", "read_history")
    assert 11 == export.write(log.entries(busy.store), lines, "jsonl")
    previous = ""
    for line in lines.getvalue().splitlines():
        row = json.loads(line)
        assert previous == row["previous"]
        assert row["hash"] == entry_hash(row | {"detail": json.dumps(row["detail"])})
        previous = row["hash"]
    assert 11 == export.write(log.entries(busy.store), table, "csv")
    rows = list(csv.DictReader(io.StringIO(table.getvalue())))
    assert ("anna", "decide", "reject", "insult", "open", "rejected") == tuple(
        rows[1][name] for name in ("person", "action", "do", "reason", "from", "to")
    )
    assert "'=cmd()" == rows[10]["person"]


def test_entries_of_a_comment(busy: Desk) -> None:
    """What happened to one comment can be read without the rest."""
    assert ["decide", "undo"] == [e.action for e in log.entries(busy.store, comment_id="c6")]
