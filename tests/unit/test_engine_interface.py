"""What is promised to other packages stays: every name, field and method of it, and what the page says."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dropdub.engines import api, contract
from dropdub.engines.offers import ROLES

HERE = Path(__file__).resolve().parents[2]
SNAPSHOT = HERE / "tests" / "snapshots" / "engine-interface.txt"
EXAMPLE = HERE / "plugins" / "example"
PAGE = (HERE / "docs" / "plugins.md").read_text("utf-8")
PROMISED = {"dropdub.engines.api", "dropdub.engines.contract"}
PLUG_INS = sorted((HERE / "plugins").rglob("src/**/*.py"))


def described(name: str, value: Any) -> Iterator[str]:
    """Yield the lines that describe a promised name."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            is_optional = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
            yield f"{name}.{field.name}: {field.type}{' = ...' if is_optional else ''}"
    elif isinstance(value, type) and issubclass(value, Exception):
        yield f"{name}: an error, {'permanent' if getattr(value, 'permanent', True) else 'transient'}"
    elif isinstance(value, type):
        yield f"{name}: a protocol"
        yield from (f"{name}.{one}: {hint}" for one, hint in inspect.get_annotations(value).items())
        methods = {one: getattr(value, one) for one in vars(value) if value is api.Engine or not one.startswith("_")}
        methods = {one: of for one, of in methods.items() if one == "__init__" or not one.startswith("_")}
        yield from (f"{name}.{one}{inspect.signature(of)}" for one, of in methods.items() if callable(of))
    elif inspect.isfunction(value):
        yield f"{name}{inspect.signature(value)}"
    elif isinstance(value, int):
        yield f"{name} = {value}"
    else:
        yield f"{name}: a type"


def test_nothing_of_the_interface_changes_unnoticed() -> None:
    lines = [line for name in api.__all__ for line in described(name, getattr(api, name))]
    assert "\n".join(lines) + "\n" == SNAPSHOT.read_text("utf-8"), (
        "what other packages use has changed: see what docs/plugins.md promises, then write the snapshot again"
    )


@pytest.mark.parametrize(("file", "language"), [
    ("pyproject.toml", "toml"), ("src/dropdub_piper/model.py", "python"), ("src/dropdub_piper/engine.py", "python")
])  # fmt: skip
def test_page_has_the_example_as_it_is(file: str, language: str) -> None:
    text = (EXAMPLE / file).read_text("utf-8").strip()
    assert f"```{language}\n{text}\n```\n" in PAGE
    assert len(text.splitlines()) <= 65


def test_page_names_the_version_of_the_interface() -> None:
    assert f"It is **{api.API}**." in PAGE


@pytest.mark.parametrize("module", PLUG_INS, ids=lambda path: path.name)
def test_packages_of_the_repository_import_what_is_promised_only(module: Path) -> None:
    nodes = list(ast.walk(ast.parse(module.read_text("utf-8"))))
    names = [f"{node.module}.{one.name}" for node in nodes if isinstance(node, ast.ImportFrom) for one in node.names]
    names += [one.name for node in nodes if isinstance(node, ast.Import) for one in node.names]
    ours = [name for name in names if name.split(".")[0] == "dropdub"]
    assert [name for name in ours if not {name, name.rpartition(".")[0]} & PROMISED] == []


def test_contract_covers_every_role() -> None:
    assert set(contract.PROTOCOLS) == set(ROLES) == set(contract._OF_ROLE)


def test_stages_call_engines_through_the_checks_only() -> None:
    calls = {"speak", "transcribe", "embed", "background", "alternatives", "detect_language"}
    modules = [path for room in ("stages", "dubbing", "speech") for path in (HERE / "src/dropdub" / room).rglob("*.py")]
    direct = [
        f"{module.name}:{node.lineno}"
        for module in modules
        for node in ast.walk(ast.parse(module.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in calls
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "answers")
    ]
    assert direct == []
