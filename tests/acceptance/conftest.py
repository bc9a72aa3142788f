from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Make roots with quick settings; their daemons are ended with the test, and no process of theirs may survive."""
    made: list[Site] = []

    def make(name: str = "root", **settings: Any) -> Site:
        new = Site(tmp_path / name, **settings)
        made.append(new)
        return new

    yield make
    for old in made:
        old.close()
