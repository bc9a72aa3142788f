"""Benchmarks are run by hand: what they use of the program must still exist."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = sorted((Path(__file__).parents[2] / "benchmarks").rglob("*.py"))


def missing(tree: ast.Module) -> Iterator[str]:
    """Yield the names of the program that a file imports, or uses of the modules that it imports, and that are gone."""
    modules: dict[str, ModuleType] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in ("dropdub", "tests"):
            for alias in node.names:
                found = _imported(node.module, alias.name)
                if found is None:
                    yield f"{node.module}.{alias.name}"
                elif isinstance(found, ModuleType):
                    modules[alias.asname or alias.name] = found
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id)
            if module is not None and not hasattr(module, node.attr):
                yield f"{node.value.id}.{node.attr}"


def _imported(module: str, name: str) -> object | None:
    """Return what an import finds, which may be a module; None if it finds nothing."""
    with suppress(ModuleNotFoundError):
        importlib.import_module(f"{module}.{name}")
    return getattr(importlib.import_module(module), name, None)


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_a_benchmark_uses_only_what_exists(path: Path) -> None:
    assert list(missing(ast.parse(path.read_text(encoding="utf-8")))) == []


def test_what_is_gone_is_found() -> None:
    code = "from dropdub.store import transitions\nfrom dropdub.root import Rood\ntransitions.complete_stip(1)"
    assert list(missing(ast.parse(code))) == ["dropdub.root.Rood", "transitions.complete_stip"]
