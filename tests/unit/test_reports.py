"""What transcribers report: each report once, and that of interrupted work to that work."""

from __future__ import annotations

import pytest

from dropdub.engines.abilities import WorksApart
from dropdub.engines.base import Suspect
from dropdub.engines.hearing.reports import Reports
from dropdub.engines.parakeet.engine import ParakeetTranscriber
from dropdub.engines.whisper.engine import FasterWhisperTranscriber

EARLIER, LATER = Suspect(1.0, 2.0, "Thank you.", "kept"), Suspect(5.0, 6.0, "Subtitles by", "dropped")


def test_reports_are_taken_once_in_order_of_time_also_those_that_come_later() -> None:
    reports = Reports()
    report = reports.suspects.append
    report(LATER)
    report(EARLIER)
    assert reports.taken_suspects() == (EARLIER, LATER)
    report(LATER)
    assert (reports.taken_suspects(), reports.taken_suspects(), reports.taken_others()) == ((LATER,), (), ())


@pytest.mark.parametrize("made", [FasterWhisperTranscriber, ParakeetTranscriber])
def test_work_within_other_work_takes_none_of_its_reports_and_leaves_none(
    made: type[FasterWhisperTranscriber | ParakeetTranscriber],
) -> None:
    engine = made()
    assert isinstance(engine, WorksApart)
    report = engine._reports.suspects.append
    with engine.apart():
        report(EARLIER)  # a thread that works on what was interrupted
        engine._reports.suspects.append(LATER)
        assert engine.suspects() == (LATER,)
        engine._reports.suspects.append(LATER)
    assert engine.suspects() == (EARLIER,)


def test_hints_of_interrupted_work_hold_after_it() -> None:
    engine = FasterWhisperTranscriber()
    engine.hint_at(prompt="A meeting.", hotwords=("Dropdub",))
    before = engine._hints
    with engine.apart():
        engine.hint_at(prompt=None, hotwords=())
        assert engine._hints != before
    assert engine._hints == before


def test_work_that_was_let_in_lets_in_no_other() -> None:
    engine = FasterWhisperTranscriber()

    def work() -> None:
        raise AssertionError("is not called")

    with engine.meanwhile(work):
        with engine.apart():
            assert engine._meanwhile is None
        assert engine._meanwhile is work
    assert engine._meanwhile is None
