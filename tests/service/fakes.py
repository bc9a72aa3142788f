"""`fakes.py schtasks|systemctl|loginctl|launchctl ARGUMENTS`: what these programs do with a service, done for real.

Definitions are read as the systems read them, and processes are started and ended for real; only the systems behind
the programs are missing. What they remember is in $FAKE_SERVICES; each call is a line of its `calls`.
"""

from __future__ import annotations

import contextlib
import json
import os
import plistlib
import re
import shlex
import signal
import socket
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

TASKS = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
END_WITHIN_S = 20


class FakeSystem:
    """What one of the systems remembers about the services that it knows, by name."""

    def __init__(self) -> None:
        self.folder = Path(os.environ["FAKE_SERVICES"])

    def answer(self, question: str, text: str) -> None:
        """Let the programs answer with a text: `away` is what systemctl refuses with, `linger` what loginctl shows."""
        (self.folder / question).write_text(text, "utf-8")

    def answer_to(self, question: str, usual: str = "") -> str:
        file = self.folder / question
        return file.read_text("utf-8") if file.exists() else usual

    def known(self, name: str) -> dict[str, object] | None:
        file = self._file(name)
        return dict(json.loads(file.read_text("utf-8"))) if file.exists() else None

    def learn(self, name: str, **values: object) -> None:
        self._file(name).write_text(json.dumps({**(self.known(name) or {}), **values}), "utf-8")

    def forget(self, name: str) -> None:
        self._file(name).unlink()

    def run(self, name: str, command: list[str], folder: str, **environment: str) -> None:
        with (self.folder / "daemon.out").open("ab") as out:
            process = subprocess.Popen(
                command, cwd=folder, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=out,
                stderr=out, start_new_session=True,
            )  # fmt: skip
        self.learn(name, pid=process.pid)

    def end(self, name: str, number: signal.Signals) -> None:
        pid = (self.known(name) or {}).get("pid")
        if isinstance(pid, int):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
                wait_gone(pid)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name.replace(chr(92), '_').replace('/', '_')}.json"


def wait_gone(pid: int) -> None:
    from dropdub.process import is_alive
    from tests.waiting import wait_until

    wait_until(lambda: not is_alive(pid), f"process {pid} to be gone", timeout_s=END_WITHIN_S)


def fake_schtasks(system: FakeSystem, verb: str, *arguments: str) -> int:
    name = arguments[arguments.index("/TN") + 1]
    if verb == "/Create":
        text = Path(arguments[arguments.index("/XML") + 1]).read_text("utf-16")
        system.learn(name, xml=text, enabled=True)
        return 0
    task = system.known(name)
    if task is None:
        print("FEHLER: Das System kann die angegebene Datei nicht finden.")
        return 1
    if verb == "/Query":
        print(str(task["xml"]).replace("<Enabled>true", f"<Enabled>{str(task['enabled']).lower()}"))
    elif verb == "/Change":
        system.learn(name, enabled="/ENABLE" in arguments)
    elif verb == "/Run":
        action = ET.fromstring(str(task["xml"]).partition("?>")[2])
        program, given, folder = (action.findtext(f".//{TASKS}{tag}") or "" for tag in TAGS)
        system.run(name, [program, *windows_words(given)], folder)
    elif verb == "/End":
        system.end(name, signal.SIGKILL)
    elif verb == "/Delete":
        system.forget(name)
    return 0


TAGS = ("Command", "Arguments", "WorkingDirectory")


def windows_words(line: str) -> list[str]:
    """Split a command line in which no quote is escaped."""
    return [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', line)]


def fake_systemctl(system: FakeSystem, *arguments: str) -> int:
    words = [argument for argument in arguments if argument != "--user"]
    if system.answer_to("away"):
        print(system.answer_to("away"))
        return 1
    unit = words[-1]
    if words[:2] == ["enable", "--now"]:
        system.learn(unit, enabled=True)
        return start_unit(system, unit)
    if words[:2] == ["disable", "--now"]:
        system.learn(unit, enabled=False)
        system.end(unit, signal.SIGTERM)
    elif words[0] == "kill":
        system.end(unit, signal.SIGKILL)
    elif words[0] == "show":
        print(f"ActiveState=active\nUnitFileState={'enabled' if (system.known(unit) or {}).get('enabled') else ''}")
    return 0


def start_unit(system: FakeSystem, unit: str) -> int:
    """Start what ExecStart names, and wait for READY=1 as `Type=notify` does."""
    from dropdub.process import is_alive

    text = (Path(os.environ["XDG_CONFIG_HOME"]) / "systemd" / "user" / unit).read_text("utf-8")
    settings = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    command = [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(settings["ExecStart"])]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(system.folder / "notify"))
        heard.settimeout(0.2)
        folder = settings["WorkingDirectory"].replace("%%", "%")
        system.run(unit, command, folder, NOTIFY_SOCKET=str(system.folder / "notify"))
        pid = (system.known(unit) or {})["pid"]
        said: list[bytes] = []
        while b"READY=1" not in said and isinstance(pid, int) and is_alive(pid):
            with contextlib.suppress(TimeoutError):
                said = heard.recv(4096).splitlines()
    (system.folder / "notify").unlink()
    if b"READY=1" in said:
        return 0
    print(f"Job for {unit} failed because the control process exited with error code.")
    return 1


def fake_loginctl(system: FakeSystem, *_arguments: str) -> int:
    print(system.answer_to("linger", "no"))
    return 0


def fake_launchctl(system: FakeSystem, verb: str, *arguments: str) -> int:
    if verb == "bootstrap":
        job = plistlib.loads(Path(arguments[1]).read_bytes())
        target = f"{arguments[0]}/{job['Label']}"
        system.learn(target, loaded=True)
        system.run(target, job["ProgramArguments"], job["WorkingDirectory"])
        return 0
    loaded = bool((system.known(arguments[-1]) or {}).get("loaded"))
    if verb == "bootout":
        system.end(arguments[-1], signal.SIGTERM)
        system.learn(arguments[-1], loaded=False)
    return 0 if loaded or verb in ("enable", "disable", "kill") else 113


if __name__ == "__main__":
    named, *given = sys.argv[1:]
    fake = FakeSystem()
    with (fake.folder / "calls").open("a", encoding="utf-8") as calls:
        calls.write(" ".join([named, *given]) + "\n")
    sys.exit(globals()[f"fake_{named}"](fake, *given))
