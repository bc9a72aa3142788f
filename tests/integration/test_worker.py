"""The real worker process, driven by hand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from dropdub.config import JobOptions, Limits, Split
from dropdub.pool.messages import Done, Failed, Heartbeat, Log, Ready, Run, Start, Up, decode_up, encode
from dropdub.process import kill_tree
from tests.waiting import wait_until


class ByHand:
    """A worker, and the messages to it and from it."""

    def __init__(self, folder: Path, script: Path | None, environment: dict[str, str]) -> None:
        self.folder = folder
        program = [str(script)] if script else ["-m", "dropdub.worker"]
        self.process = subprocess.Popen(
            [sys.executable, *program, "media"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        self.say(Start(preload=True, cache_dir=str(folder / "cache"), cache_max_bytes=10_000_000))

    def say(self, message: Start | Run) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(encode(message))
        self.process.stdin.flush()

    def hear(self, *kinds: type[Up]) -> Any:
        """Return the next message of these kinds."""
        assert self.process.stdout is not None
        while line := self.process.stdout.readline():
            message = decode_up(line)
            if isinstance(message, kinds):
                return message
        raise AssertionError(f"the worker ended with {self.process.wait()} instead of saying {kinds}")

    def run(self, stage: str, source: Path, *, facts: dict[str, Any] | None = None) -> Path:
        """Let it do a step; return the path of its result."""
        job_dir = self.folder / "work" / "1"
        result = job_dir / "results" / f"{stage}.1.json"
        payload = {
            "key": stage,
            "stage": stage,
            "target": None,
            "params": {},
            "job_id": 1,
            "job_name": source.name,
            "kind": "media",
            "source": str(source),
            "job_dir": str(job_dir),
            "scratch": str(job_dir / "tmp" / f"{stage}.1"),
            "result_file": str(result),
            "staging": str(self.folder / "staging"),
            "voices": str(self.folder / "voices"),
            "options": JobOptions().model_dump(mode="json"),
            "limits": Limits().model_dump(mode="json"),
            "split": Split().model_dump(mode="json"),
            "facts": facts or {},
        }
        self.say(Run(1, 1, 60.0, payload))
        return result

    def end(self) -> None:
        with self.process:
            kill_tree(self.process.pid)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Callable[..., ByHand]]:
    made: list[ByHand] = []

    def make(*, script: Path | None = None, **environment: str) -> ByHand:
        made.append(ByHand(tmp_path, script, environment))
        return made[-1]

    yield make
    for old in made:
        old.end()


def test_worker_gets_ready_runs_step_and_writes_result_before_reporting_it(
    worker: Callable[..., ByHand], speech: Path
) -> None:
    one = worker()
    ready = one.hear(Ready)
    assert ready.pid == one.process.pid and ready.memory > 1_000_000
    result_file = one.run("probe", speech)
    done = one.hear(Done, Failed)
    assert isinstance(done, Done), done
    assert done.result["kind"] == "media"
    assert json.loads(result_file.read_text(encoding="utf-8")) == done.result
    assert not list((one.folder / "work" / "1").glob("tmp/*"))


IMPORTS = """
import sys
from pathlib import Path

def note(event, arguments):
    if event == "import":
        with Path(sys.argv[0]).with_suffix(".imports").open("a", encoding="utf-8") as file:
            file.write(f"{arguments[0]}\\n")

sys.addaudithook(note)
from dropdub import worker
worker.main("media")
"""


def test_probe_is_imported_before_its_time_counts(worker: Callable[..., ByHand], tmp_path: Path, speech: Path) -> None:
    script = tmp_path / "imports.py"
    script.write_text(IMPORTS, encoding="utf-8")
    one = worker(script=script)
    one.hear(Ready)
    before = set(script.with_suffix(".imports").read_text("utf-8").splitlines())
    one.run("probe", speech)
    assert isinstance(one.hear(Done, Failed), Done)
    later = set(script.with_suffix(".imports").read_text("utf-8").splitlines()) - before
    assert [name for name in later if name.startswith("dropdub")] == []


def test_worker_sends_heartbeats(worker: Callable[..., ByHand]) -> None:
    one = worker()
    one.hear(Ready)
    assert one.hear(Heartbeat) == Heartbeat()


def test_stage_error_is_passed_on_with_message_and_remedy_and_worker_continues(
    worker: Callable[..., ByHand], tmp_path: Path, speech: Path
) -> None:
    empty = tmp_path / "empty.mp3"
    empty.touch()
    one = worker()
    one.run("probe", empty)
    failed = one.hear(Failed, Done)
    assert failed.error["class"] == "EmptyFile" and failed.error["remedy"]
    one.run("probe", speech)
    assert isinstance(one.hear(Failed, Done), Done)


@pytest.mark.parametrize(("way", "said"), [("full", "DiskFull"), ("denied", "AccessDenied")])
def test_system_errors_become_dropdub_errors(worker: Callable[..., ByHand], speech: Path, way: str, said: str) -> None:
    one = worker(DROPDUB_FAILPOINTS=f"stage.probe={way}")
    one.run("probe", speech)
    assert one.hear(Failed, Done).error["class"] == said


def test_unexpected_error_is_reported_and_logged(worker: Callable[..., ByHand], speech: Path) -> None:
    one = worker()
    one.run("extract", speech)  # without the facts of a probe
    shown = one.hear(Log)
    assert "unexpected error" in shown.text and "FactsMissing" in shown.text
    assert one.hear(Failed).error["class"] == "UnexpectedError"


NOISY = """
import os
from dropdub import worker

known = worker.stage_named

def noisy(name):
    print("printed in a step", flush=True)
    os.write(1, b"written in a step by a native library\\n")
    return known(name)

worker.stage_named = noisy
worker.main("media")
"""


ODD = """
from dropdub import worker

class Odd(Exception):
    def __str__(self):
        raise RuntimeError("I cannot be shown")

def odd(task):
    if task.job_name == "result.txt":
        return {"what": object()}
    raise Odd(lambda: "nobody can send this")

worker.stage_named = lambda name: odd
worker.main("media")
"""


@pytest.mark.parametrize("name", ["result.txt", "error.txt"])
def test_results_and_errors_that_cannot_be_sent_become_an_error_that_can(
    worker: Callable[..., ByHand], tmp_path: Path, name: str
) -> None:
    script = tmp_path / "odd.py"
    script.write_text(ODD, encoding="utf-8")
    one = worker(script=script)
    one.run("probe", tmp_path / name)
    assert one.hear(Failed, Done).error["class"] == "UnexpectedError"
    one.run("probe", tmp_path / name)
    assert isinstance(one.hear(Failed, Done), Failed), "it did not continue"


def test_output_of_libraries_does_no_harm(worker: Callable[..., ByHand], tmp_path: Path, speech: Path) -> None:
    script = tmp_path / "noisy.py"
    script.write_text(NOISY, encoding="utf-8")
    one = worker(script=script)
    one.run("probe", speech)
    assert isinstance(one.hear(Done, Failed), Done)


def test_worker_without_its_supervisor_ends_at_once_even_during_a_step(
    worker: Callable[..., ByHand], tmp_path: Path, speech: Path
) -> None:
    hung = tmp_path / "hung"
    one = worker(DROPDUB_FAILPOINTS=f"stage.probe=hang@{hung}")
    one.run("probe", speech)
    wait_until(hung.exists, "the step to be under way")
    assert one.process.stdin is not None
    one.process.stdin.close()
    wait_until(lambda: not alive(one.process), "the worker to be gone")


def alive(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is None


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_ctrl_c_in_the_console_does_not_reach_the_worker(worker: Callable[..., ByHand], speech: Path) -> None:
    one = worker()
    one.hear(Ready)
    one.process.send_signal(signal.SIGINT)
    one.run("probe", speech)
    assert isinstance(one.hear(Done, Failed), Done)
    assert psutil.Process(one.process.pid).is_running()
