"""What is read from the results of steps, and that they are written as they were read."""

from __future__ import annotations

from typing import Any

from dropdub.pipeline.facts import Facts
from dropdub.pipeline.heard_lines import HeardLine
from dropdub.pipeline.step_result import Deliverable, StepResult
from tests.reports import HEARD


def test_a_verified_line_is_written_as_it_was_read() -> None:
    for line in HEARD.values():
        assert list(HeardLine.from_json(line).to_json().items()) == list(line.items())
    silent: dict[str, Any] = {"file": "0.wav", "score": 0.0, "good": False, "words": 2, "errors": 2, "heard": ""}
    assert HeardLine.from_json(silent).to_json() == silent


def test_a_line_of_an_earlier_version_has_no_word_errors() -> None:
    found = Facts({"hear/pt": {"lines": {"3": {"file": "0003.wav", "score": 0.9, "good": True}}}})
    assert found.last_verification("pt") == {3: HeardLine("0003.wav", 0.9, good=True)}


def test_what_results_have_in_common_is_read_from_every_step() -> None:
    made = {"name": "b.srt", "size": 3, "sha256": "x"}
    found = Facts(
        {
            "probe": {"kind": "media"},
            "publish/transcript": {"deliverables": [made, {"name": "a.txt"}], "seconds": 0.5, "warnings": ["Odd."]},
        }
    )
    assert found.steps["probe"] == StepResult()
    assert found.steps["publish/transcript"].warnings == ("Odd.",)
    assert found.deliverables == [Deliverable("a.txt"), Deliverable(**made)]
