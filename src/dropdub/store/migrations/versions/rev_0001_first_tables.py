"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_job()
    _create_step()
    _create_attempt()
    _create_event()
    _create_daemon()
    _create_control()


def _create_job() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("sidecar", sa.String()),
        sa.Column("given_path", sa.String()),
        sa.Column("device", sa.BigInteger()),
        sa.Column("inode", sa.String()),
        sa.Column("size", sa.BigInteger()),
        sa.Column("mtime_ns", sa.BigInteger()),
        sa.Column("profile", sa.String()),
        sa.Column("overrides", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        *_job_states(),
        *_job_facts(),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("started_at", sa.Float()),
        sa.Column("finished_at", sa.Float()),
    )
    op.create_index("ix_job_state", "job", ["state", "id"])
    op.create_index("ix_job_finished", "job", ["state", "finished_at"])
    op.create_index("ix_job_name", "job", ["name"])
    op.create_index("ix_job_inode", "job", ["inode", "state"])
    op.create_index("ix_job_content_hash", "job", ["content_hash"])
    op.create_index("ix_job_published", "job", ["published"])


def _job_states() -> list[sa.Column[object]]:
    return [
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String()),
        sa.Column("remedy", sa.String()),
        sa.Column("waiting_for", sa.String()),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String()),
        sa.Column("destination", sa.String()),
    ]


def _job_facts() -> list[sa.Column[object]]:
    return [
        sa.Column("kind", sa.String()),
        sa.Column("content_hash", sa.String()),
        sa.Column("dup_of", sa.Integer()),
        sa.Column("duration_s", sa.Float()),
        sa.Column("language", sa.String()),
        sa.Column("published", sa.String()),
        sa.Column("outputs", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("interruptions", sa.Integer(), nullable=False),
    ]


def _create_step() -> None:
    op.create_table(
        "step",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("job_id", sa.Integer(), sa.ForeignKey("job.id", ondelete="CASCADE"), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("phase", sa.Integer(), nullable=False),
        sa.Column("target", sa.String()),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("scheduled_at", sa.Float(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("result", sa.JSON()),
        sa.Column("error", sa.JSON()),
        sa.UniqueConstraint("job_id", "round", "key"),
    )
    op.create_index("ix_step_state_pool", "step", ["state", "pool", "job_id", "phase", "id"])


def _create_attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("step_id", sa.Integer(), sa.ForeignKey("step.id", ondelete="CASCADE"), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("worker_pid", sa.Integer()),
        sa.Column("worker_started", sa.Float()),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("ended_at", sa.Float()),
        sa.Column("outcome", sa.String()),
        sa.Column("exit_code", sa.BigInteger()),
        sa.Column("error_class", sa.String()),
        sa.Column("error_text", sa.String()),
        sa.Column("peak_memory", sa.BigInteger()),
        sa.Column("seconds", sa.Float()),
    )
    op.create_index("ix_attempt_step_id", "attempt", ["step_id"])


def _create_event() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("job_id", sa.Integer(), sa.ForeignKey("job.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
    )
    op.create_index("ix_event_job", "event", ["job_id", "id"])


def _create_daemon() -> None:
    op.create_table(
        "daemon",
        sa.Column("run_id", sa.String(), primary_key=True),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("pid_started", sa.Float(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("boot_id", sa.String(), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("heartbeat_at", sa.Float(), nullable=False),
        sa.Column("stopped_at", sa.Float()),
        sa.Column("notes", sa.JSON(), nullable=False),
    )


def _create_control() -> None:
    op.create_table(
        "control",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("value", sa.JSON()),
    )
