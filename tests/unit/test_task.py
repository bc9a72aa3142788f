"""Only stages know the task: everything that they call can be used without one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import dropdub

SOURCES = Path(dropdub.__file__).parent
STAGES = ("stages/", "pipeline/task.py", "worker.py")


def takes_task(text: str) -> Iterator[int]:
    """Yield the line of each parameter and field in a module that holds a `Task`, alone or within another type."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation and _names_task(node.annotation):
            yield node.lineno


def _names_task(annotation: ast.AST) -> bool:
    return any(
        "Task" in (getattr(node, "id", None), getattr(node, "attr", None), getattr(node, "value", None))
        for node in ast.walk(annotation)
        if not _is_of_asyncio(node)
    )


def _is_of_asyncio(node: ast.AST) -> bool:
    """Return whether a node is `asyncio.Task`, which is something else of the same name."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "asyncio"


def test_only_stages_take_the_whole_task() -> None:
    found = [
        f"{name}:{line}"
        for path in sorted(SOURCES.rglob("*.py"))
        if not (name := path.relative_to(SOURCES).as_posix()).startswith(STAGES)
        for line in takes_task(path.read_text(encoding="utf-8"))
    ]
    assert found == [], "take the values that are needed instead"


@pytest.mark.parametrize(
    "text",
    [
        "def f(task: Task): ...",
        "def f(*, task: task.Task | None): ...",
        "def f(run: Callable[[Task], int]): ...",
        "def f(task: 'Task'): ...",
        "class A:\n    task: Task",
    ],
)
def test_a_task_is_found_in_every_kind_of_annotation(text: str) -> None:
    assert list(takes_task(text))


def test_other_types_are_not_taken_for_a_task() -> None:
    assert not list(takes_task("def f(task: _Task, other: TaskGroup, third: asyncio.Task[None]) -> Task: ..."))
