"""Runs the migrations on the connection that `moderation.review.migrate` gives."""

from alembic import context

import moderation.review.access.models  # noqa: F401 - so that the metadata is whole
from moderation.review.migrate import VERSION_TABLE
from moderation.review.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
