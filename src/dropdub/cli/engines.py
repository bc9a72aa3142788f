"""`dropdub engines`: list them, say which to use when, compare two of them on a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dropdub.cli import engines_view
from dropdub.cli.console import printing, say, say_json
from dropdub.cli.exit_codes import DONE
from dropdub.operations import engines
from dropdub.operations.comparing.comparison import compare as compare_engines
from dropdub.operations.comparing.running import Report
from dropdub.operations.comparing.values import Wish
from dropdub.operations.engine_guide import guide


def show_list(root: Path, *, as_json: bool) -> int:
    views = engines.list_engines(root)
    if as_json:
        say_json(views)
        return DONE
    with printing() as screen:
        screen.print(engines_view.table(views))
    say()
    for line in engines_view.notes(views):
        say(line)
    return DONE


def show_guide(root: Path, *, everything: bool, as_json: bool) -> int:
    found = guide(root, everything=everything)
    if as_json:
        say_json(found)
        return DONE
    with printing() as screen:
        for part in engines_view.guide_parts(found):
            screen.print(part)
    return DONE


def compare(root: Path, wish: Wish, *, as_json: bool) -> int:
    """Compare two engines, showing the progress on standard error."""
    with _reported() as report:
        found = compare_engines(root, wish, report=report)
    if as_json:
        say_json(found)
        return DONE
    with printing() as screen:
        for part in engines_view.comparison_parts(found):
            screen.print(part)
    for line in engines_view.comparison_notes(found):
        say(line)
    return DONE


@contextmanager
def _reported() -> Iterator[Report]:
    """Yield what shows the progress: a bar on a terminal, otherwise a line for each thing that is begun."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    screen = Console(stderr=True, highlight=False, emoji=False, markup=False)
    if not screen.is_terminal:
        yield _lines()
        return
    plain = TextColumn("{task.description}", markup=False)
    with Progress(plain, BarColumn(bar_width=16), TimeElapsedColumn(), console=screen, transient=True) as progress:
        task = progress.add_task("starting", total=1.0)
        yield lambda what, share: progress.update(task, description=engines_view.cut(what), completed=share)


def _lines() -> Report:
    begun = set[str]()

    def report(what: str, _share: float) -> None:
        if what not in begun:
            begun.add(what)
            say(f"{what} …", err=True)

    return report
