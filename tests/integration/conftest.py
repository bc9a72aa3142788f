"""What tests of several engines share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fake_openai import FakeOpenAiServer, serving


@pytest.fixture
def server() -> Iterator[FakeOpenAiServer]:
    """A server with a language model, on a port of its own."""
    with serving() as running:
        yield running
