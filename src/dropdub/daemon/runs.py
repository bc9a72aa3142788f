"""Start and end a run: the daemon on a root, or a few files in the foreground."""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropdub.config import Config, load_config
from dropdub.daemon import lock, logs
from dropdub.daemon.context import Context, job_id
from dropdub.daemon.pools import make_pools
from dropdub.daemon.supervisor import Supervisor
from dropdub.errors import RootLocked, StoreUnavailable, UsageError
from dropdub.files import safe_name
from dropdub.process import contain_self, identity_of, install_stop_handlers, tell_service_manager
from dropdub.root import Root
from dropdub.store import transitions
from dropdub.store.database import Store
from dropdub.store.urls import usable_url
from dropdub.store.views import JobView, open_reader

POLL_S = 0.5
STORE_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Summary:
    """How many jobs ended in this run, and how; `stopped`: a person or the system ended it."""

    succeeded: int
    failed: int
    cancelled: int
    waiting: int
    stopped: bool


def open_root(path: Path) -> tuple[Root, Config, str]:
    """Return the root at `path`, its configuration and its database's URL, with all folders made.

    Raises ConfigError.
    """
    config = load_config(path / "config.yaml")
    root = Root.at(path, config.folders.model_dump())
    root.create_folders()
    return root, config, usable_url(config.database, root)


def run_daemon(path: Path, *, until_idle: bool = False, report: Callable[[str], None]) -> Summary:
    """Watch the root's inbox and work until stopped, or until nothing is left to do.

    While its database cannot be used, it waits; then it goes on as after any other interruption.
    Raises ConfigError, StoreError and RootLocked.
    """
    stopped = threading.Event()
    while True:
        try:
            return _watch(path, until_idle=until_idle, report=report)
        except StoreUnavailable as error:
            report(f"{error.sentence} Tried again in {STORE_PATIENCE_S:.0f} s.")
            tell_service_manager("WATCHDOG=1")
            install_stop_handlers(stopped.set)
            if stopped.wait(STORE_PATIENCE_S):
                raise


def _watch(path: Path, *, until_idle: bool, report: Callable[[str], None]) -> Summary:
    root, config, url = open_root(path)
    with lock.hold(root, url), _run(root, config, url, report=report, only=None) as supervisor:
        report(f"Watching {root.inbox}")
        supervisor.run(until=supervisor.idle if until_idle else lambda: False)
        return _summary(supervisor, url)


def run_files(
    path: Path,
    files: Sequence[Path],
    *,
    overrides: Mapping[str, Any],
    profile: str | None,
    report: Callable[[str], None],
    on_view: Callable[[list[JobView]], None],
) -> list[int]:
    """Work copies of `files` off now and return their jobs' ids; a daemon that holds the root does the work.

    Returns early when stopped: what is left goes on with the next run. Raises UsageError for files that are not there.
    """
    root, config, url = open_root(path)
    _refuse_missing(files)
    config.options_for(profile, dict(overrides))
    with closing(Store.open(url, backups=root.backups_dir)) as store:
        ids = frozenset(_record(store, file, overrides, profile) for file in files)
    watching = _Viewer(url, ids, on_view)
    while not watching.look():
        try:
            with lock.hold(root, url), _run(root, config, url, report=report, only=ids) as supervisor:
                supervisor.run(until=lambda: watching.look() and supervisor.ended(ids))
                if supervisor.stopped:
                    break
        except RootLocked:
            time.sleep(POLL_S)
    watching.look()
    return sorted(ids)


class _Viewer:
    """Shows the state of some jobs as it changes."""

    def __init__(self, url: str, ids: frozenset[int], on_view: Callable[[list[JobView]], None]) -> None:
        self._reader = open_reader(url)
        self._ids = [str(id_) for id_ in sorted(ids)]
        self._on_view = on_view

    def look(self) -> bool:
        """Show them; return whether all have ended."""
        views = self._reader.find(self._ids)
        self._on_view(views)
        return all(view.finished_at is not None for view in views)


@contextmanager
def _run(
    root: Root, config: Config, url: str, *, report: Callable[[str], None], only: frozenset[int] | None
) -> Iterator[Supervisor]:
    """Set up all that one run needs, and take it down again."""
    store = Store.open(url, backups=root.backups_dir)
    contain_self()
    take_down_logs = logs.set_up(root, config.log)
    context = Context(root, config, store, uuid.uuid4().hex, report, only)
    wake = threading.Event()
    supervisor = Supervisor(context, make_pools(root, config, wake.set), wake, watch=only is None)
    _enter(context)
    install_stop_handlers(supervisor.stop)
    try:
        yield supervisor
    finally:
        with ExitStack() as parts:  # each, whatever becomes of the others; the last one first
            parts.callback(take_down_logs)
            parts.callback(store.close)
            parts.callback(logs.note, "run ended", run=context.run_id)
            parts.callback(transitions.stop_run, store, context.run_id, now=time.time())


def _enter(context: Context) -> None:
    me = identity_of(os.getpid())
    assert me is not None
    transitions.clear_stop(context.store, pid=me.pid)
    transitions.start_run(
        context.store,
        run_id=context.run_id,
        pid=me.pid,
        pid_started=me.started,
        host=socket.gethostname(),
        boot_id=me.boot_id,
        now=time.time(),
    )
    logs.note("run started", run=context.run_id, pid=me.pid)


def _summary(supervisor: Supervisor, url: str) -> Summary:
    counts = supervisor.endings.counts
    waiting = open_reader(url).status(now=time.time(), limit=0).counts["waiting"]
    return Summary(counts["succeeded"], counts["failed"], counts["cancelled"], waiting, supervisor.stopped)


def _refuse_missing(files: Sequence[Path]) -> None:
    for file in files:
        if not file.is_file():
            raise UsageError(f"{file} is not there, or is not a file.")


def _record(store: Store, file: Path, overrides: Mapping[str, Any], profile: str | None) -> int:
    file = file.absolute()
    job = transitions.record_job(
        store,
        name=safe_name(file.name),
        origin="given",
        source=str(file),
        given_path=str(file),
        overrides=dict(overrides),
        profile=profile,
        now=time.time(),
    )
    return job_id(job)
