"""Scripts and styles: what others have written is what its archive had, and all together stay small."""

from __future__ import annotations

import gzip
import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import dropdub.web
from dropdub.web.assets import Assets

STATIC = Path(dropdub.web.__file__).parent / "static"
VENDOR = STATIC / "vendor"
TEMPLATES = STATIC.with_name("templates")
MOST_BYTES = 90_000


def vendored() -> list[dict[str, Any]]:
    with (VENDOR / "VENDOR.toml").open("rb") as file:
        return list(tomllib.load(file)["file"])


def test_scripts_of_others_are_unchanged_and_have_a_licence() -> None:
    listed = {one["name"]: one["sha256"] for one in vendored()}
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in VENDOR.glob("*.js")}
    assert found == listed
    for one in vendored():
        assert one["licence"] in ("0BSD", "MIT", "BSD-3-Clause")
        licence = (VENDOR / f"{one['name'].partition('.')[0]}.LICENSE.txt").read_text(encoding="utf-8")
        inside = [package.partition("@")[0] for package in one.get("contains", [])]
        assert [package for package in inside if f"Of {package}, whose code is in it:" not in licence] == []


def loaded_by(template: Path) -> set[str]:
    """Return the files that a page loads: those of its template and of all that this extends or includes."""
    text = template.read_text(encoding="utf-8")
    parts = re.findall(r"{% (?:extends|include) [\"']([^\"']+)", text)
    found = {name for part in parts for name in loaded_by(TEMPLATES / part)}
    waiting = set(re.findall(r"asset\([\"']([^\"']+)", text))
    while waiting:
        name = waiting.pop()
        found.add(name)
        if (file := STATIC / name).suffix == ".js" and file.is_file():
            imported = re.findall(r"(?:from|import\() ?[\"']\./([\w.-]+)", file.read_text(encoding="utf-8"))
            waiting |= set(imported) - found
    return found


@pytest.mark.parametrize("page", [file.name for file in TEMPLATES.glob("*.j2")])
def test_all_scripts_and_styles_of_a_page_together_stay_small(page: str) -> None:
    files = Assets.load().files
    sizes = {name: len(gzip.compress(files[name], 9)) for name in loaded_by(TEMPLATES / page)}
    assert sum(sizes.values()) <= MOST_BYTES, sizes


def test_scripts_name_no_other_host() -> None:
    own = [file for file in STATIC.iterdir() if file.suffix in (".js", ".css")]
    assert own
    for file in own:
        assert not re.findall(r"(?:https?:)?//[\w-]+\.[a-z]", file.read_text(encoding="utf-8")), file.name
