"""Recordings of known words: sentences of the small models' vocabulary, in the voice that they were trained on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dropdub.engines.espeak.library import espeak_library
from dropdub.media.sound import wav

MODELS = Path(__file__).parent / "models"
WHISPER, NLLB, PARAKEET = (MODELS / name for name in ("whisper-tiny-en-pt", "nllb-tiny-en-pt", "parakeet-tiny"))
RATE = 16_000
WORDS_PER_MINUTE = 155
LOUDEST_SILENCE = 0.004

ENGLISH = (
    "Our good man is old.",
    "We see my red car.",
    "They like the blue house and your dog.",
    "My big book is small.",
    "Today you open our door with the new friend.",
    "I want your green window.",
    "The cat is near our old city.",
    "You find the water and my child.",
)
PORTUGUESE = (
    "Nós vemos o meu carro vermelho.",
    "A minha casa grande é azul.",
    "Eles têm o livro e a água.",
    "Hoje vocês abrem a nossa porta nova.",
)


def spoken(text: str, *, voice: str = "en-us") -> NDArray[np.float32]:
    """Return a sentence at 16 kHz, without the silence around it."""
    library = espeak_library()
    samples = wav.resample(
        library.speak(text, voice=voice, words_per_minute=WORDS_PER_MINUTE), library.sample_rate, RATE
    )
    loud = np.flatnonzero(np.abs(samples) > LOUDEST_SILENCE)
    return samples[max(loud[0] - 160, 0) : loud[-1] + 320]


def recording(path: Path, sentences: Sequence[str], *, voice: str = "en-us", pause_s: float = 0.7) -> Path:
    """Write the sentences one after another as a WAV file, a pause before, between and after them."""
    pause = np.zeros(round(pause_s * RATE), np.float32)
    parts = [part for sentence in sentences for part in (pause, spoken(sentence, voice=voice))]
    with wav.WavWriter(path, RATE) as writer:
        writer.write(np.concatenate([*parts, pause]))
    return path
