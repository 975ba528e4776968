"""Alembic environment: runs on the connection that `service.kit.migrate` hands over."""

from __future__ import annotations

from alembic import context

from service.kit.schema import METADATA, is_ours

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    include_object=is_ours,
    compare_type=True,
    compare_server_default=False,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
