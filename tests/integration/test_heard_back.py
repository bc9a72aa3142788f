"""Spoken lines verified by the real transcriber: bad ones spoken again, babble cut, lines that stay bad named."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from dropdub.engines.base import EngineSettings, Samples, Voice
from dropdub.engines.espeak.engine import EspeakSynthesizer
from dropdub.engines.offers import GROUP
from dropdub.engines.registry import EngineRegistry
from dropdub.media.sound import wav
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.facts import Facts
from tests.drive import LIGHT, Drive
from tests.spoken import ENGLISH, NLLB, WHISPER, recording

pytest.importorskip("faster_whisper", reason="the extra 'quality' is not installed")
MUMBLED, LOST, RAMBLED = (
    "Nós vemos o meu carro vermelho.",
    "Eu quero a sua janela verde.",
    "O meu livro grande é pequeno.",
)
PACE = 155 / 175
"""The pace on which the small model was trained, as a multiple of espeak's usual one."""


class FakeMumbler(EspeakSynthesizer):
    """eSpeak, but mumbling one line at first, another each time, and babbling after a third, as neural voices do."""

    name: ClassVar[str] = "mumbler"

    def speak(self, text: str, *, language: str, voice: Voice | None, rate: float = 1.0, take: int = 0) -> Samples:
        sound = super().speak(text, language=language, voice=voice, rate=rate * PACE)
        if text == LOST or (text == MUMBLED and take == 0):
            return np.random.default_rng(take).normal(0, 0.05, len(sound)).astype(np.float32)
        if text == RAMBLED:
            babble = super().speak("seis seis doze", language=language, voice=voice, rate=rate * PACE)
            return np.concatenate([sound, np.zeros(self.sample_rate // 2, np.float32), babble])
        return sound


@pytest.fixture
def driven(tmp_path: Path) -> Callable[..., Drive]:
    source = recording(tmp_path / "talk.wav", (ENGLISH[0], ENGLISH[1], ENGLISH[3], ENGLISH[5]), pause_s=2.5)

    def made(**synthesis: object) -> Drive:
        engines = {"faster-whisper": "whisper.engine:FasterWhisperTranscriber", "nllb": "nllb.engine:NllbTranslator"}
        entries = [EntryPoint(name, f"dropdub.engines.{place}", GROUP) for name, place in engines.items()]
        entries.append(EntryPoint("mumbler", f"{__name__}:FakeMumbler", GROUP))
        models = EngineSettings(models={"faster-whisper": str(WHISPER), "nllb": str(NLLB)}, device="cpu")
        options = LIGHT.overridden(
            {
                "transcriber": "auto",
                "translator": "auto",
                "synthesizer": "mumbler",
                "targets": ["pt-BR"],
                "synthesis": synthesis,
            }
        )
        cache = Cache(None, max_bytes=0)
        return Drive(source, tmp_path, options=options, engines=EngineRegistry(entries, settings=models), cache=cache)

    return made


def test_bad_line_is_spoken_again_and_reported_if_it_stays_bad(driven: Callable[..., Drive]) -> None:
    drive = driven(verify=True, takes=3).run()
    first, second, third = (drive.facts[key] for key in ("hear/pt-BR", "hear/pt-BR/1", "hear/pt-BR/2"))
    assert (first["again"], second["again"], third["again"]) == ([1, 3], [3], [])
    assert drive.step("synthesize/pt-BR/1").params["lines"] == [1, 3]
    assert "hear/pt-BR/3" not in [step.key for step in drive.plan()]
    assert drive.warnings.count(f"Line 4 of the pt-BR dub may be unintelligible: “{LOST}”") == 1
    assert [text for text in drive.warnings if "unintelligible" in text and LOST not in text] == []
    assert Facts(drive.facts).best_takes("pt-BR")[1] == "0001.2.wav"
    assert all(one["good"] for line, one in third["lines"].items() if line != "3")
    assert [one["words"] for one in third["lines"].values()][1:] == [6, 6, 6]
    assert third["lines"]["2"]["errors"] == 0, "the babble that was cut off is not counted"
    assert third["lines"]["3"]["errors"] > 3 and "heard" in third["lines"]["3"]
    manifest = json.loads(drive.published["manifest.json"].read_text(encoding="utf-8"))
    heard_back = manifest["quality"]["targets"]["pt-BR"]["heard_back"]
    assert heard_back["lines"] == 4 and heard_back["bad"] == [3]
    assert 0.1 < heard_back["word_error_rate"] < 0.5, "one line of four is lost"
    assert "may be unintelligible" in drive.published["report.html"].read_text(encoding="utf-8")


def test_babble_after_last_word_is_cut_off(driven: Callable[..., Drive]) -> None:
    drive = driven(verify=True, takes=1).run()
    files = Facts(drive.facts).best_takes("pt-BR")
    assert files[0] == "0000.wav", "what is as it should be stays as it is"
    assert files[2] == "0002.cut.wav"
    folder = drive.job_dir / "speech.pt-BR"
    whole, cut = wav.duration_s(folder / "0002.wav"), wav.duration_s(folder / "0002.cut.wav")
    assert 0.8 < whole - cut < 2.5
    track = wav.read_range(drive.job_dir / "dub.pt-BR.wav")
    assert len(track) == round(
        wav.duration_s(drive.job_dir / "audio.wav") * wav.sample_rate(drive.job_dir / "dub.pt-BR.wav")
    )


def test_speech_that_cannot_go_wrong_is_not_verified_unless_requested(driven: Callable[..., Drive]) -> None:
    keys = [step.key for step in driven().run().plan()]
    assert [key for key in keys if key.startswith("hear")] == []
