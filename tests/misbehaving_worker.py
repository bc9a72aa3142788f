"""A worker that does what its argument says, spoken by hand: `python misbehaving_worker.py MODE`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def say(kind: str, **fields: Any) -> None:
    sys.stdout.write(json.dumps({"kind": kind, **fields}) + "\n")
    sys.stdout.flush()


def about(run: dict[str, Any]) -> dict[str, Any]:
    return {"step_id": run["step_id"], "token": run["token"]}


def write_result(run: dict[str, Any]) -> None:
    Path(run["payload"]["result_file"]).write_text('{"made": true}', encoding="utf-8")


def note_child(run: dict[str, Any]) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(run["payload"]["result_file"]).with_name("grandchild").write_text(str(child.pid), encoding="utf-8")


def escape(run: dict[str, Any]) -> None:
    """Leave a process behind that nobody can trace, with the pipes open."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            Path(run["payload"]["result_file"]).with_name("escaped").write_text(str(os.getpid()), encoding="utf-8")
            time.sleep(600)
        os._exit(0)


def misbehave(mode: str, run: dict[str, Any]) -> None:
    """Do one step in the way of `mode`."""
    if mode == "hang":
        note_child(run)
        while True:
            say("heartbeat")
            time.sleep(0.05)
    elif mode == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif mode == "print":
        sys.stdout.write("Loading model… 100 %\n")
        sys.stdout.flush()
        time.sleep(600)
    elif mode == "endless line":
        sys.stdout.write("x" * 20_000_000)
        sys.stdout.flush()
        time.sleep(600)
    elif mode == "chatter":
        sys.stderr.write("warning: \xff\n" * 200_000 + "y" * 1_000_000)
        sys.stderr.flush()
    elif mode == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif mode == "die after the result":
        write_result(run)
        os.kill(os.getpid(), signal.SIGKILL)
    elif mode == "fat":
        held = bytearray(b"x" * 300_000_000)
        time.sleep(600)
        del held
    elif mode == "escape":
        escape(run)
        time.sleep(600)
    elif mode == "flood":
        while True:
            sys.stdout.write(json.dumps({"kind": "progress", **about(run), "share": 0.1}) + "\n")
    elif mode == "die in a line":
        sys.stdout.write('{"kind": "progress", "step_id"')
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    elif mode == "die with a child":
        note_child(run)
        os.kill(os.getpid(), signal.SIGKILL)
    elif mode == "stop after it" and run["step_id"] == 1:
        say("done", **about(run), result={"made": True})
        os.kill(os.getpid(), signal.SIGSTOP)
    elif mode == "stale":
        say("done", step_id=run["step_id"], token=run["token"] - 1, result={"stale": True})
        say("progress", step_id=run["step_id"], token=run["token"] - 1, share=0.9)
    elif mode == "error":
        error = {"class": "NoAudio", "message": "It has no sound track.", "remedy": "Drop another."}
        say("failed", **about(run), error=error)
        return
    say("progress", **about(run), share=0.5)
    say("done", **about(run), result={"made": True, "by": os.getpid()})


def main(mode: str) -> None:
    sys.stdin.readline()
    if mode == "die at start":
        sys.exit(3)
    if mode == "never ready":
        time.sleep(600)
    if mode == "print at start":
        sys.stdout.write("Welcome to a library!\n")
    say("ready", pid=os.getpid(), started=12.5, seconds=0.0, memory=1)
    if mode == "die when ready":
        os._exit(5)
    for line in sys.stdin:
        misbehave(mode, json.loads(line))


if __name__ == "__main__":
    main(sys.argv[1])
