"""What `benchmarks/voices.py` measures: which windows it compares, and how errors are counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dropdub.media.sound.spans import Span

SAME, OTHER = np.array([1.0, 0.0]), np.array([0.0, 1.0])


@pytest.fixture
def measures(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The script, which finds its neighbours only next to itself."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    import voices

    yield voices


def test_windows_lie_within_speech_and_are_taken_from_all_over_it(measures: Any) -> None:
    speech = [Span(0.5, 1.4), Span(2.0, 5.0), Span(6.0, 6.9)]
    assert measures.windows(speech, 1.0) == [Span(2.0, 3.0), Span(3.0, 4.0), Span(4.0, 5.0)]
    assert [one.start for one in measures.windows([Span(0.0, 30.0)], 1.0)] == [0.0, 14.0, 29.0]
    assert measures.windows([Span(0.0, 0.9)], 1.0) == [] == measures.windows([], 1.0)


def test_one_voice_is_compared_in_two_recordings_and_never_within_one(measures: Any) -> None:
    found = [("a", 0, SAME), ("a", 0, OTHER), ("a", 1, SAME), ("b", 0, OTHER)]
    same, different = measures.likenesses(found)
    assert sorted(same) == [0.0, 1.0], "either window of the first recording with that of the second"
    assert sorted(different) == [0.0, 0.0, 1.0]


def test_the_equal_error_is_where_both_kinds_of_errors_are_as_frequent(measures: Any) -> None:
    apart = measures.equal_error(np.array([0.8, 0.9]), np.array([0.1, 0.2]))
    assert apart[0] == 0.0 and 0.2 < apart[1] <= 0.8
    overlapping = measures.equal_error(np.array([0.3, 0.6, 0.7, 0.8]), np.array([0.1, 0.2, 0.25, 0.65]))
    assert overlapping[0] == 0.25


def test_what_a_file_of_8_khz_cannot_hold_is_gone(measures: Any) -> None:
    moments = np.arange(16_000) / 16_000
    low, high = (np.sin(2 * np.pi * hertz * moments).astype(np.float32) / 2 for hertz in (1_000, 6_000))
    assert np.abs(measures.narrow(low) - low)[1_000:-1_000].max() < 1e-3
    assert np.abs(measures.narrow(high))[1_000:-1_000].max() < 0.01
