"""Alembic's entry: always given a connection by ``store.database``."""

from alembic import context

from syndicate.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
