"""Show the progress of a download: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dropdub.cli.console import console, say

if TYPE_CHECKING:
    from rich.progress import Progress


class Lines:
    """Prints a line for every 10 % of a download: for pipes and logs."""

    def __init__(self, name: str) -> None:
        self._name, self._total, self._done, self._tenths_shown = name, 0, 0, 0

    def begin(self, total: int) -> None:
        self._total, self._done, self._tenths_shown = total, 0, 0

    def advance(self, count: int) -> None:
        self._done += count
        tenth = 10 * self._done // max(self._total, 1)
        if tenth > self._tenths_shown:
            self._tenths_shown = tenth
            self.say(f"{self._name}: {tenth * 10} %")

    def say(self, line: str) -> None:
        say(line)


class Bar:
    """Shows a bar with speed and time left: for terminals."""

    def __init__(self, name: str, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task(name, total=None)

    def begin(self, total: int) -> None:
        self._progress.reset(self._task, total=total)

    def advance(self, count: int) -> None:
        self._progress.advance(self._task, count)

    def say(self, line: str) -> None:
        self._progress.console.print(line)


@contextmanager
def progress_meter(name: str) -> Iterator[Lines | Bar]:
    """Yield a progress display for the download of a model: a bar on a terminal, otherwise lines."""
    screen = console()
    if not screen.is_terminal:
        yield Lines(name)
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(bar_width=16), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(TextColumn("{task.description}"), *columns, console=screen) as progress:
        yield Bar(name, progress)
