"""A worker process: `python -m dropdub.worker POOL` loads its engine once, then runs steps until its input ends."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import IO, Protocol

from dropdub.engines.base import EngineSettings
from dropdub.engines.registry import EngineRegistry
from dropdub.errors import AccessDenied, DiskFull, DropdubError, OutOfMemory, unforeseen
from dropdub.failpoints import reach, set_role
from dropdub.files.durable import write_whole
from dropdub.files.privacy import keep_private
from dropdub.files.removal import remove_tree
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.task import Result, Task, task_of
from dropdub.pool.messages import (
    Done,
    Failed,
    Heartbeat,
    Log,
    Occupied,
    Piece,
    Progress,
    ProtocolError,
    Ready,
    Run,
    Start,
    Up,
    Uses,
    Withdraw,
    Withdrawn,
    decode_down,
    encode,
)
from dropdub.pool.received import Asides, Received
from dropdub.pool.workload import MOST_ASIDES
from dropdub.process import (
    end_self_and_children,
    identity_of,
    reserved_output,
    temporary_files_in,
    tree_memory,
)
from dropdub.program_search import never_search_current_folder
from dropdub.stage_table import ADMIT_ASIDES, RUN_ASIDE, STAGES
from dropdub.stages import stage_named

HEARTBEAT_S = 2.0
PROGRESS_S = 0.25
"""Shortest interval between two reports of progress: a subtitle has thousands of short lines, and each report costs the
supervisor a fifth of a millisecond.
"""
_logger = logging.getLogger("dropdub")


class Engines(Protocol):
    """Returns a context in which one step uses the registry: `EngineRegistry.step`, or `aside`."""

    def __call__(
        self, *, memory_failures: int, report_use: Callable[[str], None]
    ) -> AbstractContextManager[EngineRegistry]: ...


class LineWriter:
    """Thread-safe writer of message lines to the supervisor."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def send(self, message: Up) -> None:
        """Send one message; end this process if the supervisor is gone."""
        line = encode(message)
        try:
            with self._lock:
                self._pipe.write(line)
                self._pipe.flush()
        except OSError:
            end()


class ProgressReports:
    """Reports the progress of one step, but not every time."""

    def __init__(self, writer: LineWriter, run: Run) -> None:
        self._writer = writer
        self._run = run
        self._next = 0.0

    def report(self, share: float) -> None:
        """Send the completed share, 0 to 1, unless another one was sent just before."""
        now = time.monotonic()
        if now >= self._next or share >= 1.0:
            self._next = now + PROGRESS_S
            self._writer.send(Progress(self._run.step_id, self._run.token, float(share)))


class _SupervisorHandler(logging.Handler):
    """Sends Dropdub's own log records to the supervisor."""

    def __init__(self, writer: LineWriter) -> None:
        super().__init__(logging.INFO)
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        self._writer.send(Log(record.levelname.lower(), self.format(record)))


def main(pool: str) -> None:
    """Run steps of one pool until standard input ends."""
    keep_private()
    never_search_current_folder()
    set_role("worker")
    began = time.monotonic()
    writer = LineWriter(reserved_output())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole console; the supervisor decides
    _logger.addHandler(_SupervisorHandler(writer))
    _logger.setLevel(logging.INFO)
    received = Received()
    start = _read_start(sys.stdin.buffer)
    threading.Thread(target=_listen, args=(sys.stdin.buffer, received, writer), name="listener", daemon=True).start()
    threading.Thread(target=_beat, args=(writer,), name="heartbeat", daemon=True).start()
    _import_stages(pool)
    registry, cache = _get_ready(start, writer)
    me = identity_of()
    assert me is not None
    writer.send(Ready(me.pid, me.started, time.monotonic() - began, tree_memory(me.pid)))
    _logger.debug("serving %s", pool)
    while True:
        serve(received.next(), registry, cache, writer, received)


def serve(
    run: Run, registry: EngineRegistry, cache: Cache, writer: LineWriter, received: Received | None = None
) -> None:
    """Run one step, write its result to disk, and only then report it.

    Between two pieces of the step, asides among the `received` steps are run in the same way, if its stage admits them;
    and others between two pieces of those.
    """

    def asides(within: Run, depth: int) -> Asides | None:
        def run_aside(aside: Run) -> None:
            _serve(aside, registry.aside, cache, writer, asides(aside, depth - 1))

        admits = depth > 0 and within.payload.get("stage") in ADMIT_ASIDES
        return Asides(received, within, run_aside) if received is not None and admits else None

    _serve(run, registry.step, cache, writer, asides(run, MOST_ASIDES))


def _serve(run: Run, engines: Engines, cache: Cache, writer: LineWriter, asides: Asides | None) -> None:
    """Run a step, with `asides` between its pieces, or an aside. Raises nothing: any error is its outcome."""
    if run.aside:
        writer.send(Progress(run.step_id, run.token, 0.0))
    try:
        result = _result(run, engines, cache, writer, asides)
        # What a client waits for is cached, and repeated after a power cut: no flush keeps the next client waiting.
        is_lasting = run.payload["stage"] not in RUN_ASIDE
        written = json.dumps(result, ensure_ascii=False).encode()
        write_whole(Path(run.payload["result_file"]), written, durable=is_lasting)
        reach("result-written")
        outcome: Up = Done(run.step_id, run.token, result)
    except DropdubError as error:
        outcome = Failed(run.step_id, run.token, error.to_dict())
    except Exception as error:  # worker loop boundary: reported as an outcome
        outcome = Failed(run.step_id, run.token, _as_dropdub_error(error).to_dict())
    with contextlib.suppress(OSError):  # the supervisor sweeps what cannot be removed now
        remove_tree(Path(run.payload["scratch"]))
    writer.send(outcome)


def end() -> None:
    """Kill this process and its children immediately, because native libraries may crash in a regular exit."""
    with contextlib.suppress(OSError):
        end_self_and_children()
    os._exit(0)


def _result(run: Run, engines: Engines, cache: Cache, writer: LineWriter, asides: Asides | None) -> Result:
    began = time.monotonic()
    if run.payload.get("refusal"):
        raise DropdubError.from_dict(run.payload["refusal"])

    def report_use(what: str) -> None:
        writer.send(Uses(run.step_id, run.token, what))

    with engines(memory_failures=int(run.payload.get("out_of_memory", 0)), report_use=report_use) as registry:
        task = _task(run, registry, cache, writer, asides)
        with temporary_files_in(task.scratch):
            reach(f"run.{task.job_id}.{task.key}.begin")
            reach(f"stage.{task.stage}")
            result = stage_named(task.stage)(task)
            reach(f"run.{task.job_id}.{task.key}.end")
        warnings = list(dict.fromkeys([*result.get("warnings", ()), *registry.notices()]))
    seconds = time.monotonic() - began - (asides.taken_s if asides else 0.0)
    return {**result, "warnings": warnings, "seconds": round(seconds, 3)}


def _task(run: Run, registry: EngineRegistry, cache: Cache, writer: LineWriter, asides: Asides | None) -> Task:
    report = ProgressReports(writer, run).report

    def run_asides() -> None:
        if asides is not None:
            asides.run_waiting()

    def progress(share: float) -> None:
        report(share)
        run_asides()

    task = task_of(
        run.payload,
        token=run.token,
        deadline_s=run.deadline_s,
        engines=registry,
        cache=cache,
        progress=progress,
        report_piece=lambda number: writer.send(Piece(run.step_id, run.token, number)),
        log=lambda text: writer.send(Log("info", text, run.step_id)),
    )
    for folder in filter(None, (task.scratch, Path(run.payload["result_file"]).parent, task.results)):
        folder.mkdir(parents=True, exist_ok=True)
    return replace(task, run_asides=run_asides)


def _import_stages(pool: str) -> None:
    """Import the stages that are not tried again if they are late: the time of a cold disk must not count."""
    for stage in STAGES.values():
        if stage.pool == pool and stage.final_when_late:
            stage_named(stage.name)


def _get_ready(start: Start, writer: LineWriter) -> tuple[EngineRegistry, Cache]:
    settings = EngineSettings.of_json(start.models, threads=start.threads)
    registry = EngineRegistry(
        settings=settings,
        fallback=start.models.get("fallback") == "any",
        left_out=start.left_out,
        report_import=lambda engine, what: writer.send(Occupied(what, engine)),
    )
    if start.preload and len(start.engines) == 2:
        try:
            with registry.step(report_use=lambda what: writer.send(Occupied(what))):
                registry.preload(*start.engines)
        except DropdubError as error:  # the step that needs the engine reports the error
            _logger.warning("engine not preloaded: %s", error.message)
        writer.send(Occupied())
    directory = Path(start.cache_dir) if start.cache_dir else None
    return registry, Cache(directory, max_bytes=start.cache_max_bytes)


def _as_dropdub_error(error: Exception) -> DropdubError:
    """Return the DropdubError for an exception raised by a library; log unexpected ones."""
    if isinstance(error, MemoryError):
        return OutOfMemory("There was not enough memory for this step.")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull("The disk is full.")
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return AccessDenied(f"{error.filename or 'A file'} cannot be accessed: {error.strerror}.")
    _logger.error("unexpected error", exc_info=error)
    return unforeseen(error)


def _read_start(pipe: IO[bytes]) -> Start:
    message = decode_down(pipe.readline() or b"null")
    if not isinstance(message, Start):
        raise ProtocolError("The first message must be `start`.")
    return message


def _listen(pipe: IO[bytes], received: Received, writer: LineWriter) -> None:
    while line := pipe.readline():
        message = decode_down(line)
        if isinstance(message, Run):
            received.add(message)
        elif isinstance(message, Withdraw) and received.withdraw(message):
            writer.send(Withdrawn(message.step_id, message.token))
    end()


def _beat(writer: LineWriter) -> None:
    while True:
        time.sleep(HEARTBEAT_S)
        writer.send(Heartbeat())


if __name__ == "__main__":
    main(sys.argv[1])
