"""The review queue, on SQLite and PostgreSQL."""
