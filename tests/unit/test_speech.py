from __future__ import annotations

import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.media.sound import wav
from dropdub.media.sound.spans import LONG_PAUSE_S
from dropdub.speech.vad import Span, cut_points, longest_pause, pauses, quietest_in, speech_spans, windows

RATE = 16_000


def wav_of(path: Path, *pieces: wav.Samples) -> Path:
    with wav.WavWriter(path, RATE) as writer:
        for piece in pieces:
            writer.write(piece)
    return path


def quiet(seconds: float) -> wav.Samples:
    return np.zeros(round(seconds * RATE), np.float32)


def noise(seconds: float, level: float) -> wav.Samples:
    return np.random.default_rng(5).normal(0, level, round(seconds * RATE)).astype(np.float32)


def covered(spans: list[Span], start: float, end: float) -> float:
    return sum(max(min(span.end, end) - max(span.start, start), 0.0) for span in spans)


def in_order(spans: list[Span]) -> bool:
    return all(span.start < span.end for span in spans) and all(a.end <= b.start for a, b in pairwise(spans))


# Where somebody speaks


def test_speech_is_detected_and_silence_is_not(speech_wav: Path, tmp_path: Path) -> None:
    spoken = wav.read_range(speech_wav)
    spans = speech_spans(wav_of(tmp_path / "a.wav", quiet(5), spoken, quiet(20), spoken, quiet(5)))
    assert in_order(spans)
    assert covered(spans, 5, 16) > 8
    assert covered(spans, 36, 47) > 8
    assert covered(spans, 0, 4.7) == covered(spans, 17, 35.7) == covered(spans, 48, 52) == 0


def test_the_pauses_of_a_speech_are_found(speech_wav: Path) -> None:
    middles = [pause.middle for pause in pauses(speech_spans(speech_wav), 0.5, 11.0)]
    assert any(2.3 < middle < 3.3 for middle in middles), middles
    assert any(4.4 < middle < 5.4 for middle in middles), middles


def test_speech_in_noise_is_found(speech_wav: Path, tmp_path: Path) -> None:
    mixed = noise(40, 0.01)
    mixed[RATE * 10 : RATE * 21] += wav.read_range(speech_wav)[: RATE * 11]
    spans = speech_spans(wav_of(tmp_path / "a.wav", mixed))
    assert covered(spans, 10, 21) > 7
    assert covered(spans, 0, 9.8) + covered(spans, 21.5, 40) < 1


@pytest.mark.parametrize("level", [0.0, 0.003, 0.03, 0.2])
def test_steady_noise_is_not_speech(level: float, tmp_path: Path) -> None:
    assert speech_spans(wav_of(tmp_path / "a.wav", noise(30, level))) == []


def test_hum_is_not_speech(tmp_path: Path) -> None:
    time_s = np.arange(20 * RATE) / RATE
    hum = 0.1 * np.sin(2 * np.pi * 50 * time_s) + 0.05 * np.sin(2 * np.pi * 100 * time_s)
    assert speech_spans(wav_of(tmp_path / "a.wav", hum.astype(np.float32))) == []


def deep(kind: str, count: int) -> wav.Samples:
    """Return sound below the voices, far louder than they are."""
    time_s = np.arange(count) / RATE
    if kind == "an offset":
        return np.full(count, 0.3, np.float32)
    if kind == "hum":
        return (0.3 * np.sin(2 * np.pi * 50 * time_s) + 0.1 * np.sin(2 * np.pi * 100 * time_s)).astype(np.float32)
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(0, 1, count))
    spectrum[np.abs(np.fft.rfftfreq(count, 1 / RATE) - 90) > 60] = 0
    rumble = np.fft.irfft(spectrum, count)
    return (0.2 * rumble / rumble.std()).astype(np.float32)


@pytest.mark.parametrize("kind", ["an offset", "hum", "rumble"])
def test_speech_over_something_deep_is_found(kind: str, speech_wav: Path, tmp_path: Path) -> None:
    spoken = 0.3 * wav.read_range(speech_wav)
    mixed = np.concatenate([quiet(4), spoken, quiet(4)]) + noise(8 + len(spoken) / RATE, 1e-4)
    spans = speech_spans(wav_of(tmp_path / "a.wav", mixed + deep(kind, len(mixed))))
    plain = speech_spans(wav_of(tmp_path / "b.wav", mixed))
    assert covered(spans, 4, 15) > 0.9 * covered(plain, 4, 15)
    assert covered(spans, 0, 3.5) + covered(spans, 15.5, 19) < 0.5


@pytest.mark.parametrize("level", [1e-2, 2e-3])
def test_quiet_speech_is_found(level: float, speech_wav: Path, tmp_path: Path) -> None:
    spoken = wav.read_range(speech_wav)
    spans = speech_spans(wav_of(tmp_path / "a.wav", quiet(4), spoken * np.float32(level), quiet(4)))
    assert covered(spans, 4, 15) > 6 and covered(spans, 0, 3.5) == 0


def test_speech_that_was_hidden_moves_no_edge_of_what_was_found(speech_wav: Path, tmp_path: Path) -> None:
    spoken = np.concatenate([quiet(1), wav.read_range(speech_wav), quiet(1)])
    few = quiet(1) + 0.3, 0.1 * wav.read_range(speech_wav, 1.0, 2.0) + np.float32(0.3)
    plain = speech_spans(wav_of(tmp_path / "a.wav", *[spoken] * 6))
    both = speech_spans(wav_of(tmp_path / "b.wav", *[spoken] * 6, *few))
    assert plain[:-1] == both[: len(plain) - 1]
    assert covered(both, 6 * len(spoken) / RATE + 1, 6 * len(spoken) / RATE + 2) > 0.5


def test_a_single_word_that_fills_the_recording_is_speech(tmp_path: Path, speech_wav: Path) -> None:
    word = wav_of(tmp_path / "word.wav", wav.read_range(speech_wav, 1.0, 1.6))
    assert covered(speech_spans(word), 0.0, 0.6) > 0.4


def test_spans_stay_within_the_recording(tmp_path: Path, speech_wav: Path) -> None:
    spans = speech_spans(wav_of(tmp_path / "part.wav", wav.read_range(speech_wav, 3.0, 9.0)))
    assert spans and spans[0].start >= 0.0 and spans[-1].end <= 6.0


def test_an_empty_recording_has_no_speech(tmp_path: Path) -> None:
    assert speech_spans(wav_of(tmp_path / "a.wav")) == []


def test_another_sample_rate_is_refused(tmp_path: Path) -> None:
    with wav.WavWriter(tmp_path / "a.wav", 44_100) as writer:
        writer.write(quiet(1))
    with pytest.raises(ValueError, match="44100 samples per second"):
        speech_spans(tmp_path / "a.wav")


def test_memory_does_not_grow_with_the_length(speech_wav: Path, tmp_path: Path) -> None:
    spoken = wav.read_range(speech_wav)
    long = wav_of(tmp_path / "a.wav", *[spoken] * 120)  # 22 minutes, 84 MB as float32
    tracemalloc.start()
    try:
        spans = speech_spans(long)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert covered(spans, 0, 1320) > 900
    assert peak < 16_000_000


def test_the_quietest_moment_is_where_nobody_speaks(speech_wav: Path, tmp_path: Path) -> None:
    spoken = wav.read_range(speech_wav, 0.4, 2.0)
    file = wav_of(tmp_path / "a.wav", spoken, quiet(0.3), spoken)
    assert 1.6 < quietest_in(file)(0.5, 3.0) < 1.9


# What follows from it: pure rules

EDGES = st.lists(st.floats(0, 2000, allow_nan=False).map(lambda x: round(x, 3)), unique=True, max_size=40)


@st.composite
def spans_of_speech(draw: st.DrawFn) -> list[Span]:
    edges = sorted(draw(EDGES))
    return [Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]


@given(spans_of_speech(), st.floats(0, 2000), st.floats(0, 2000))
def test_pauses_and_speech_together_fill_the_range(spans: list[Span], one: float, other: float) -> None:
    start, end = sorted((one, other))
    found = pauses(spans, start, end)
    assert in_order(found)
    assert sum(p.duration_s for p in found) + covered(spans, start, end) == pytest.approx(end - start, abs=1e-6)
    assert all(covered(spans, p.start, p.end) == 0 for p in found)


def test_the_longest_pause_is_cut_to_the_range() -> None:
    spans = [Span(0, 10), Span(11, 20), Span(24, 30)]
    assert longest_pause(spans, 0, 30) == Span(20, 24)
    assert longest_pause(spans, 5, 21) == Span(10, 11)
    assert longest_pause(spans, 2, 9) is None


@given(spans_of_speech(), st.floats(5, 60), st.floats(0, 1))
def test_windows_cover_all_speech_once_and_keep_the_limit(spans: list[Span], longest_s: float, share: float) -> None:
    found = windows(spans, longest_s=longest_s, quietest=lambda a, b: a + (b - a) * share)
    assert in_order(found)
    assert all(window.duration_s <= longest_s + 1e-6 for window in found)
    for span in spans:
        assert covered(found, span.start, span.end) == pytest.approx(span.duration_s, abs=1e-6)
    starts = {span.start for span in spans}
    assert all(w.start in starts or covered(spans, w.start - 1e-6, w.start) > 0 for w in found)


def test_windows_are_split_in_pauses() -> None:
    spans = [Span(0, 12), Span(13, 25), Span(26, 40), Span(41, 55)]
    assert windows(spans) == [Span(0, 25), Span(26, 55)]


@given(spans_of_speech())
def test_windows_do_not_depend_on_where_in_a_long_pause_the_recording_is_cut(spans: list[Span]) -> None:
    places = [place for place, (one, next_) in enumerate(pairwise(spans), 1) if next_.start - one.end >= LONG_PAUSE_S]
    for place in places:
        assert windows(spans[:place]) + windows(spans[place:]) == windows(spans)


def test_unbroken_speech_is_cut_at_its_quietest() -> None:
    assert windows([Span(0, 50)], quietest=lambda a, b: 23.0) == [Span(0, 23), Span(23, 50)]
    assert windows([Span(0, 50)]) == [Span(0, 30), Span(30, 50)]


@given(spans_of_speech(), st.floats(0, 3000), st.floats(20, 900), st.floats(0.01, 0.5))
def test_cuts_are_in_order_near_their_marks_and_leave_no_crumbs(
    spans: list[Span], duration_s: float, target_s: float, share: float
) -> None:
    cuts = cut_points(spans, duration_s, target_s=target_s, window_s=share * target_s)
    assert all(a < b for a, b in pairwise(cuts))
    for number, cut in enumerate(cuts, 1):
        assert abs(cut - number * target_s) <= share * target_s + 1e-6
    if cuts:
        assert duration_s - cuts[-1] >= target_s / 2
    longest = max(b - a for a, b in pairwise([0.0, *cuts, duration_s]))
    assert longest <= target_s * (1.5 + 2 * share) + 1e-6


def test_a_cut_is_the_middle_of_the_longest_pause_near_the_mark() -> None:
    spans = [Span(0, 590), Span(591, 610), Span(614, 1000)]
    assert cut_points(spans, 1000, target_s=600, window_s=60) == [612]


def test_a_cut_in_unbroken_speech_is_at_the_mark() -> None:
    assert cut_points([Span(0, 1000)], 1000, target_s=400, window_s=30) == [400, 800]


def test_a_short_recording_is_not_cut() -> None:
    assert cut_points([Span(0, 50)], 60, target_s=600, window_s=60) == []
    assert cut_points([Span(0, 50)], 700, target_s=600, window_s=60) == []
    assert cut_points([], 0, target_s=600, window_s=60) == []
