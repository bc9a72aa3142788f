"""Run by Alembic: applies the revisions in the single transaction of the connection that `upgrade` passes."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from dropdub.store import tables

assert tables.Job.metadata is SQLModel.metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
