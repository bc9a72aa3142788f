"""Speak the samples of the compact voices, and transcribe them back:   .venv/bin/python docs/voice_samples.py

The models that this needs are those of the demo, in `models/` of the checkout or in another folder: `--models FOLDER`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dropdub.dubbing.word_errors import WordErrors, word_errors
from dropdub.engines.abilities import NeedsModel
from dropdub.engines.base import SPEECH_RATE_HZ, EngineSettings, Samples, Synthesizer, Voice, Window, message_and_remedy
from dropdub.engines.espeak.engine import EspeakSynthesizer
from dropdub.engines.hibari import HibariSynthesizer
from dropdub.engines.kokoro.engine import KokoroSynthesizer
from dropdub.engines.models.catalogue import how_to_download
from dropdub.engines.whisper.engine import FasterWhisperTranscriber
from dropdub.errors import DropdubError, EngineMissing
from dropdub.media.ffmpeg import UNTAGGED, input_arguments, run_ffmpeg
from dropdub.media.sound import wav
from dropdub.media.sound.voice_check import levelled

HERE = Path(__file__).resolve().parent
SOUNDS = HERE / "sounds"
LISTENER = "whisper-base"
"""The transcriber of the compact engines, as a dub is verified with it."""
SENTENCES = {
    "en": "This is how a dub sounds when nobody's voice is copied. Every word should be easy to understand.",
    "pt": "É assim que uma dublagem soa quando nenhuma voz é copiada. Cada palavra deve ser fácil de entender.",
    "es": "Así suena un doblaje cuando no se copia ninguna voz. Cada palabra debería ser fácil de entender.",
}
"""The same in each language."""
BIT_RATE = "40k"
MOST_BYTES = 40_000
ENCODING_S = 60.0


@dataclass(frozen=True)
class Sample:
    """One file: an engine that speaks a language, with the voice of a name or, with None, its usual one."""

    engine: type[Synthesizer]
    language: str
    voice: str | None = None

    @property
    def path(self) -> Path:
        return SOUNDS / f"{self.engine.name}-{self.voice or self.language}.m4a"


SAMPLES = (
    Sample(HibariSynthesizer, "en"),
    Sample(KokoroSynthesizer, "pt", "pf_dora"),
    Sample(KokoroSynthesizer, "pt", "pm_alex"),
    Sample(EspeakSynthesizer, "es"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=HERE.parent / "models", help="default: models/ of the checkout")
    settings = EngineSettings(parser.parse_args().models.resolve(), models={"faster-whisper": LISTENER})
    try:
        for line in made(settings):
            print(line, flush=True)
    except DropdubError as error:
        print(f"{error.message}\n{error.remedy}".strip(), file=sys.stderr)
        return 1
    return 0


def made(settings: EngineSettings) -> Iterator[str]:
    """Write each sample, and yield a line about it. Raises EngineMissing, before anything is written."""
    listener = FasterWhisperTranscriber(settings)
    engines = {sample.engine: sample.engine(settings) for sample in SAMPLES}
    refuse_missing(listener, settings)
    for engine in engines.values():
        refuse_missing(engine, settings)
    SOUNDS.mkdir(exist_ok=True)
    for sample in SAMPLES:
        speech = spoken(engines[sample.engine], sample)
        size = encoded(speech, engines[sample.engine].sample_rate, sample.path)
        errors = heard_back(listener, sample)
        length_s = len(speech) / engines[sample.engine].sample_rate
        yield (
            f"{sample.path.relative_to(HERE)}: {length_s:.1f} s, {size} bytes; "
            f"{LISTENER} hears {errors.errors} of {errors.words} words otherwise"
        )


def refuse_missing(engine: FasterWhisperTranscriber | Synthesizer, settings: EngineSettings) -> None:
    """Raise EngineMissing if an engine is not installed or its model is not here."""
    if problem := engine.unavailable():
        message, remedy = message_and_remedy(problem)
        raise EngineMissing(message, remedy=remedy)
    if isinstance(engine, NeedsModel) and (model := engine.missing_model()):
        raise EngineMissing(
            f"The model {model} of the engine {engine.name} is not in {settings.models_dir}.",
            remedy=f"{how_to_download(model)}\nOr name the folder that has it: --models FOLDER",
        )


def spoken(engine: Synthesizer, sample: Sample) -> Samples:
    """Return the sentence of the sample's language, at the engine's sample rate and the level of a dub's voice."""
    engine.load()
    voice = Voice(sample.voice) if sample.voice else None
    return levelled(engine.speak(SENTENCES[sample.language], language=sample.language, voice=voice))


def encoded(speech: Samples, rate: int, path: Path) -> int:
    """Write a sound as AAC, which every browser plays; return the size in bytes. Raises EngineMissing if ffmpeg is not
    there, and SystemExit if the file is too large for a page.
    """
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "speech.wav"
        with wav.WavWriter(plain, rate) as writer:
            writer.write(speech)
        codec = ("-c:a", "aac", "-b:a", BIT_RATE, "-movflags", "+faststart", "-f", "ipod")
        run_ffmpeg([*input_arguments(plain), *UNTAGGED, *codec, str(path)], deadline_s=ENCODING_S)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{path.name} has {size} bytes, more than {MOST_BYTES}: shorten the sentence.")
    return size


def heard_back(listener: FasterWhisperTranscriber, sample: Sample) -> WordErrors:
    """Return the word errors of what is heard in the written file."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "heard.wav"
        sixteen = ("-ac", "1", "-ar", str(SPEECH_RATE_HZ))
        run_ffmpeg([*input_arguments(sample.path), *sixteen, str(plain)], deadline_s=ENCODING_S)
        window = Window(0.0, wav.read_range(plain))
    heard = " ".join(one.text for found in listener.transcribe([window], language=sample.language) for one in found)
    return word_errors(SENTENCES[sample.language], heard)


if __name__ == "__main__":
    sys.exit(main())
