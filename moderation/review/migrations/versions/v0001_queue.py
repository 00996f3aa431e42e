"""The queue: items, decisions, second looks, outbox, log."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_KEY: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN: Final = "state = 'open'"
_IN_CAMPAIGN: Final = "campaign <> ''"
_CLAIMED: Final = "claimed_by <> ''"
_REASON_OPEN: Final = "open = 1"
_GOLDEN: Final = "kind = 'golden'"

_SQLITE: Final = (
    # Words of the items; the texts themselves stay in the items.
    """CREATE VIRTUAL TABLE review_words USING fts5(
        author_name, text, content='review_items', content_rowid='pk',
        tokenize='unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER review_words_added AFTER INSERT ON review_items BEGIN
        INSERT INTO review_words(rowid, author_name, text)
        VALUES (new.pk, new.author_name, new.text);
    END""",
    """CREATE TRIGGER review_words_removed AFTER DELETE ON review_items BEGIN
        INSERT INTO review_words(review_words, rowid, author_name, text)
        VALUES ('delete', old.pk, old.author_name, old.text);
    END""",
    """CREATE TRIGGER review_words_changed AFTER UPDATE OF author_name, text ON review_items BEGIN
        INSERT INTO review_words(review_words, rowid, author_name, text)
        VALUES ('delete', old.pk, old.author_name, old.text);
        INSERT INTO review_words(rowid, author_name, text)
        VALUES (new.pk, new.author_name, new.text);
    END""",
    """CREATE TRIGGER review_log_unchanged BEFORE UPDATE ON review_log BEGIN
        SELECT RAISE(ABORT, 'the log is append-only');
    END""",
    """CREATE TRIGGER review_log_kept BEFORE DELETE ON review_log BEGIN
        SELECT RAISE(ABORT, 'the log is append-only');
    END""",
)
_POSTGRESQL: Final = (
    # New words are merged into the index 16 MB at a time: half of the intake's time is saved.
    """CREATE INDEX review_words ON review_items
        USING gin (to_tsvector('simple', author_name || ' ' || text))
        WITH (gin_pending_list_limit = 16384)""",
    """CREATE FUNCTION review_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the log is append-only'; END $$""",
    """CREATE TRIGGER review_log_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON review_log
        FOR EACH STATEMENT EXECUTE FUNCTION review_log_refuse()""",
)


def _where(condition: str) -> dict[str, Any]:
    """What makes an index partial on either database."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Bring the store to this form."""
    op.create_table(
        "review_decisions",
        sa.Column("pk", _KEY, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("comment_id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("flagged", sa.Text(), nullable=False),
        sa.Column("previous", sa.BigInteger(), nullable=True),
        sa.Column("look", sa.BigInteger(), nullable=True),
        sa.Column("undone", sa.BigInteger(), nullable=True),
        sa.Column("erased", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("review_decisions_batch", "review_decisions", ["batch"])
    op.create_index("review_decisions_comment", "review_decisions", ["comment_id"])
    op.create_index("review_decisions_entry", "review_decisions", ["entry"])
    op.create_index("review_decisions_item", "review_decisions", ["item_id"])
    op.create_index("review_decisions_person", "review_decisions", ["person", "at"])
    op.create_index("review_decisions_undone", "review_decisions", ["undone"])
    op.create_table(
        "review_items",
        sa.Column("pk", _KEY, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("priority", sa.Double(), nullable=False),
        sa.Column("sort_key", sa.Double(), nullable=False),
        sa.Column("arrived_at", sa.Double(), nullable=False),
        sa.Column("judged_at", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), server_default="", nullable=False),
        sa.Column("heat", sa.Double(), nullable=True),
        sa.Column("claimed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("claimed_at", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("claimed_until", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("decision", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("review_items_author", "review_items", ["author_id"])
    op.create_index(
        "review_items_campaign",
        "review_items",
        ["campaign", "sort_key", "pk"],
        **_where(_IN_CAMPAIGN),
    )
    op.create_index("review_items_claimed", "review_items", ["claimed_by"], **_where(_CLAIMED))
    op.create_index("review_items_state", "review_items", ["state", "sort_key", "pk"])
    op.create_index(
        "review_open_article", "review_items", ["article_id", "sort_key", "pk"], **_where(_OPEN)
    )
    op.create_index(
        "review_open_section", "review_items", ["section", "sort_key", "pk"], **_where(_OPEN)
    )
    op.create_table(
        "review_leases",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("role"),
    )
    op.create_table(
        "review_log",
        sa.Column("number", _KEY, autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("comment_id", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("review_log_comment", "review_log", ["comment_id"])
    op.create_table(
        "review_log_head",
        sa.Column("one", _KEY, autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("one"),
    )
    op.create_table(
        "review_outbox",
        sa.Column("pk", _KEY, nullable=False),
        sa.Column("decision", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("pk"),
    )
    op.create_index("review_outbox_due", "review_outbox", ["state", "pk"])
    op.create_table(
        "review_bands",
        sa.Column("band", _KEY, autoincrement=False, nullable=False),
        sa.Column("item", _KEY, nullable=False),
        sa.ForeignKeyConstraint(["item"], ["review_items.pk"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("band", "item"),
    )
    op.create_table(
        "review_golden",
        sa.Column("item", _KEY, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["review_items.pk"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item"),
    )
    op.create_table(
        "review_item_reasons",
        sa.Column("item", _KEY, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("flagged", sa.BigInteger(), nullable=False),
        sa.Column("sort_key", sa.Double(), nullable=False),
        sa.Column("open", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["review_items.pk"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item", "code"),
    )
    op.create_index(
        "review_reasons_open",
        "review_item_reasons",
        ["code", "sort_key", "item"],
        **_where(_REASON_OPEN),
    )
    op.create_table(
        "review_item_versions",
        sa.Column("item", _KEY, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["review_items.pk"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item", "version"),
    )
    op.create_table(
        "review_looks",
        sa.Column("pk", _KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("item", _KEY, nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("first", sa.Text(), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("expected_reason", sa.Text(), nullable=False),
        sa.Column("decision", sa.BigInteger(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("answer", sa.BigInteger(), nullable=True),
        sa.Column("claimed_at", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("claimed_until", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["review_items.pk"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pk"),
    )
    op.create_index(
        "review_looks_golden", "review_looks", ["item", "person"], unique=True, **_where(_GOLDEN)
    )
    op.create_index("review_looks_person", "review_looks", ["person", "state"])
    op.create_index("review_looks_state", "review_looks", ["state", "kind", "pk"])
    op.create_table(
        "review_skips",
        sa.Column("item", _KEY, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["review_items.pk"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item", "person"),
    )
    op.execute("INSERT INTO review_log_head (one, number, hash) VALUES (1, 0, '')")
    for statement in _SQLITE if op.get_context().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
