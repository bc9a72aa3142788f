"""Made-up sound without speech: noise, and tones with beats like music."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from recordings import RATE_HZ

LOUDNESS = 0.1


def white_noise(number: int) -> NDArray[np.float64]:
    return np.random.default_rng(1).normal(0, LOUDNESS, number)


def brown_noise(number: int) -> NDArray[np.float64]:
    """Return noise whose power falls by 6 dB an octave, without the part below 20 Hz."""
    spectrum = np.fft.rfft(np.random.default_rng(2).normal(0, 1, number))
    frequencies = np.fft.rfftfreq(number, 1 / RATE_HZ)
    spectrum[frequencies < 20] = 0
    return _loud(np.fft.irfft(spectrum / np.maximum(frequencies, 20), number))


def arpeggio(number: int) -> NDArray[np.float64]:
    """Return broken chords at 120 beats a minute, with a bass drum on each beat and a hi-hat between."""
    sound = np.zeros(number)
    noise = np.random.default_rng(3)
    chords = ((220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (130.8, 164.8, 196.0), (196.0, 246.9, 293.7))
    for eighth in range(int(number / RATE_HZ / 0.25)):
        chord = chords[eighth // 16 % len(chords)]
        _add(sound, eighth * 0.25, _plucked(chord[eighth % 3] * (2 if eighth % 4 == 3 else 1), 0.4))
        if eighth % 2 == 0:
            _add(sound, eighth * 0.25, 1.5 * _tone(50 + 60 * _decay(0.15, 30)) * _decay(0.15, 20))
        else:
            _add(sound, eighth * 0.25, noise.normal(0, 0.3, round(0.05 * RATE_HZ)) * _decay(0.05, 60))
    return _loud(sound)


def pads(number: int) -> NDArray[np.float64]:
    """Return sustained chords that swell and fade, as of a slow organ, with a beat a second."""
    sound = np.zeros(number)
    for bar in range(int(number / RATE_HZ / 4)):
        for note in ((146.8, 220.0, 277.2), (164.8, 207.7, 246.9), (123.5, 185.0, 293.7))[bar % 3]:
            swell = np.sin(np.linspace(0, np.pi, 4 * RATE_HZ))
            _add(sound, bar * 4, _harmonics(note, 4.0, 6) * swell)
        for beat in range(4):
            _add(sound, bar * 4 + beat, _tone(np.full(len(_times(0.2)), 60.0)) * _decay(0.2, 15))
    return _loud(sound)


def drone(number: int) -> NDArray[np.float64]:
    """Return three detuned tones with many harmonics, which beat slowly against each other."""
    seconds = number / RATE_HZ
    return _loud(sum((_harmonics(note, seconds, 12) for note in (110.0, 110.6, 165.3)), np.zeros(number)))


def sweeps(number: int) -> NDArray[np.float64]:
    """Return tones that glide between 100 and 1,000 Hz with vibrato, in phrases of 1.5 s, like a theremin's."""
    sound = np.zeros(number)
    draw = random.Random(4)
    for phrase in range(int(number / RATE_HZ / 2)):
        low, high = draw.uniform(100, 300), draw.uniform(300, 1000)
        times = _times(1.5)
        glide = _tone(low + (high - low) * times / 1.5 + 8 * np.sin(2 * np.pi * 6 * times))
        _add(sound, phrase * 2, glide * np.sin(np.linspace(0, np.pi, len(glide))) ** 0.3)
    return _loud(sound)


SOUNDS: dict[str, Callable[[int], NDArray[np.float64]]] = {
    "white noise": white_noise,
    "brown noise": brown_noise,
    "arpeggio with drums": arpeggio,
    "chords with beats": pads,
    "drone": drone,
    "sweeps": sweeps,
}


def _loud(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    return sound * (LOUDNESS / np.sqrt((sound**2).mean()))


def _times(seconds: float) -> NDArray[np.float64]:
    return np.arange(round(seconds * RATE_HZ)) / RATE_HZ


def _decay(seconds: float, rate: float) -> NDArray[np.float64]:
    return np.exp(-_times(seconds) * rate)


def _tone(pitch_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a sine whose frequency is given for each sample."""
    return np.sin(2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ)


def _harmonics(note_hz: float, seconds: float, number: int) -> NDArray[np.float64]:
    times = _times(seconds)
    return sum((np.sin(2 * np.pi * note_hz * n * times) / n for n in range(1, number + 1)), np.zeros(len(times)))


def _plucked(note_hz: float, seconds: float) -> NDArray[np.float64]:
    return _harmonics(note_hz, seconds, 5) * _decay(seconds, 6)


def _add(sound: NDArray[np.float64], at_s: float, part: NDArray[np.float64]) -> None:
    first = round(at_s * RATE_HZ)
    room = len(sound) - first
    sound[first : first + len(part)] += part[:room]
