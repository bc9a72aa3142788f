"""Hostile inputs of every kind in one root, with a good file for every ten: harmless, and nobody is delayed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.site import Site
from tests.security.attacker import OWN_UID, open_place
from tests.security.hostile import KINDS, inputs, plant

SEED = 7
EACH = 4
"""Inputs of each kind here; the benchmark `hostile` has hundreds."""
UNFORESEEN = (
    *("Traceback", "Unexpected error", "unexpected error", "unforeseen", "bug in Dropdub"),
    *("The worker died", "was killed"),
)
LIMITS = {"max_text": 300_000, "max_duration": 120, "min_free_disk": 1_000_000, "min_free_memory": 1_000_000}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def site() -> Iterator[Site]:
    with open_place() as place:
        made = Site(place / "root", limits=LIMITS)
        yield made
        made.close()


def test_good_files_among_hostile_ones_are_done(site: Site) -> None:
    around = seen(site.root.parent)
    hostile = list(inputs(EACH * len(KINDS), seed=SEED))
    good = []
    for number, made in enumerate(hostile):
        plant(made, site.inbox, site.root, owner=OWN_UID)
        if number % 10 == 0:
            good.append(site.drop_text(f"This is good text number {number}.", f"good {number}.txt").name)
    assert site.work_off(timeout_s=800) == 1
    states = site.states()
    assert {name: states[name] for name in good} == dict.fromkeys(good, "succeeded")
    assert set(states.values()) <= {"succeeded", "failed"}
    said = site.output() + (site.root / "work" / "logs" / "dropdub.log").read_text(encoding="utf-8")
    assert [word for word in UNFORESEEN if word in said] == []
    assert seen(site.root.parent) == around, "nothing was written outside the root"
    assert [path for path in site.root.rglob("*") if "PWNED" in path.name and path.stat().st_size == 0] == []
    assert not [path for path in site.root.rglob("*") if path.is_file() and "root:x:0:0" in text_of(path)]


def seen(folder: Path) -> set[str]:
    """Return what is beside the root."""
    return {path.name for path in folder.iterdir() if path.name != "root"}


def text_of(path: Path) -> str:
    return path.read_bytes()[:1_000_000].decode("utf-8", "replace") if path.stat().st_size else ""
