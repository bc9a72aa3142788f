"""The quality engines on small trained models: known words in and out, by the code that loads the full ones."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest

from dropdub.config import Split
from dropdub.engines.base import EngineSettings, Samples, Utterance, Window, Word
from dropdub.engines.nllb.engine import NllbTranslator
from dropdub.engines.registry import EngineRegistry
from dropdub.engines.whisper.decoding import Decoder
from dropdub.engines.whisper.encoding import Encoded
from dropdub.engines.whisper.engine import FasterWhisperTranscriber
from dropdub.errors import EngineMissing, UnsupportedLanguage
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import TRANSCRIPT, Transcript
from dropdub.pipeline.cache import Cache
from tests.drive import LIGHT, Drive
from tests.spoken import ENGLISH, NLLB, PORTUGUESE, RATE, WHISPER, recording, spoken

pytest.importorskip("faster_whisper", reason="the extra 'quality' is not installed")
HELD_OUT = Path(__file__).parents[1] / "data" / "heldout.tsv"
QUALITY = EngineSettings(models={"faster-whisper": str(WHISPER), "nllb": str(NLLB)}, device="cpu", threads=2)
WER = 0.08
"""What the small model achieves on recordings of a minute or two, without the timestamps that it was trained with. On
single sentences it is 1.3 %.
"""


@pytest.fixture(scope="module")
def whisper() -> FasterWhisperTranscriber:
    engine = FasterWhisperTranscriber(QUALITY)
    engine.load()
    return engine


@pytest.fixture(scope="module")
def nllb() -> NllbTranslator:
    engine = NllbTranslator(QUALITY)
    engine.load()
    return engine


@pytest.fixture(scope="module")
def long_talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighty known sentences, about two and a half minutes."""
    return recording(tmp_path_factory.mktemp("talk") / "talk.wav", ENGLISH * 10)


def text_of(engine: FasterWhisperTranscriber, *windows: Window, language: str = "en") -> str:
    return " ".join(one.text for found in engine.transcribe(windows, language=language) for one in found)


def bare(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum() or one.isspace())


def texts_of(heard: Sequence[Sequence[Utterance]]) -> list[list[str]]:
    return [[one.text for one in found] for found in heard]


class TestFasterWhisper:
    @pytest.mark.parametrize(
        ("sentences", "voice", "language"), [(ENGLISH, "en-us", "en"), (PORTUGUESE, "pt-br", "pt")]
    )
    def test_known_words_are_recognised_with_times_of_the_recording(
        self, whisper: FasterWhisperTranscriber, tmp_path: Path, sentences: tuple[str, ...], voice: str, language: str
    ) -> None:
        path = recording(tmp_path / "talk.wav", sentences, voice=voice)
        window = Window(100.0, wav.read_range(path))
        found = [one for heard in whisper.transcribe([window], language=language) for one in heard]
        assert jiwer.wer(bare(" ".join(sentences)), bare(" ".join(one.text for one in found))) <= WER
        assert whisper.detect_language([window]) == language
        words = [word for one in found for word in one.words]
        assert all(100.0 <= word.start <= word.end <= 100.0 + window.duration_s for word in words)
        assert [word.start for word in words] == sorted(word.start for word in words)
        assert all(0.0 <= word.probability <= 1.0 for word in words)
        assert all(isinstance(value, float) for word in words for value in (word.start, word.end, word.probability))

    @pytest.mark.parametrize(("spoken_in", "heard"), [("eeeee", 2), ("pepee", 5)])
    def test_language_is_detected_in_no_more_windows_than_it_takes(
        self,
        whisper: FasterWhisperTranscriber,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        spoken_in: str,
        heard: int,
    ) -> None:
        english = wav.read_range(recording(tmp_path / "en.wav", ENGLISH))
        portuguese = wav.read_range(recording(tmp_path / "pt.wav", PORTUGUESE, voice="pt-br"))
        samples = {"e": english, "p": portuguese}
        whisper.load()
        assert whisper._model is not None
        detect, calls = whisper._model.detect_language, 0

        def counted(sound: Samples) -> Any:
            nonlocal calls
            calls += 1
            return detect(sound)

        monkeypatch.setattr(whisper._model, "detect_language", counted)
        found = whisper.detect_language([Window(0.0, samples[one]) for one in spoken_in])
        assert (found, calls) == ("en", heard), "two windows in one language leave no doubt, two languages do"

    def test_silence_noise_and_tones_give_no_text(self, whisper: FasterWhisperTranscriber) -> None:
        noise = np.random.default_rng(0).normal(0, 0.1, 5 * RATE).astype(np.float32)
        tone = np.sin(np.arange(5 * RATE) / 20).astype(np.float32)
        sounds = [noise, noise * 0, tone, noise[:100], noise[:0]]
        assert list(whisper.transcribe([Window(0.0, one) for one in sounds], language="en")) == [()] * 5

    def test_each_window_gets_its_own_words_although_several_are_decoded_together(
        self, whisper: FasterWhisperTranscriber
    ) -> None:
        windows = [Window(10.0 * number, np.pad(spoken(text), 3000)) for number, text in enumerate(ENGLISH)]
        windows.insert(3, Window(25.0, np.zeros(RATE, np.float32)))
        together = list(whisper.transcribe(windows, language="en"))
        assert together.pop(3) == ()
        assert jiwer.wer(list(map(bare, ENGLISH)), [bare(" ".join(texts)) for texts in texts_of(together)]) <= WER
        del windows[3]
        for window, found in zip(windows, together, strict=True):
            assert window.start <= found[0].start <= found[-1].end <= window.start + window.duration_s

    def test_words_begin_and_end_with_their_sound(self, whisper: FasterWhisperTranscriber) -> None:
        pauses = [0.7, 1.9, 0.6]
        sounds = [spoken(text) for text in ENGLISH[: len(pauses)]]
        talk, starts = [], []
        at = 0.0
        for pause, sound in zip(pauses, sounds, strict=True):
            at += pause
            starts.append(at)
            talk += [np.zeros(round(pause * RATE), np.float32), sound]
            at += len(sound) / RATE
        (found,) = whisper.transcribe([Window(0.0, np.concatenate(talk))], language="en")
        assert [one.text for one in found] == list(ENGLISH[: len(pauses)])
        assert np.allclose([one.start for one in found], starts, atol=0.15)

    def test_speech_longer_than_a_window_loses_nothing(self, whisper: FasterWhisperTranscriber) -> None:
        sentences = ENGLISH * 4
        talk = np.concatenate([part for text in sentences for part in (np.zeros(RATE // 2, np.float32), spoken(text))])
        assert len(talk) > 2 * 30 * RATE
        (found,) = whisper.transcribe([Window(0.0, talk)], language="en")
        assert jiwer.wer(bare(" ".join(sentences)), bare(" ".join(one.text for one in found))) <= WER

    def test_words_without_length_do_not_leave_the_same_rest_for_ever(
        self, whisper: FasterWhisperTranscriber, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        aligned = 0

        def at_the_start(_decoder: Decoder, encoded: Encoded, _readings: object) -> list[list[Word]]:
            nonlocal aligned
            aligned += 1
            return [[Word(0.0, 0.0, " You", 0.9)] for _ in encoded.frames]

        monkeypatch.setattr(Decoder, "_aligned", at_the_start)
        (found,) = whisper.transcribe([Window(0.0, spoken(" ".join(ENGLISH[:2])))], language="en")
        assert [one.text for one in found] == ["You", "You"]
        assert aligned == 2

    def test_more_memory_failures_decode_less_at_once(self) -> None:
        engine = FasterWhisperTranscriber(replace(QUALITY, memory_failures=1))
        (found,) = engine.transcribe([Window(0.0, np.pad(spoken(ENGLISH[0]), 3000))], language="en")
        assert [one.text for one in found] == [ENGLISH[0]]

    def test_language_is_mapped_to_the_models_own_code(self, whisper: FasterWhisperTranscriber) -> None:
        window = Window(0.0, np.pad(spoken(ENGLISH[0]), 3000))
        assert len(list(whisper.transcribe([window], language="nb"))) == 1  # Whisper calls it "no"

    def test_hints_are_accepted(self, whisper: FasterWhisperTranscriber) -> None:
        window = Window(0.0, np.pad(spoken(ENGLISH[0]), 3000))
        whisper.hint_at(prompt="The red house is near.", hotwords=["man", "old"])
        assert bare(text_of(whisper, window))
        whisper.hint_at(prompt=None, hotwords=[])
        assert text_of(whisper, window) == ENGLISH[0]

    def test_language_unknown_to_the_model_is_refused(self, whisper: FasterWhisperTranscriber) -> None:
        with pytest.raises(UnsupportedLanguage, match="tlh"):
            list(whisper.transcribe([], language="tlh"))

    def test_broken_model_gives_error_message(self, tmp_path: Path) -> None:
        shutil.copytree(WHISPER, tmp_path / "broken")
        whole = (tmp_path / "broken" / "model.bin").read_bytes()
        (tmp_path / "broken" / "model.bin").write_bytes(whole[: len(whole) // 2])
        engine = FasterWhisperTranscriber(EngineSettings(models={"faster-whisper": str(tmp_path / "broken")}))
        with pytest.raises(EngineMissing, match="cannot be loaded") as caught:
            engine.load()
        assert "dropdub models verify" in caught.value.sentence


class TestNllb:
    @pytest.mark.parametrize("back", [False, True], ids=["en to pt", "pt to en"])
    def test_held_out_sentences_are_translated_exactly(self, nllb: NllbTranslator, back: bool) -> None:
        pairs = [line.split("\t")[:: -1 if back else 1] for line in HELD_OUT.read_text(encoding="utf-8").splitlines()]
        source, target = ("pt-BR", "en") if back else ("en", "pt")
        got = nllb.translate([pair[0] for pair in pairs], source=source, target=target)
        right = sum(one == pair[1] for one, pair in zip(got, pairs, strict=True))
        assert right >= 0.98 * len(pairs)

    def test_batch_gives_same_as_one_by_one_and_empty_text_stays_empty(self, nllb: NllbTranslator) -> None:
        texts = [*ENGLISH, "", "  ", ENGLISH[0]]
        together = nllb.translate(texts, source="en", target="pt")
        assert together == [nllb.translate([text], source="en", target="pt")[0] for text in texts]
        assert together[0] == "O nosso homem bom é velho."
        assert together[-3:-1] == ["", "  "]

    def test_several_wordings_are_offered_but_no_much_less_likely_ones(
        self, nllb: NllbTranslator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert nllb.alternatives(ENGLISH[:1], source="en", target="pt") == [("O nosso homem bom é velho.",)]
        monkeypatch.setattr("dropdub.engines.ctranslate2.model.AS_LIKELY", 9.0)
        (found,) = nllb.alternatives(ENGLISH[:1], source="en", target="pt")
        assert found[0] == "O nosso homem bom é velho."
        assert 1 < len(found) == len(set(found)) <= 4

    def test_a_language_without_a_code_is_refused(self, nllb: NllbTranslator) -> None:
        assert not nllb.supports("en", "tlh")
        assert not nllb.supports("pt", "pt-BR")
        with pytest.raises(UnsupportedLanguage):
            nllb.translate(["Hello."], source="en", target="tlh")

    @pytest.mark.parametrize("name", ["tokenizer.json", "model.bin"])
    def test_broken_model_gives_error_message(self, tmp_path: Path, name: str) -> None:
        shutil.copytree(NLLB, tmp_path / "broken")
        (tmp_path / "broken" / name).write_bytes(b"{}")
        engine = NllbTranslator(EngineSettings(models={"nllb": str(tmp_path / "broken")}))
        with pytest.raises(EngineMissing) as caught:
            engine.load()
        assert "dropdub models verify" in caught.value.sentence


def test_neither_engine_imports_torch() -> None:
    code = f"""
import sys
from pathlib import Path
from typing import Any
from dropdub.engines.base import EngineSettings
from dropdub.engines.registry import EngineRegistry
models = {{"faster-whisper": {str(WHISPER)!r}, "nllb": {str(NLLB)!r}}}
registry = EngineRegistry(settings=EngineSettings(models=models))
registry.transcriber("faster-whisper", language="en")
registry.translator("nllb", source="en", target="pt")
print([name for name in ("torch", "transformers") if name in sys.modules])
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=60, check=True)
    assert ended.stdout.strip() == "[]"


@pytest.fixture
def driven(tmp_path: Path) -> Callable[..., Drive]:
    def made(source: Path, **options: object) -> Drive:
        quality = {"transcriber": "faster-whisper", "translator": "nllb", **options}
        split = Split.model_validate({"above_duration": 60, "target": 40, "window": 10})
        return Drive(
            source,
            tmp_path,
            options=LIGHT.overridden(quality),
            engines=EngineRegistry(settings=QUALITY),
            cache=Cache(tmp_path / "cache", max_bytes=10**8),
            split=split,
        )

    return made


def test_a_long_recording_in_chunks_keeps_its_words_and_is_translated_exactly(
    driven: Callable[..., Drive], long_talk: Path
) -> None:
    drive = driven(long_talk, targets=["pt"]).run(until="synthesize")
    assert len(drive.facts["split"]["chunks"]) > 2
    transcript = Transcript.load(drive.job_dir / TRANSCRIPT)
    heard = " ".join(segment.text for segment in transcript.segments)
    assert transcript.language == "en"
    assert jiwer.wer(bare(" ".join(ENGLISH * 10)), bare(heard)) <= WER
    translation = Transcript.load(drive.job_dir / "translation.pt.json")
    assert "O nosso homem bom é velho." in [segment.text for segment in translation.segments]
    assert [(one.id, one.start, one.end) for one in translation.segments] == [
        (one.id, one.start, one.end) for one in transcript.segments
    ]
    assert transcript.engine["details"]["compute_type"] == "int8"


def test_portuguese_is_recognised_and_translated_into_english(driven: Callable[..., Drive], tmp_path: Path) -> None:
    path = recording(tmp_path / "fala.wav", PORTUGUESE * 2, voice="pt-br")
    drive = driven(path, targets=["en"]).run(until="synthesize")
    assert drive.facts["merge"]["language"] == "pt"
    translation = Transcript.load(drive.job_dir / "translation.en.json")
    assert "We see my red car." in " ".join(segment.text for segment in translation.segments)


def test_unsupported_pair_is_refused_before_any_work(driven: Callable[..., Drive], tmp_path: Path) -> None:
    path = recording(tmp_path / "talk.wav", ENGLISH[:1])
    drive = driven(path, language="en", targets=["tlh"])
    with pytest.raises(UnsupportedLanguage, match="from en to tlh"):
        drive.run()
    assert drive.facts == {}


def test_portuguese_is_tidied_on_request_and_heard_words_are_kept(driven: Callable[..., Drive], tmp_path: Path) -> None:
    path = recording(tmp_path / "fala.wav", PORTUGUESE[:2], voice="pt-br")
    drive = driven(path, cleanup="pt").run(until="merge")
    chunk = drive.job_dir / "chunks" / "0000.json"
    heard = Transcript.load(chunk)
    chunk.write_text(heard.to_json().replace("Nós vemos", "hum, nós nós vemos"), encoding="utf-8")
    drive.run()
    first = Transcript.load(drive.job_dir / TRANSCRIPT).segments[0]
    assert (first.text, first.raw) == (
        "Nós nós vemos o meu carro vermelho.",
        "hum, nós nós vemos o meu carro vermelho.",
    )
    assert [word.text for word in first.words] == [word.text for word in heard.segments[0].words]
