"""Check that the files of the text monitor can be read, and that their lines can be played or saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dropdub.config.monitor import MonitoredFile
from dropdub.daemon.monitor.playing import NO_PLAYER, find_player
from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, ok, problem, warning
from dropdub.doctor.folders import refusal
from dropdub.files.durable import is_folder, may_exist
from dropdub.files.held import read_regular
from dropdub.files.ownership import others_may_write

WHAT = "Text monitor"


def findings(subject: ExaminedRoot) -> Iterator[Finding]:
    monitors = subject.config.monitor
    troubles = [finding for one in monitors.files.values() for finding in _troubles(one)]
    if any(one.is_played for one in monitors.files.values()) and find_player(monitors.player) is None:
        troubles.append(problem(WHAT, "no program that plays sound is found, so that lines wait", NO_PLAYER))
    yield from troubles
    if monitors.files and not troubles:
        yield ok(WHAT, f"{len(monitors.files)} configured")


def _troubles(one: MonitoredFile) -> Iterator[Finding]:
    file = Path(one.file)
    if not is_folder(file.parent):
        text = "the folder of a monitored file is not there"
        yield warning(
            WHAT, text, "Create it, connect the share, or correct monitor.files in config.yaml.", detail=one.file
        )
    elif may_exist(file) and (reason := _why_unreadable(file)):
        remedy = "Let the account that runs Dropdub read it. A link is not followed if others may write to its folder."
        yield problem(WHAT, "a monitored file cannot be read", remedy, detail=f"{file}: {reason}")
    if one.save is not None and (reason := refusal(Path(one.save))):
        text = "a folder in which lines are saved is missing, or not writable"
        yield problem(WHAT, text, "Create it, or correct monitor.files in config.yaml.", detail=f"{one.save}: {reason}")


def _why_unreadable(file: Path) -> str | None:
    try:
        read_regular(file, follow=not others_may_write(file.parent)).close()
    except OSError as error:
        return error.strerror or str(error)
    return None
