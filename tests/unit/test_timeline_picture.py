"""The picture of a fit: what is drawn where, and that hours are spread over pages."""

from __future__ import annotations

import math

import pytest

from dropdub.dubbing.published_timing import Fit, fits_of
from dropdub.report import timeline
from dropdub.report.timeline import ROW_S, ROWS_A_PAGE, bars_of, timeline_pages
from tests.reports import FIT, TIMES, a_fit, an_utterance

ORIGINALS = dict(enumerate(TIMES))


def fit_of(given: dict[str, object]) -> Fit:
    return fits_of({"fit": {"pt": given}})["pt"]


def test_each_line_each_utterance_and_each_overlap_has_a_bar() -> None:
    bars = list(bars_of(fit_of(FIT), ORIGINALS))
    assert [bar.span for bar in bars if bar.lane == 0] == list(TIMES)
    dubbed = [bar for bar in bars if bar.lane == 1]
    assert [bar.label for bar in dubbed] == ["", "1.17x short", "", "", ""]
    assert [bar.span for bar in dubbed if bar.colour == timeline._OVERLAP] == [(5.08, 5.3)]


def test_without_the_transcript_the_slots_stand_for_the_original() -> None:
    bars = list(bars_of(fit_of(FIT), {}))
    assert [bar.span for bar in bars if bar.lane == 0] == [(0.4, 1.9), (2.1, 5.0), (5.2, 8.6), (8.6, 9.3)]


@pytest.mark.parametrize("minutes", [0.0, 1.0, 20.0, 20.1, 185.0])
def test_a_row_is_a_minute_and_hours_go_on_over_pages(minutes: float) -> None:
    late = an_utterance(0, slot=(max(minutes * 60 - 3, 0.0), minutes * 60))
    pages = timeline_pages(fit_of(a_fit([late])), {}, minutes * 60, "Portuguese")
    rows = max(1, math.ceil(minutes * 60 / ROW_S))
    assert len(pages) == math.ceil(rows / ROWS_A_PAGE)
    assert all(page.width < 2_000 and page.height < 2_000 for page in pages)
    if minutes:
        colours = {colour for _, colour in pages[-1].crop((0, 90, *pages[-1].size)).getcolors(1 << 20) or ()}
        assert (0x3F, 0x9D, 0x63) in colours, "what is said at the very end is on the last page"
