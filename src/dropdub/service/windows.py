"""The Task Scheduler of Windows, by `schtasks` and the XML of https://learn.microsoft.com/windows/win32/taskschd/"""

from __future__ import annotations

import codecs
import ctypes
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from dropdub.errors import ServiceError, UsageError
from dropdub.mounts import network_kind
from dropdub.pasting import command
from dropdub.process import is_administrator, windowless_python
from dropdub.service.description import Command, Registration, ServicePlan, arguments
from dropdub.service.tool import ask

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
PATH_MAX_CHARS = 260
"""Limit of `pathType` in the schema."""
CSIDL_LOCAL_APPDATA, CSIDL_PROGRAM_FILES = 0x1C, 0x26
REVIVED_EVERY = "PT5M"
"""RestartOnFailure covers only programs that cannot be started. This trigger restarts a daemon that died; if it is
running, the trigger does nothing.
"""
_TRIGGERED_SINCE = "2020-01-01T00:00:00"
_DISABLED = re.compile(r"<Settings>.*<Enabled>\s*false\s*</Enabled>.*</Settings>", re.DOTALL)


class TaskScheduler:
    """A root's task. Ending a task kills its process immediately, so the daemon is asked to stop first. While the task
    is disabled, no trigger restarts it.
    """

    kind = "scheduled task"
    guards_config = False

    def __init__(self, plan: ServicePlan) -> None:
        self._plan = plan
        self._task_name = ("/TN", f"\\Dropdub\\{plan.name}")

    @property
    def file(self) -> Path:
        """Return the file from which schtasks reads the task. It is not in the root: the service can write there, and
        could replace the file so that the administrator who installs it registers another task.
        """
        name = f"{self._plan.name}.{'boot' if self._plan.at_boot else 'logon'}.xml"
        return folder_of_definitions(for_all=self._plan.at_boot or is_administrator()) / "Dropdub" / name

    def text(self) -> str:
        return task_xml(self._plan)

    def content(self) -> bytes:
        return codecs.BOM_UTF16_LE + self.text().replace("\n", "\r\n").encode("utf-16-le")

    def install_commands(self) -> list[Command]:
        return [
            Command.of("schtasks", "/Create", *self._task_name, "/XML", str(self.file), "/F"),
            *self.start_commands(),
        ]

    def start_commands(self) -> list[Command]:
        """Return the commands that enable and start the task. They need no file: Windows has stored the task."""
        return [
            Command.of("schtasks", "/Change", *self._task_name, "/ENABLE"),
            Command.of("schtasks", "/Run", *self._task_name),
        ]

    def stop_commands(self) -> list[Command]:
        return [Command.of("schtasks", "/Change", *self._task_name, "/DISABLE")]

    def kill_commands(self) -> list[Command]:
        return [Command.attempt("schtasks", "/End", *self._task_name)]

    def unregister_commands(self) -> list[Command]:
        return [Command.of("schtasks", "/Delete", *self._task_name, "/F")]

    def cleanup_commands(self) -> list[Command]:
        return []

    def registration(self) -> Registration:
        """Query the task. Its state is in the system's language, so only whether it exists and is enabled is used."""
        answer = ask("schtasks", "/Query", *self._task_name, "/XML")
        installed = answer.code == 0
        enabled = installed and _DISABLED.search(answer.text) is None
        return Registration(installed=installed, enabled=enabled, state="enabled" if enabled else "")

    def is_installed(self) -> bool:
        """Distinguish the two kinds, which share a name, by the task's XML tags, which are in no language."""
        answer = ask("schtasks", "/Query", *self._task_name, "/XML")
        return answer.code == 0 and ("<BootTrigger>" in answer.text) == self._plan.at_boot

    def advice(self) -> list[str]:
        if self._plan.at_boot:
            reached = (*self._plan.writable, *self._plan.programs, *self._plan.read)
            shares = [str(folder) for folder in reached if network_kind(folder)]
            text = f"A task that starts with the machine cannot reach network shares: {', '.join(shares)}."
            return [f"{text} Use local folders, or install the service without --boot."] if shares else []
        again = command(self._plan.root, "service", "install", "--boot")
        return [f"It stops when you log off. To start it with the machine instead, run as administrator:\n  {again}"]


def folder_of_definitions(*, for_all: bool) -> Path:
    """Return a folder that only this account can write to, or, with `for_all`, only administrators.

    Asks Windows instead of reading environment variables: an account can set those for its elevated programs, too.
    Raises ServiceError.
    """
    if sys.platform != "win32":
        return Path.home()
    path = ctypes.create_unicode_buffer(PATH_MAX_CHARS)
    which = CSIDL_PROGRAM_FILES if for_all else CSIDL_LOCAL_APPDATA
    if ctypes.windll.shell32.SHGetFolderPathW(None, which, None, 0, path) != 0:
        raise ServiceError("Windows did not report the location of a required system folder.")
    return Path(path.value)


def task_xml(plan: ServicePlan) -> str:
    """Return the task as XML. Raises UsageError if a path is too long for it."""
    task = ET.Element("Task", {"version": "1.3", "xmlns": NAMESPACE})
    _add(task, "RegistrationInfo", Description=f"Dropdub on {plan.root}")
    _add_triggers(ET.SubElement(task, "Triggers"), plan)
    logon = "S4U" if plan.at_boot else "InteractiveToken"
    principals = ET.SubElement(task, "Principals")
    _add(principals, "Principal", UserId=plan.account, LogonType=logon, RunLevel="LeastPrivilege").set("id", "Author")
    _add_settings(task)
    actions = ET.SubElement(task, "Actions", Context="Author")
    program, arguments = _command(plan)
    _add(actions, "Exec", Command=program, Arguments=arguments, WorkingDirectory=_checked_length(str(plan.root)))
    ET.indent(task)
    return f'<?xml version="1.0" encoding="UTF-16"?>\n{ET.tostring(task, encoding="unicode")}\n'


def _add_triggers(triggers: ET.Element, plan: ServicePlan) -> None:
    if plan.at_boot:
        _add(triggers, "BootTrigger", Enabled="true", Delay="PT30S")
    else:
        _add(triggers, "LogonTrigger", Enabled="true", UserId=plan.account)
    again = ET.SubElement(triggers, "TimeTrigger")
    _add(again, "Repetition", Interval=REVIVED_EVERY, StopAtDurationEnd="false")
    ET.SubElement(again, "StartBoundary").text = _TRIGGERED_SINCE
    ET.SubElement(again, "Enabled").text = "true"


def _add_settings(task: ET.Element) -> None:
    """Run the task forever, on batteries too, one instance at a time, and visible: a hidden task cannot be stopped by
    hand. Priority 6 instead of 7, which would also give memory and disk access a low priority.
    """
    settings = _add(
        task,
        "Settings",
        MultipleInstancesPolicy="IgnoreNew",
        DisallowStartIfOnBatteries="false",
        StopIfGoingOnBatteries="false",
        AllowHardTerminate="true",
        StartWhenAvailable="true",
        RunOnlyIfNetworkAvailable="false",
        AllowStartOnDemand="true",
        Enabled="true",
        Hidden="false",
        RunOnlyIfIdle="false",
        WakeToRun="false",
        ExecutionTimeLimit="PT0S",
        Priority="6",
    )
    _add(settings, "IdleSettings", StopOnIdleEnd="false", RestartOnIdle="false")
    _add(settings, "RestartOnFailure", Interval="PT1M", Count="255")


def _add(parent: ET.Element, tag: str, **children: str) -> ET.Element:
    element = ET.SubElement(parent, tag)
    for name, text in children.items():
        ET.SubElement(element, name).text = text
    return element


def _command(plan: ServicePlan) -> tuple[str, str]:
    """Return program and arguments. Runs `dropdub.windowless` because pythonw has no standard streams."""
    given = arguments(plan, "-m", "dropdub.windowless", str(plan.log))
    return _checked_length(windowless_python()), subprocess.list2cmdline(given)


def _checked_length(path: str) -> str:
    if len(path) > PATH_MAX_CHARS:
        raise UsageError(
            f"{path} is longer than the {PATH_MAX_CHARS} characters that the Task Scheduler allows.",
            remedy="Move it to a folder with a shorter path.",
        )
    return path
