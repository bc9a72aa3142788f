"""The identity of the sidecar and subtitle next to a dropped file, the file's owner, and its staging folder."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("sidecar_seen", sa.JSON(none_as_null=True)))
    op.add_column("job", sa.Column("companion_seen", sa.JSON(none_as_null=True)))
    op.add_column("job", sa.Column("owner", sa.String()))
    op.add_column("job", sa.Column("folder", sa.String()))
    op.add_column("job", sa.Column("staging", sa.String()))
