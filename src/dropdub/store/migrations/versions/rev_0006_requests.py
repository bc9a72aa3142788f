"""Requests: what they ask for, their repetitions, batches and priority; monitored files and their lines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NORMAL = "2"
_LISTED = sa.text("origin <> 'asked'")
_FAILED = sa.text("outcome = 'failed'")


def upgrade() -> None:
    op.add_column("job", sa.Column("request", sa.JSON(none_as_null=True)))
    op.add_column("job", sa.Column("request_key", sa.String()))
    op.add_column("job", sa.Column("batch", sa.String()))
    for table in ("job", "step"):
        op.add_column(table, sa.Column("priority", sa.Integer(), nullable=False, server_default=_NORMAL))
    op.create_index("ix_job_request_key", "job", ["request_key"])
    op.create_index("ix_job_batch", "job", ["batch"])
    op.drop_index("ix_step_state_pool", "step")
    op.create_index("ix_step_state_pool", "step", ["state", "pool", "priority", "job_id", "phase", "id"])
    op.create_table(
        "monitor",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("encoding", sa.String(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
    )
    op.create_table(
        "line",
        sa.Column(
            "job_id", sa.Integer(), sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
        ),
        sa.Column("monitor", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.UniqueConstraint("monitor", "number"),
    )
    op.create_index("ix_line_state", "line", ["state", "monitor", "number"])
    _index_lists()


def _index_lists() -> None:
    """Index lists of jobs that leave requests out, and the jobs that failed with an error."""
    for name, table, columns, rows in (
        ("ix_job_listed", "job", ["state", "id", "name", "origin"], _LISTED),
        ("ix_job_listed_finished", "job", ["state", "finished_at"], _LISTED),
        ("ix_attempt_failure", "attempt", ["error_class", "step_id"], _FAILED),
    ):
        op.create_index(name, table, columns, sqlite_where=rows, postgresql_where=rows)
