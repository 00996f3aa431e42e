"""Edits that left nothing flagged: which forms they are, and those whose comments are not here."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the store to this form."""
    for table in ("review_items", "review_item_versions"):
        # Until now only what was flagged came here.
        op.add_column(
            table,
            sa.Column("allowed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        )
    op.create_index("review_item_versions_at", "review_item_versions", ["at"])
    op.create_table(
        "review_edits",
        sa.Column("comment_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column(
            "judged_at",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("told_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("comment_id"),
    )
    op.create_index("review_edits_author", "review_edits", ["author_id"])
    op.create_index("review_edits_told", "review_edits", ["told_at"])
