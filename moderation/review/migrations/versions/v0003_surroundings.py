"""Campaigns, heat of threads, arrivals by day, and indexes for the pages that show decisions."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_IN_CAMPAIGN: Final = sa.text("campaign <> ''")
_OPEN: Final = sa.text("state = 'open'")
_KEY: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# A cast cuts off in SQLite and rounds in PostgreSQL.
_ARRIVALS_SQLITE: Final = """INSERT INTO review_days (day, arrivals)
    SELECT CAST(arrived_at / 86400 AS INTEGER), count(*) FROM review_items
    WHERE state <> 'golden' GROUP BY 1"""
_ARRIVALS_POSTGRESQL: Final = """INSERT INTO review_days (day, arrivals)
    SELECT CAST(floor(arrived_at / 86400) AS BIGINT), count(*) FROM review_items
    WHERE state <> 'golden' GROUP BY 1"""


def _is_sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"


def upgrade() -> None:
    """Bring the store to this form."""
    op.create_table(
        "review_campaigns",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("moved", sa.BigInteger(), nullable=False),
        sa.Column("comments", sa.BigInteger(), nullable=False),
        sa.Column("authors", sa.BigInteger(), nullable=False),
        sa.Column("articles", sa.BigInteger(), nullable=False),
        sa.Column("exact", sa.BigInteger(), nullable=False),
        sa.Column("first_seen", sa.Double(), nullable=False),
        sa.Column("last_seen", sa.Double(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("varying", sa.Text(), nullable=False),
        sa.Column("article_ids", sa.Text(), nullable=False),
        sa.Column("told_at", sa.Double(), nullable=False),
        sa.Column("erased_at", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("review_campaigns_root", "review_campaigns", ["root"])
    op.create_index("review_campaigns_seen", "review_campaigns", ["last_seen"])
    op.create_index("review_campaigns_told", "review_campaigns", ["told_at"])
    op.create_table(
        "review_campaign_members",
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("comment_id", sa.Text(), nullable=False),
        sa.Column(
            "campaign",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("told_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("item_id"),
    )
    op.create_index("review_campaign_members_comment", "review_campaign_members", ["comment_id"])
    op.create_index("review_campaign_members_told", "review_campaign_members", ["told_at"])
    op.create_table(
        "review_threads",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("heat", sa.Double(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("tipped", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("history", sa.Text(), nullable=False),
        sa.Column("told_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("article_id"),
    )
    op.create_index("review_threads_at", "review_threads", ["at"])
    op.create_index("review_threads_told", "review_threads", ["told_at"])
    op.create_table(
        "review_days",
        sa.Column("day", _KEY, autoincrement=False, nullable=False),
        sa.Column("arrivals", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    op.execute(_ARRIVALS_SQLITE if _is_sqlite() else _ARRIVALS_POSTGRESQL)
    op.create_index(
        "review_campaign_states",
        "review_items",
        ["campaign", "state"],
        sqlite_where=_IN_CAMPAIGN,
        postgresql_where=_IN_CAMPAIGN,
    )
    op.drop_index("review_items_state", "review_items")
    op.create_index("review_items_state", "review_items", ["state", "sort_key", "pk", "arrived_at"])
    for name, column in (("article", "article_id"), ("section", "section")):
        op.drop_index(f"review_open_{name}", "review_items")
        op.create_index(
            f"review_open_{name}",
            "review_items",
            [column, "sort_key", "pk", "state"],
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        )
    for name in ("action", "reason", "section"):
        op.create_index(f"review_decisions_{name}", "review_decisions", [name, "at"])
    op.create_index("review_decisions_author", "review_decisions", ["author_id", "at"])
    op.create_index("review_decisions_kind", "review_decisions", ["kind", "at", "action", "undone"])
