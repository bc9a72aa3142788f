"""What the attacks share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.attacker import open_place


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the attacker can reach; what it may write to, the test gives away."""
    with open_place() as folder:
        yield folder
