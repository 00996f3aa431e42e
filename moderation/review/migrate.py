"""The form of the store, brought up to date by the migrations that ship with this package."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from moderation.errors import StoreError

VERSION_TABLE = "review_migrations"
_LOCK = 7_466_551
"""Of PostgreSQL's advisory locks, ours: two processes that start do not both migrate."""


def migrate(connection: Connection) -> list[str]:
    """Bring the form up to date, in the connection's transaction; the migrations that were run.

    StoreError when a newer trollbridge made the store.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = Config()
    config.set_main_option("script_location", "moderation.review:migrations")
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    here = _revision(connection)
    known = [revision.revision for revision in script.walk_revisions()]
    if here is not None and here not in known:
        raise StoreError(
            f"the review store has the form {here}, which this trollbridge does not know: "
            "a newer one made it"
        )
    pending = known[: known.index(here)] if here is not None else known
    if pending:
        command.upgrade(config, "head")
    return pending[::-1]


def _revision(connection: Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision()
