"""How much of speech that is still being recorded is transcribed for good."""

from __future__ import annotations

import pytest

from dropdub.media.sound.spans import Span
from dropdub.speech.settling import EDGE_S, LONGEST_S, settled_until


def quietest(start_s: float, end_s: float) -> float:
    return (start_s + end_s) / 2


@pytest.mark.parametrize(
    ("speech", "length_s", "until"),
    [
        ([], 5.0, 5.0 - EDGE_S),
        ([], 0.1, 0.0),
        ([Span(0.0, 2.0)], 2.0, 0.0),
        ([Span(1.0, 2.0)], 2.2, 0.0),
        ([Span(1.0, 2.0)], 3.0, 2.5),
        ([Span(1.0, 2.0), Span(2.6, 4.0)], 4.1, 2.3),
        ([Span(1.0, 2.0), Span(2.2, 4.0)], 4.1, 0.0),
        ([Span(0.0, 2.0), Span(3.0, 4.0), Span(5.0, 5.5)], 5.6, 4.5),
        ([Span(0.0, LONGEST_S)], LONGEST_S, 0.0),
        ([Span(0.0, 20.0)], 20.0, 12.5),
    ],
)
def test_speech_is_settled_up_to_its_last_pause(speech: list[Span], length_s: float, until: float) -> None:
    assert settled_until(speech, length_s, quietest=quietest) == pytest.approx(until)


def test_silence_at_the_beginning_is_no_pause_between_words() -> None:
    assert settled_until([Span(4.0, 5.0)], 5.1, quietest=quietest) == 0.0
