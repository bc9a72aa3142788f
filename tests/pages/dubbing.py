"""A server with the job of a recording in which two people speak, dubbed into Spanish."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tests.acceptance.served import Served
from tests.acceptance.site import LIGHT, Site

RATE = 16_000
LINES = (
    ("One small step for the people.", 0.5, 2.5),
    ("My fellow friends, ask not.", 3.0, 5.0),
    ("Your country can do it for you.", 5.5, 7.5),
    ("What can you do for your country?", 8.0, 10.0),
)
JOB = "clip.wav"


@contextmanager
def dubbed_at(root: Path) -> Iterator[Served]:
    """Yield the server. Each of the two speaks on a channel; what they say is in a subtitle beside the recording."""
    site = Site(root, job={**LIGHT, "speakers": "all", "targets": ["es"]})
    one = Served(site)
    one.start()
    try:
        subtitle = site.root / "lines.srt"
        cues = (f"00:00:{start:06.3f} --> 00:00:{end:06.3f}\n{text}\n" for text, start, end in LINES)
        subtitle.write_text("\n".join(cues), encoding="utf-8")
        site.move_in(subtitle, "clip.en.srt")
        site.drop(two_speakers(site.root / "outside.wav"), JOB)
        site.wait_for(JOB)
        yield one
    finally:
        one.close()
        site.close()


def two_speakers(path: Path) -> Path:
    """Write a recording in which the first two lines sound on the left, and the others on the right."""
    sound = np.zeros((11 * RATE, 2), np.float32)
    moments = np.arange(2 * RATE) / RATE
    for number, (_, start, _) in enumerate(LINES):
        pitch, syllables = (140, 220)[number // 2], 0.5 + 0.5 * np.sin(2 * np.pi * 4 * moments)
        voice = sum(np.sin(2 * np.pi * pitch * k * moments) / k for k in range(1, 20))
        begin = round(start * RATE)
        sound[begin : begin + len(moments), number // 2] = 0.2 * voice * syllables
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((sound.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return path
