"""What the attacks share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.attacker import give_away, open_place


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the attacker can reach; what it may write to, the test gives away."""
    with open_place() as folder:
        yield folder


@pytest.fixture
def inbox(place: Path) -> Path:
    """An inbox that the attacker may write to."""
    return _given_away(place / "inbox")


@pytest.fixture
def outbox(place: Path) -> Path:
    """An outbox that the attacker may write to."""
    return _given_away(place / "outbox")


@pytest.fixture
def secrets(place: Path) -> Path:
    """A folder that the attacker may not even look into."""
    folder = place / "secrets"
    folder.mkdir(mode=0o700)
    return folder


def _given_away(folder: Path) -> Path:
    folder.mkdir()
    give_away(folder)
    return folder
