"""Alembic's migrations of the review store."""
