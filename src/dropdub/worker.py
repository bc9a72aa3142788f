"""A pool's child: `python -m dropdub.worker POOL`. Loads its engine once, then runs steps until its input ends."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

from dropdub.config import JobOptions, Limits, Split
from dropdub.engines.base import EngineSettings
from dropdub.engines.registry import Shelf
from dropdub.errors import AccessDenied, DiskFull, DropdubError, OutOfMemory, unforeseen
from dropdub.failpoints import reach, set_role
from dropdub.files.durable import write_whole
from dropdub.files.privacy import keep_private
from dropdub.files.removal import remove_tree
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.task import Result, Task
from dropdub.pool.messages import (
    Done,
    Failed,
    Heartbeat,
    Log,
    Progress,
    ProtocolError,
    Ready,
    Run,
    Start,
    Up,
    decode_down,
    encode,
)
from dropdub.process import (
    end_self_and_children,
    identity_of,
    never_search_current_folder,
    temporary_files_in,
    tree_memory,
)
from dropdub.stages import stage_named

HEARTBEAT_S = 2.0
_logger = logging.getLogger("dropdub")


class Line:
    """The way up to the supervisor: whole lines, from any thread."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def say(self, message: Up) -> None:
        """Send one message; without a supervisor to hear it, this process ends."""
        line = encode(message)
        try:
            with self._lock:
                self._pipe.write(line)
                self._pipe.flush()
        except OSError:
            end()


class _Upward(logging.Handler):
    """Sends Dropdub's own log records to the supervisor."""

    def __init__(self, line: Line) -> None:
        super().__init__(logging.INFO)
        self._line = line

    def emit(self, record: logging.LogRecord) -> None:
        self._line.say(Log(record.levelname.lower(), self.format(record)))


def main(pool: str) -> None:
    """Serve one pool until standard input ends."""
    keep_private()
    never_search_current_folder()
    set_role("worker")
    began = time.monotonic()
    line = Line(_own_output())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole console; the supervisor decides
    _logger.addHandler(_Upward(line))
    _logger.setLevel(logging.INFO)
    steps: queue.SimpleQueue[Run] = queue.SimpleQueue()
    start = _first(sys.stdin.buffer)
    threading.Thread(target=_listen, args=(sys.stdin.buffer, steps), name="listener", daemon=True).start()
    threading.Thread(target=_beat, args=(line,), name="heartbeat", daemon=True).start()
    shelf, cache = _get_ready(start)
    me = identity_of()
    assert me is not None
    line.say(Ready(me.pid, me.started, time.monotonic() - began, tree_memory(me.pid)))
    _logger.debug("serving %s", pool)
    while True:
        serve(steps.get(), shelf, cache, line)


def serve(run: Run, shelf: Shelf, cache: Cache, line: Line) -> None:
    """Run one step, write its result to disk, and only then tell of it."""
    try:
        result = _result(run, shelf, cache, line)
        write_whole(Path(run.payload["result_file"]), json.dumps(result, ensure_ascii=False).encode())
        reach("result-written")
        outcome: Up = Done(run.step_id, run.token, result)
    except DropdubError as error:
        outcome = Failed(run.step_id, run.token, error.to_dict())
    except Exception as error:  # the loop's boundary: turned into an outcome
        outcome = Failed(run.step_id, run.token, _foreseen(error).to_dict())
    with contextlib.suppress(OSError):  # the supervisor sweeps what cannot be removed now
        remove_tree(Path(run.payload["scratch"]))
    line.say(outcome)


def end() -> None:
    """End this process with all its children, now: native libraries may crash on their way out."""
    with contextlib.suppress(OSError):
        end_self_and_children()
    os._exit(0)


def _result(run: Run, shelf: Shelf, cache: Cache, line: Line) -> Result:
    began = time.monotonic()
    if run.payload.get("refusal"):
        raise DropdubError.from_dict(run.payload["refusal"])
    task = _task(run, shelf, cache, line)
    with temporary_files_in(task.scratch):
        reach(f"run.{task.job_id}.{task.key}.begin")
        reach(f"stage.{task.stage}")
        shelf.begin(squeeze=int(run.payload.get("out_of_memory", 0)))
        result = stage_named(task.stage)(task)
        reach(f"run.{task.job_id}.{task.key}.end")
    told = list(dict.fromkeys([*result.get("warnings", ()), *shelf.notices()]))
    return {**result, "warnings": told, "seconds": round(time.monotonic() - began, 3)}


def _task(run: Run, shelf: Shelf, cache: Cache, line: Line) -> Task:
    given: dict[str, Any] = run.payload
    for folder in (Path(given["scratch"]), Path(given["result_file"]).parent):
        folder.mkdir(parents=True, exist_ok=True)
    return Task(
        key=given["key"],
        stage=given["stage"],
        target=given["target"],
        params=given["params"],
        token=run.token,
        job_id=given["job_id"],
        job_name=given["job_name"],
        kind=given["kind"],
        source=Path(given["source"]),
        job_dir=Path(given["job_dir"]),
        scratch=Path(given["scratch"]),
        voices=Path(given["voices"]),
        options=JobOptions.model_validate(given["options"]),
        limits=Limits.model_validate(given["limits"]),
        split=Split.model_validate(given["split"]),
        facts=Facts(given["facts"]),
        engines=shelf,
        cache=cache,
        deadline_s=run.deadline_s,
        staging=_path(given.get("staging")),
        allowed=_path(given.get("allowed")),
        companion=_path(given.get("companion")),
        before=_path(given.get("before")),
        before_sha256=given.get("before_sha256"),
        progress=lambda share: line.say(Progress(run.step_id, run.token, float(share))),
        log=lambda text: line.say(Log("info", text, run.step_id)),
    )


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _get_ready(start: Start) -> tuple[Shelf, Cache]:
    shelf = Shelf(settings=_engine_settings(start), light_instead=start.models.get("fallback") == "light")
    if start.preload and len(start.engines) == 2:
        try:
            shelf.preload(*start.engines)
        except DropdubError as error:  # the step that needs it will say so
            _logger.warning("not loaded ahead: %s", error.message)
    directory = Path(start.cache_dir) if start.cache_dir else None
    return shelf, Cache(directory, max_bytes=start.cache_max_bytes)


def _engine_settings(start: Start) -> EngineSettings:
    given = start.models
    return EngineSettings(
        models_dir=Path(given.get("dir", "models")),
        models=given.get("use", {}),
        device=given.get("device", "auto"),
        compute_type=given.get("compute_type", "auto"),
        threads=start.threads,
        allow_smaller=given.get("allow_smaller", False),
        state_dir=Path(given["state_dir"]) if "state_dir" in given else None,
    )


def _foreseen(error: Exception) -> DropdubError:
    """Return the error of ours for one that a library raised."""
    if isinstance(error, MemoryError):
        return OutOfMemory("There was not enough memory for this step.")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull("The disk is full.")
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return AccessDenied(f"{error.filename or 'A file'} cannot be used: {error.strerror}.")
    _logger.error("unforeseen error", exc_info=error)
    return unforeseen(error)


def _own_output() -> IO[bytes]:
    """Take standard output for the protocol alone: what libraries print goes to standard error."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return pipe


def _first(pipe: IO[bytes]) -> Start:
    message = decode_down(pipe.readline() or b"null")
    if not isinstance(message, Start):
        raise ProtocolError("The first message must be a start.")
    return message


def _listen(pipe: IO[bytes], steps: queue.SimpleQueue[Run]) -> None:
    while line := pipe.readline():
        message = decode_down(line)
        if isinstance(message, Run):
            steps.put(message)
    end()


def _beat(line: Line) -> None:
    while True:
        time.sleep(HEARTBEAT_S)
        line.say(Heartbeat())


if __name__ == "__main__":
    main(sys.argv[1])
