"""The real daemon sends notices when its jobs end."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from tests.acceptance.site import Site
from tests.receiver import free_port, receiving
from tests.waiting import wait_until

SECRET = "T0K3N of sixteen letters"
WRITE = """
import os, pathlib, sys
pathlib.Path(sys.argv[1]).write_text(os.environ["DROPDUB_JOB_NAME"] + " " + sys.argv[2])
"""


def logs(root: Site) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in (root.root / "work" / "logs").rglob("*.log"))


def test_job_end_is_delivered_after_receiver_was_down_and_daemon_killed(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    port, said = free_port(), tmp_path / "said by a program.txt"
    notify = {
        "webhook": {"url": f"http://127.0.0.1:{port}/T0K3N", "secret": SECRET},
        "on_success": [sys.executable, "-c", WRITE, str(said), "{state}"],
        "on_failure": [sys.executable, "-c", "raise SystemExit(1)"],
    }
    root = site(notify=notify)
    root.drop_text("Good morning.", "notes & more.txt")
    root.start()
    root.wait_for("notes & more.txt", "succeeded")
    wait_until(lambda: said.exists() and said.read_text("utf-8") != "", "the program to have run")
    assert said.read_text("utf-8") == "notes & more.txt succeeded"
    wait_until(lambda: "notification not delivered" in logs(root), "the first try")
    wait_until(lambda: "Notifications cannot be delivered" in json.dumps(root.status()), "the note in the status")
    root.kill()
    with receiving(port=port) as receiver:
        root.start()
        wait_until(lambda: receiver.taken != [], "the notice to come")
        assert root.stop() == 0
    assert {message["data"]["name"] for _, message, _ in receiver.taken} == {"notes & more.txt"}
    assert len(set(receiver.ids)) == 1
    assert "T0K3N" not in logs(root) + root.output()
    root.check()


def test_stalling_receiver_delays_neither_jobs_nor_daemon_exit(site: Callable[..., Site]) -> None:
    with receiving("stall") as receiver:
        root = site(notify={"webhook": {"url": receiver.url, "timeout": "5 min"}})
        root.start()
        for number in range(3):
            root.drop_text(f"Number {number}.", f"{number}.txt")
            root.wait_for(f"{number}.txt", "succeeded")
        assert receiver.asked == 1
        assert root.stop() == 0
    root.check()
