"""How much of the voices is left in a background: which parts are heard, and what counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from dropdub.dubbing.voices_left import LONGEST_S, MOST_S, Sample, spread, voices_left, warning
from dropdub.engines.base import SPEECH_RATE_HZ, Samples
from dropdub.engines.hearing.voice_detector import FRAME, VoiceDetector
from dropdub.media.sound.spans import Span
from dropdub.media.sound.wav import read_range, resample
from dropdub.pipeline.facts import VoicesLeft
from tests.conftest import SPEECH

RATE = 48_000


class FakeDetector:
    """Takes for a voice what is loud."""

    def voiced(self, samples: Samples) -> NDArray[np.bool_]:
        frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
        loud: NDArray[np.bool_] = np.abs(frames).mean(axis=1) > 0.1
        return loud


def test_at_most_two_minutes_from_all_over_a_recording_are_heard() -> None:
    lines = [Span(10.0 * number, 10.0 * number + 4) for number in range(600)]
    heard = spread(lines)
    assert MOST_S / 2 < sum(one.duration_s for one in heard) <= MOST_S
    assert heard[0].start == 0 and heard[-1].start > 5_500
    assert spread(lines[:3]) == lines[:3]
    assert spread([Span(0, 4_000), Span(5_000, 5_000)]) == [Span(0, LONGEST_S)]
    for seconds in (1.0, 7.9, 29.0):
        long = spread([Span(30.0 * number, 30.0 * number + seconds) for number in range(239)])
        assert MOST_S / 2 < sum(one.duration_s for one in long) <= MOST_S


@pytest.mark.parametrize("size", [1_000, 480_000])
def test_a_sample_keeps_parts_of_the_sound_that_passes_by_unchanged(size: int) -> None:
    left = np.repeat(np.arange(20, dtype=np.float32) / 20, RATE // 2)
    sound = np.stack([left, left], axis=1)
    sample = Sample([Span(1.0, 2.0), Span(1.5, 3.0), Span(9.5, 99.0)], rate=RATE)
    passed = list(sample.taken_from(sound[at : at + size] for at in range(0, len(sound), size)))
    assert np.array_equal(np.concatenate(passed), sound)
    first, second, last = sample.heard()
    assert [len(one) / SPEECH_RATE_HZ for one in (first, second, last)] == [1.0, 1.5, 0.5]
    assert [first[4_000], first[12_000], last[4_000]] == pytest.approx([0.1, 0.15, 0.95], abs=1e-3)


def test_only_voices_of_the_original_count_and_at_its_level() -> None:
    """The first second is speech that is gone, the second one that stays, the third has a voice in the background only;
    in the last, a remnant is as quiet as silence.
    """
    levels = {"original": (0.5, 0.5, 0.0, 0.5), "background": (0.0, 0.4, 0.5, 0.001)}
    original, background = (np.repeat(np.array(one, np.float32), SPEECH_RATE_HZ) for one in levels.values())
    sample = Sample([Span(0, 4)], rate=SPEECH_RATE_HZ)
    assert sum(len(one) for one in sample.taken_from([background[:, None]])) == 4 * SPEECH_RATE_HZ
    found = voices_left(sample, lambda first, last: original[round(first) : round(last * 16_000)], FakeDetector())
    assert (found.voice_s, found.left_s) == pytest.approx((3.0, 1.0), abs=0.1)


def test_much_of_a_voice_that_is_left_is_a_warning_and_little_is_not() -> None:
    assert warning(VoicesLeft(20.0, 1.9), "es") is None and warning(VoicesLeft(0.0, 0.0), "es") is None
    said = warning(VoicesLeft(20.0, 4.6), "es")
    assert said is not None and "under the es dub, in 23% of the speech" in said and "mix.separate: false" in said
    assert "mix.original: duck, the original is lowered" in said, "it would not be, if the job keeps it as it is"


def test_a_real_detector_hears_speech_and_not_music_or_faint_remnants(tmp_path: Path) -> None:
    detector = VoiceDetector.installed()
    if detector is None:
        pytest.skip("faster-whisper, which has the detector's weights, is not installed")
    samples, rate = soundfile.read(SPEECH, dtype="float32", always_2d=True)
    speech = resample(samples.mean(axis=1), rate, SPEECH_RATE_HZ)
    soundfile.write(tmp_path / "audio.wav", speech, SPEECH_RATE_HZ)
    moments = np.arange(len(speech)) / SPEECH_RATE_HZ
    chord = sum(0.05 * np.sin(2 * np.pi * hertz * moments) for hertz in (220, 277, 330, 440)).astype(np.float32)

    def share(background: Samples) -> float:
        sample = Sample([Span(0.0, 11.0)], rate=SPEECH_RATE_HZ)
        list(sample.taken_from([background[:, None]]))
        found = voices_left(sample, lambda *times: read_range(tmp_path / "audio.wav", *times), detector)
        assert found.voice_s > 6
        return found.share or 0.0

    assert share(speech + chord) > 0.8
    assert share(chord) < 0.02 and share(0.001 * speech) < 0.02
