"""Upgrade a database to this program's revision."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, text

from dropdub.store.migrations import HEAD_REVISION


def upgrade(engine: Engine) -> None:
    """Apply all missing revisions in one transaction: if the process is killed, the database is unchanged."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(7305823)"))
        _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  takes a third of a second and is rarely needed
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "dropdub.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD_REVISION)
