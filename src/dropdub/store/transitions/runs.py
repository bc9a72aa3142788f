"""What a daemon run records about itself: its heartbeat, and the progress of its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, or_, update
from sqlmodel import Session

from dropdub.errors import TransitionRefused
from dropdub.store.database import Store
from dropdub.store.states import StepState
from dropdub.store.tables import DAEMON, STEP, Daemon

KEPT_S = 90 * 86_400.0


def start_run(
    store: Store, *, run_id: str, pid: int, pid_started: float, host: str, boot_id: str, now: float
) -> Daemon:
    """Record that a run of the daemon starts.

    Deletes runs from long ago, and runs that started later than now: the clock was set back since, and they would be
    taken for the newest.
    """
    run = Daemon(
        run_id=run_id,
        pid=pid,
        pid_started=pid_started,
        host=host,
        boot_id=boot_id,
        started_at=now,
        heartbeat_at=now,
    )
    old = or_(DAEMON.c.started_at > now, DAEMON.c.started_at < now - KEPT_S)
    with store.transaction() as session:
        session.connection().execute(delete(DAEMON).where(old))
        session.add(run)
    return run


def beat(store: Store, run_id: str, *, notes: Sequence[str], shares: Mapping[int, float], now: float) -> None:
    """Record the run's heartbeat, the notes for an administrator, and the progress (0 to 1) of running steps by id.

    Steps that are no longer running are left unchanged. It is not flushed: no run outlives a power cut.
    """
    with store.transaction(flushed=False) as session:
        _change_run(session, run_id, heartbeat_at=now, notes=list(notes))
        _save(session, shares)


def stop_run(store: Store, run_id: str, *, now: float) -> None:
    """Record that the run ended cleanly."""
    with store.transaction() as session:
        _change_run(session, run_id, heartbeat_at=now, stopped_at=now, notes=[])


def _save(session: Session, shares: Mapping[int, float]) -> None:
    for step_id, share in shares.items():
        running = update(STEP).where(STEP.c.id == step_id, STEP.c.state == StepState.RUNNING)
        session.connection().execute(running.values(progress=min(1.0, max(0.0, share))))


def _change_run(session: Session, run_id: str, **values: object) -> None:
    change = update(DAEMON).where(DAEMON.c.run_id == run_id, DAEMON.c.stopped_at.is_(None))
    if session.connection().execute(change.values(**values)).rowcount != 1:
        raise TransitionRefused(f"Run {run_id} of the daemon is not recorded or has ended.")
