"""The drawing of a fit: what is drawn where, in the report and in a separate file."""

from __future__ import annotations

import math
import re

import pytest
from defusedxml.ElementTree import fromstring

from dropdub.dubbing.published_timing import Fit, fits_of
from dropdub.report.page import page, picture
from dropdub.report.timeline import ROW_S, WIDTH, bars_of, timeline_of
from tests.reports import FIT, TIMES, a_fit, an_utterance, contents

ORIGINALS = dict(enumerate(TIMES))
SVG = "{http://www.w3.org/2000/svg}"


def fit_of(given: dict[str, object]) -> Fit:
    return fits_of({"fit": {"pt": given}})["pt"]


def test_each_line_each_utterance_and_each_overlap_has_a_bar() -> None:
    bars = list(bars_of(fit_of(FIT), ORIGINALS, {}))
    assert [bar.span for bar in bars if bar.lane == 0] == list(TIMES)
    dubbed = [bar for bar in bars if bar.lane == 1]
    assert [bar.label for bar in dubbed] == ["", "1.17× short", "", "", ""]
    assert [bar.span for bar in dubbed if bar.kind == "overlap"] == [(5.08, 5.3)]


def test_only_verified_lines_are_green_and_unclear_ones_are_red() -> None:
    def kinds(understood: dict[int, bool]) -> list[str]:
        bars = bars_of(fit_of(FIT), ORIGINALS, understood)
        return [bar.kind for bar in bars if bar.lane == 1 and bar.kind != "overlap"]

    assert kinds({}) == ["unverified", "sped", "unverified", "unverified"]
    assert kinds({0: True, 2: True, 4: False}) == ["clean", "sped", "unverified", "unclear"]
    assert kinds(dict.fromkeys(range(5), True)) == ["clean", "sped", "clean", "clean"]


def test_the_legend_explains_only_what_is_drawn() -> None:
    drawn = timeline_of(fit_of(FIT), ORIGINALS, {}, 10.0, "pt")
    assert [box.kind for box in drawn.legend.boxes] == ["original", "unverified", "sped", "overlap"]


def test_without_the_transcript_the_slots_stand_for_the_original() -> None:
    bars = list(bars_of(fit_of(FIT), {}, {}))
    assert [bar.span for bar in bars if bar.lane == 0] == [(0.4, 1.9), (2.1, 5.0), (5.2, 8.6), (8.6, 9.3)]


@pytest.mark.parametrize("seconds", [60.0, 1200.0, 1206.0, 11_100.0])
def test_a_row_is_a_minute_and_the_last_speech_is_in_the_last_row(seconds: float) -> None:
    late = an_utterance(0, slot=(seconds - 3, seconds))
    drawn = timeline_of(fit_of(a_fit([late])), {}, {}, seconds, "pt")
    assert len(drawn.rows) == math.ceil(seconds / ROW_S)
    assert {box.kind for box in drawn.rows[-1].boxes} >= {"original"}
    assert all(row.top + 60 <= drawn.height for row in drawn.rows)


@pytest.mark.parametrize("seconds", [0.0, 9.4, 32.0])
def test_a_short_recording_fills_its_only_row(seconds: float) -> None:
    one = an_utterance(0, slot=(0.0, seconds))
    [row] = timeline_of(fit_of(a_fit([one])), {}, {}, seconds, "pt").rows
    assert seconds == 0 or max(box.x + box.width for box in row.boxes) > WIDTH * 0.85


def test_a_line_over_the_end_of_a_row_is_drawn_in_both() -> None:
    drawn = timeline_of(fit_of(a_fit([an_utterance(0, slot=(58.0, 63.0))])), {}, {}, 120.0, "pt")
    assert [[box.kind for box in row.boxes].count("original") for row in drawn.rows] == [1, 1]


@pytest.mark.parametrize("moment", [1e300, -1e300, math.inf, math.nan])
def test_impossible_times_draw_no_further_rows(moment: float) -> None:
    odd = timeline_of(fit_of(a_fit([an_utterance(0, slot=(0.0, 3.0))])), {0: (moment, moment)}, {}, 70.0, "pt")
    assert len(odd.rows) == 2


def test_the_file_is_well_formed_and_runs_and_loads_nothing() -> None:
    drawn = timeline_of(fit_of(FIT), ORIGINALS, {}, 10.0, '<script>alert(1)</script> & "dub"')
    root = fromstring(picture(drawn))
    assert root.tag == f"{SVG}svg"
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "style", "rect", "text", "g", "line", "title",
    }  # fmt: skip
    assert root.get("aria-label") == '<script>alert(1)</script> & "dub" dub'
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert '<script>alert(1)</script> & "dub" dub' in texts and "1.17× short" in texts
    assert not any(name.startswith("on") or name in ("href", "style") for one in root.iter() for name in one.attrib)


def test_the_report_shows_the_same_drawing_within_its_policy() -> None:
    html = page(contents())
    [inline] = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert " style=" not in inline and "<style" not in inline
    [dub] = contents().dubs
    assert dub.timeline is not None
    alone = picture(dub.timeline)
    assert inline[inline.index("<rect") :] == alone[alone.index("<rect") : alone.rindex("</svg>") + len("</svg>")]
