"""Subtitles that are dropped with a recording, or after it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("companion", sa.String()))
    op.add_column("job", sa.Column("revision", sa.JSON()))
