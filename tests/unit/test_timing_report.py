"""What is reported about a dub's fit: each utterance, the totals, and the sentences for what did not fit."""

from __future__ import annotations

from pathlib import Path

from dropdub.dubbing.placement import Placement
from dropdub.dubbing.published_timing import Fit
from dropdub.dubbing.timing_report import VoiceStarts, fit_report, fit_warnings, load_fit, save_fit
from dropdub.dubbing.utterances import Piece, Utterance

REASON = "the original leaves too little time, or the times of its text are wrong."
UNSEEN = VoiceStarts({}, {})


def one(number: int, start: float, end: float, length: float, *, rate: float = 1.0) -> Utterance:
    return Utterance((Piece(number, start, end, length),), "S1", rate)


def at(start: float, end: float, stretch: float = 1.0) -> Placement:
    return Placement(start, end, stretch, (start,))


def report() -> Fit:
    pairs = [
        (one(0, 0.0, 2.0, 2.0), at(0.0, 2.0)),
        (one(1, 3.0, 5.0, 2.0, rate=1.1), at(3.0, 4.9, 2 / 1.9)),
        (one(2, 6.0, 7.0, 1.5), at(5.8, 7.3)),
        (one(3, 8.0, 9.0, 1.0), at(9.5, 10.5)),
        (one(4, 11.0, 12.0, 2.0), at(11.0, 13.0)),
    ]
    return fit_report(
        [pair[0] for pair in pairs], [pair[1] for pair in pairs], shortened={0, 7}, duration_s=12.0, voices=UNSEEN
    )


def test_each_utterance_is_reported_with_its_place_and_its_speed() -> None:
    entry = report().to_json()["utterances"][1]
    assert entry == {
        "segments": [1],
        "speaker": "S1",
        "slot": [3.0, 5.0],
        "start": 3.0,
        "end": 4.9,
        "length": 2.2,
        "stretch": 1.158,
        "shift": 0.0,
        "drift": 0.0,
        "shortened": False,
    }, "the synthesizer's rate and the stretching count together"


def test_the_totals_count_what_was_done_to_them() -> None:
    assert report().totals_json()["totals"] == {
        "utterances": 5,
        "lines": 5,
        "clean": 0,
        "sped_up": 1,
        "borrowed": 3,
        "shortened": 1,
        "failed": 2,
        "late": 1,
        "worst_drift_s": 1.5,
        "start_error_p95_s": 1.24,
        "by_transcript": 5,
    }
    nothing = fit_report([], [], shortened=(), duration_s=5.0, voices=UNSEEN)
    assert nothing.totals.utterances == 0 and fit_warnings(nothing, "pt", 5.0) == []


def test_cut_off_and_late_speech_is_reported() -> None:
    assert fit_warnings(report(), "pt", 12.0) == [
        "The end of the pt dub is cut off: it is 1.0 s too long.",
        "In the pt dub, 1 of 5 lines start more than a second out of place (at most 1.5 s): " + REASON,
    ]
    assert fit_warnings(report(), "pt", 20.0)[0].startswith("In the pt dub")


def test_a_late_line_in_an_utterance_is_counted_even_if_the_first_is_on_time() -> None:
    pieces = (Piece(0, 1.0, 2.0, 3.8), Piece(1, 2.1, 3.0, 0.8), Piece(2, 6.0, 7.0, 0.9))
    late = Placement(1.0, 6.9, 1.0, (1.0, 5.0, 6.0))
    found = fit_report([Utterance(pieces)], [late], shortened=(), duration_s=20.0, voices=UNSEEN)
    assert (found.utterances[0].shift, found.utterances[0].drift) == (0.0, 2.9)
    totals = found.totals
    assert (totals.utterances, totals.lines, totals.clean) == (1, 3, 0)
    assert (totals.failed, totals.late, totals.worst_drift_s) == (1, 1, 2.9)
    assert totals.start_error_p95_s > 2.0
    assert fit_warnings(found, "pt", 20.0) == [
        "In the pt dub, 1 of 3 lines start more than a second out of place (at most 2.9 s): " + REASON,
    ]


def test_of_an_utterance_that_overruns_the_end_only_lines_cut_off_have_failed() -> None:
    pieces = (Piece(0, 1.0, 2.0, 1.0), Piece(1, 2.1, 3.0, 2.0))
    found = fit_report(
        [Utterance(pieces)], [Placement(1.0, 4.1, 1.0, (1.0, 2.1))], shortened=(), duration_s=3.5, voices=UNSEEN
    )
    assert found.totals.failed == 1 and found.totals.late == 0


def test_a_report_is_read_back(tmp_path: Path) -> None:
    save_fit(tmp_path / "fit.pt.json", report())
    assert load_fit(tmp_path / "fit.pt.json") == report()


def test_the_file_keeps_its_keys_in_their_order(tmp_path: Path) -> None:
    save_fit(
        tmp_path / "fit.pt.json",
        fit_report([one(0, 0.5, 2.0, 1.5)], [at(0.5, 2.0)], shortened=(), duration_s=9.0, voices=UNSEEN),
    )
    assert (tmp_path / "fit.pt.json").read_text(encoding="utf-8") == (
        '{"utterances": [{"segments": [0], "speaker": "S1", "slot": [0.5, 2.0], "start": 0.5, "end": 2.0, '
        '"length": 1.5, "stretch": 1.0, "shift": 0.0, "drift": 0.0, "shortened": false}], '
        '"totals": {"utterances": 1, "lines": 1, "clean": 1, "sped_up": 0, "borrowed": 0, "shortened": 0, '
        '"failed": 0, "late": 0, "worst_drift_s": 0.0, "start_error_p95_s": 0.0, "by_transcript": 1}}'
    )


def test_what_an_earlier_version_did_not_record_is_not_added() -> None:
    old = report().to_json()
    for entry in old["utterances"]:
        del entry["drift"]
    del old["totals"]["lines"], old["totals"]["late"], old["totals"]["by_transcript"]
    assert Fit.from_json(old).to_json() == old


def test_a_line_is_late_or_early_compared_with_the_voice_that_the_sound_shows() -> None:
    pieces = (Piece(0, 1.0, 4.0, 1.5), Piece(1, 5.0, 6.0, 1.0), Piece(2, 7.0, 8.0, 1.0))
    placed = Placement(1.0, 8.0, 2.0, (1.0, 5.0, 7.0))
    voices = VoiceStarts({0: 2.05, 1: 4.98}, {0: 0.02, 1: 0.0, 2: 0.0})
    found = fit_report([Utterance(pieces)], [placed], shortened=(), duration_s=20.0, voices=voices)
    [entry] = found.utterances
    assert (entry.shift, entry.drift) == (-1.04, -1.04), "its text is a second early, over silence, and so is the dub"
    assert (found.totals.failed, found.totals.late, found.totals.worst_drift_s) == (1, 1, 1.04)
    assert found.totals.borrowed == 0, "nothing was moved"
    assert found.totals.by_transcript == 1, "the sound does not show where the third begins"


def test_a_silent_line_of_the_dub_is_compared_by_the_time_of_its_text() -> None:
    voices = VoiceStarts({0: 2.0}, {})
    found = fit_report([one(0, 1.0, 3.0, 1.0)], [at(1.0, 2.0)], shortened=(), duration_s=9.0, voices=voices)
    assert (found.utterances[0].shift, found.totals.by_transcript) == (0.0, 1)
