"""What is made of a dropped file's words costs what their number explains, however they are cut."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

import pytest

from dropdub.config import SubtitleStyle
from dropdub.media.subtitles import layout
from dropdub.pipeline.artefacts import Segment

if sys.platform == "win32":
    pytest.skip("the limit on processor time is POSIX; the code is the same", allow_module_level=True)

from tests.security.parsers import cpu_limit

Made = TypeVar("Made")
MOST_S = 10.0
"""Ten times and more what each takes here; before, each took longer, and none of them ended for the largest files."""


def bounded(make: Callable[[], Made]) -> Made:
    with cpu_limit(MOST_S):
        return make()


def in_a_row(texts: list[str], *, length_s: float = 2.0) -> list[Segment]:
    return [Segment(at, at * length_s, (at + 1) * length_s, text) for at, text in enumerate(texts)]


def calls(make: Callable[[], object]) -> int:
    """Return how many functions are called, which does not depend on the machine."""
    counted = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        make()
    finally:
        sys.setprofile(None)
    return counted


# Subtitles


def test_short_words_are_laid_out_in_work_that_grows_with_the_line_and_not_its_square() -> None:
    said = in_a_row(["a " * 600])
    narrow, wide = (
        calls(lambda style=style: layout(said, style))
        for style in (SubtitleStyle(line_length=30), SubtitleStyle(line_length=120, max_duration=30))
    )
    assert wide < 8 * narrow
