"""Start and stop a run: the daemon for a root, or a few files in the foreground."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dropdub.alive import place_of_processes
from dropdub.config import Config, JobOptions, load_config
from dropdub.daemon import logs
from dropdub.daemon.context import Context, job_id
from dropdub.daemon.start import lock
from dropdub.daemon.start.belonging import take_root
from dropdub.daemon.start.rescue import rescue_sentences, rescue_strays
from dropdub.daemon.steps.pools import make_pools, pools_to_warm
from dropdub.daemon.supervisor import Supervisor
from dropdub.errors import FolderAway, RootLocked, StoreUnavailable, UsageError
from dropdub.files.durable import safe_name
from dropdub.files.privacy import make_private, private_files
from dropdub.inbox.sharing import sidecar_limits_of
from dropdub.pasting import with_commands
from dropdub.process import contain_self, identity_of, install_stop_handlers, notify_service_manager
from dropdub.root import Root
from dropdub.root_record import RootRecord
from dropdub.store import transitions
from dropdub.store.database import Store
from dropdub.store.location import database_url, sqlite_file, usable_url
from dropdub.store.owner import away_folders, refuse_away, refuse_foreign
from dropdub.store.states import Origin
from dropdub.store.views import JobView, open_reader

POLL_S = 0.5
STORE_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Summary:
    """How many jobs ended in this run, by state; `stopped`: the user or the system ended the run."""

    succeeded: int
    failed: int
    cancelled: int
    waiting: int
    stopped: bool


@dataclass(frozen=True)
class Watching:
    """How a daemon runs.

    `until_idle`: until nothing is left to do. `accept_missing`: with folders and database as they are now, even if they
    are not those of the last start. `shared_inbox`: the inbox is treated as writable by others, whatever its
    permissions are. `web`: with the web server, whatever the settings say.
    """

    until_idle: bool = False
    accept_missing: bool = False
    shared_inbox: bool = False
    web: bool = False


def open_root(path: Path, *, accept_missing: bool = False) -> tuple[Root, Config, str]:
    """Create the root's folders at `path`; return the root, its configuration and its database URL.

    Raises ConfigError; RootRefused if another root uses the database or a folder; and FolderAway if the database or
    the work folder is missing from its recorded place, unless `accept_missing`.
    """
    config = load_config(path / "config.yaml")
    root = Root.at(path, config.folders.model_dump())
    root.refuse_outputs(config.all_outputs())
    url = database_url(config.database, root)
    if sqlite_file(url) is None:
        usable_url(config.database, root)  # without its driver, the server's owner cannot be checked below
    refuse_foreign(root, url)
    record = None if accept_missing else RootRecord.load(path)
    if not accept_missing:
        refuse_away(root, url)  # before the folder is created: an unmounted disk is waited for
    url = usable_url(config.database, root)
    root.create_folders(leave=[folder for _, folder in away_folders(root, record)])
    return root, config, url


def run_daemon(path: Path, how: Watching, *, report: Callable[[str], None]) -> Summary:
    """Watch the root's inbox and process files until stopped, or until nothing is left to do.

    Waits while the database is unusable or its disk is not mounted, then resumes as after any interruption.
    Raises ConfigError, StoreError, RootRefused and RootLocked.
    """
    stopped, started = threading.Event(), threading.Event()
    report = _completing_commands(report, path)
    while True:
        accepts = how.accept_missing and not started.is_set()  # first start only: later losses are waited for
        try:
            return _watch(path, replace(how, accept_missing=accepts), report=report, started=started)
        except (StoreUnavailable, FolderAway) as error:
            report(f"{error.sentence} Retrying in {STORE_PATIENCE_S:.0f} s.")
            notify_service_manager("WATCHDOG=1")
            install_stop_handlers(stopped.set)
            if stopped.wait(STORE_PATIENCE_S):
                raise


@private_files()
def _watch(path: Path, how: Watching, *, report: Callable[[str], None], started: threading.Event) -> Summary:
    root, config, url = open_root(path, accept_missing=how.accept_missing)
    with lock.hold(root, url), _run(root, config, url, how, report=report, only=None) as supervisor:
        started.set()
        report(f"Watching {root.inbox}")
        supervisor.run(until=supervisor.idle if how.until_idle else lambda: False)
        return _summary(supervisor, url)


@private_files()
def run_files(
    path: Path,
    files: Sequence[Path],
    *,
    overrides: Mapping[str, Any],
    profile: str | None,
    report: Callable[[str], None],
    on_view: Callable[[list[JobView]], None],
) -> list[int]:
    """Process copies of `files` now and return their job ids; if a daemon is running on the root, it does the work.

    Returns early when stopped; unfinished jobs resume in the next run. Raises UsageError for missing files.
    """
    report = _completing_commands(report, path)
    root, config, url = open_root(path)
    _refuse_missing(files)
    options = config.options_for(profile, dict(overrides))
    _prepare(root, config, url, report)
    with closing(_opened(root, url)) as store:
        ids = frozenset(_record(store, file, overrides, profile) for file in files)
    watching = _Viewer(url, ids, on_view)
    while not watching.look():
        try:
            with (
                lock.hold(root, url),
                _run(root, config, url, report=report, only=ids, options=[options]) as supervisor,
            ):
                supervisor.run(until=lambda: watching.look() and supervisor.ended(ids))
                if supervisor.stopped:
                    break
        except RootLocked:
            time.sleep(POLL_S)
    watching.look()
    return sorted(ids)


def _completing_commands(report: Callable[[str], None], path: Path) -> Callable[[str], None]:
    """Return what completes the commands in a message before it is reported: with the root, wherever it is read."""
    return lambda message: report(with_commands(message, root=path))


class _Viewer:
    """Shows the current state of some jobs."""

    def __init__(self, url: str, ids: frozenset[int], on_view: Callable[[list[JobView]], None]) -> None:
        self._reader = open_reader(url)
        self._ids = [str(id_) for id_ in sorted(ids)]
        self._on_view = on_view

    def look(self) -> bool:
        """Show the jobs; return whether all of them have ended."""
        views = self._reader.find(self._ids)
        self._on_view(views)
        return all(view.finished_at is not None for view in views)


@contextmanager
def _run(
    root: Root,
    config: Config,
    url: str,
    how: Watching = Watching(),
    *,
    report: Callable[[str], None],
    only: frozenset[int] | None,
    options: Collection[JobOptions] | None = None,
) -> Iterator[Supervisor]:
    """Set up everything one run needs, and tear it down again, even if the setup fails halfway."""
    contain_self()
    _restrict_permissions(root, url)
    with ExitStack() as parts:  # every part is torn down even if another fails; last one first
        parts.callback(logs.set_up(root, config.log))
        with _unavailability_logged():
            store = _opened(root, url)
            parts.callback(store.close)
            belonging = take_root(root, url, store, accept_missing=how.accept_missing)
            sidecar_limits = sidecar_limits_of(root, config.inbox.sidecars, declared_shared=how.shared_inbox)
            serves = only is None and (how.web or config.web.enabled)
            context = Context(root, config, store, uuid.uuid4().hex, report, only, belonging, sidecar_limits, serves)
            _enter(context)
            parts.callback(logs.note, "run ended", run=context.run_id)
            parts.callback(lambda: transitions.stop_run(store, context.run_id, now=time.time()))
            wake = threading.Event()
            warm = pools_to_warm(config, options=options, serves=serves)
            supervisor = Supervisor(context, make_pools(root, config, wake.set), wake, watch=only is None, warm=warm)
            install_stop_handlers(supervisor.stop)
            yield supervisor


def _restrict_permissions(root: Root, url: str) -> None:
    """Make the work folder and database private, because an earlier version left them readable by all accounts.

    The work folder holds the texts and recordings of all users.
    """
    make_private(root.work)
    file = sqlite_file(url)
    for suffix in ("", "-wal", "-shm") if file is not None else ():
        make_private(Path(f"{file}{suffix}"))


@contextmanager
def _unavailability_logged() -> Iterator[None]:
    """Log why the database is unusable; a message on the console alone would be lost."""
    try:
        yield
    except StoreUnavailable as error:
        logs.note("database unusable", level=logging.ERROR, text=error.sentence)
        raise


def _prepare(root: Root, config: Config, url: str, report: Callable[[str], None]) -> None:
    """Link root and database, and rescue stray originals, before a job is recorded; skip this if a daemon is running.

    Otherwise, with a new database, the job could get the number of a work folder that still holds an unknown original.
    """
    with contextlib.suppress(RootLocked), lock.hold(root, url), closing(_opened(root, url)) as store:
        belonging = take_root(root, url, store)
        rescued = rescue_strays(Context(root, config, store, "", report, belonging=belonging))
        for sentence in (*belonging.notes, *rescue_sentences(rescued)):
            report(sentence)


def _opened(root: Root, url: str) -> Store:
    return Store.open(url, backups=root.backups_dir)


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
        boot_id=place_of_processes() or me.boot_id,
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
            raise UsageError(f"{file} does not exist or is not a file.")


def _record(store: Store, file: Path, overrides: Mapping[str, Any], profile: str | None) -> int:
    file = file.absolute()
    job = transitions.record_job(
        store,
        name=safe_name(file.name),
        origin=Origin.GIVEN,
        source=str(file),
        given_path=str(file),
        overrides=dict(overrides),
        profile=profile,
        now=time.time(),
    )
    return job_id(job)
