"""A worker that behaves as its argument says, its protocol written by hand: `python misbehaving_worker.py MODE`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil


def say(kind: str, **fields: Any) -> None:
    sys.stdout.write(json.dumps({"kind": kind, **fields}) + "\n")
    sys.stdout.flush()


def about(run: dict[str, Any]) -> dict[str, Any]:
    return {"step_id": run["step_id"], "token": run["token"]}


def write_result(run: dict[str, Any]) -> None:
    Path(run["payload"]["result_file"]).write_text('{"made": true}', encoding="utf-8")


SIGNALS = {"stop": "SIGSTOP", "die": "SIGSEGV", "be killed": "SIGKILL"}
"""By name: Windows lacks two of them."""
LEFT_OUT: list[str] = []
"""The engines that this worker must not import."""
PRINTED = {"print": "Loading model… 100 %\n", "endless line": "x" * 20_000_000}


def misbehave(mode: str, run: dict[str, Any]) -> None:
    """Do one step in the manner of `mode`."""
    if mode == "hang":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path(run["payload"]["result_file"]).with_name("grandchild").write_text(str(child.pid), encoding="utf-8")
        while True:
            say("heartbeat")
            time.sleep(0.05)
    elif mode in SIGNALS:
        os.kill(os.getpid(), getattr(signal, SIGNALS[mode]))
    elif mode in PRINTED:
        sys.stdout.write(PRINTED[mode])
        sys.stdout.flush()
        time.sleep(600)
    elif mode == "chatter":
        sys.stderr.write("warning: \xff\n" * 200_000 + "y" * 1_000_000)
        sys.stderr.flush()
    elif mode == "die after the result":
        write_result(run)
        os.kill(os.getpid(), signal.SIGKILL)
    elif mode == "fat":
        held = bytearray(b"x" * 300_000_000)
        time.sleep(600)
        del held
    elif mode in LONGER:
        LONGER[mode](run)
    elif mode == "stale":
        say("done", step_id=run["step_id"], token=run["token"] - 1, result={"stale": True})
        say("progress", step_id=run["step_id"], token=run["token"] - 1, share=0.9)
    elif mode == "asides":
        do_asides(run)
        return
    elif mode == "needs another":
        error = {"class": "FreshWorkerNeeded", "message": "It has loaded torch.", "remedy": ""}
        say("failed", **about(run), error=error)
        return
    elif mode == "error":
        error = {"class": "NoAudio", "message": "It has no sound track.", "remedy": "Drop another."}
        say("failed", **about(run), error=error)
        return
    say("progress", **about(run), share=0.5)
    say("done", **about(run), result={"made": True, "by": os.getpid()})


def die_importing(_run: dict[str, Any]) -> None:
    """End while an engine is imported, unless that was left out."""
    if not LEFT_OUT:
        say("occupied", what="the engine 'bad' of the package bads", imports="bad")
        sys.exit(3)


def leave_a_process(run: dict[str, Any]) -> None:
    """Start a process that belongs to nobody and keeps the standard error open; write its pid beside the result."""
    orphan = "import subprocess, sys; print(subprocess.Popen(['sleep', '600'], start_new_session=True).pid)"
    with Path(run["payload"]["result_file"]).with_name("orphan").open("wb") as file:
        subprocess.run([sys.executable, "-c", orphan], stdout=file, check=True)


def compute_in_silence(run: dict[str, Any]) -> None:
    """Compute without a message until a file called "sign" exists, as an engine does that holds Python's lock."""
    sign = Path(run["payload"]["result_file"]).with_name("sign")
    while not sign.exists():
        sum(range(10_000))


def get_on_when_told(run: dict[str, Any]) -> None:
    """Report again and again that half is done, once a file called "sign" exists."""
    sign = Path(run["payload"]["result_file"]).with_name("sign")
    while True:
        say("heartbeat")
        if sign.exists():
            say("progress", **about(run), share=0.5)
        time.sleep(0.05)


def do_asides(run: dict[str, Any]) -> None:
    """Run asides as their payload says, until one says that the main step ends; an aside can also come as a step."""
    while "does" not in run["payload"]:
        message = json.loads(sys.stdin.readline())
        if message["kind"] == "withdraw":
            say("withdrawn", **about(message))
        elif message["payload"]["does"] == "end":
            say("done", **about(run), result={"made": True, "by": os.getpid()})
            run = message
        else:
            do_aside(message, message["payload"]["does"])
    say("progress", **about(run), share=0.0)
    say("done", **about(run), result={"as aside": run["aside"]})


def do_aside(run: dict[str, Any], does: str) -> None:
    if does == "wait":
        return
    if does == "die waiting":
        os.kill(os.getpid(), signal.SIGKILL)
    say("progress", **about(run), share=0.0)
    if does == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if does == "need another":
        say("failed", **about(run), error={"class": "FreshWorkerNeeded", "message": "Not loaded.", "remedy": ""})
        return
    if does == "nest":
        within = json.loads(sys.stdin.readline())
        do_aside(within, within["payload"]["does"])
    while does in ("hang", "hang to die") and not Path(run["payload"]["result_file"]).with_name("sign").exists():
        say("heartbeat")
        time.sleep(0.05)
    if does == "hang to die":
        os.kill(os.getpid(), signal.SIGKILL)
    say("piece", **about(run), number=0)
    say("done", **about(run), result={"as aside": True})


LONGER = {
    "leave a process": leave_a_process,
    "compute in silence": compute_in_silence,
    "slow": get_on_when_told,
    "die importing in a step": die_importing,
}


def main(mode: str) -> None:
    start = json.loads(sys.stdin.readline())
    if mode == "needs another" and not start["preload"]:
        mode = "obey"  # the library in the way was preloaded
    if mode == "die at start":
        sys.exit(3)
    LEFT_OUT.extend(start["left_out"])
    if mode == "die importing" and not start["left_out"]:
        say("occupied", what="the engine 'bad' of the package bads", imports="bad")
        sys.exit(3)
    if mode == "die loading":
        say("occupied", what="the engine 'bad' of the package bads", imports="")
        sys.exit(3)
    if mode == "never ready":
        time.sleep(600)
    if mode == "print at start":
        sys.stdout.write("Welcome to a library!\n")
    say("ready", pid=os.getpid(), started=psutil.Process().create_time(), seconds=0.0, memory=1)
    for line in sys.stdin:
        misbehave(mode, json.loads(line))


if __name__ == "__main__":
    main(sys.argv[1])
