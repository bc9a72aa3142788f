"""Lines that an engine speaks at once: the same as alone, and no line is lost with another's error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from dropdub.dubbing.cached_speech import CachedSpeech, Piece
from dropdub.dubbing.voices import Casting
from dropdub.engines.abilities import SpokenText, ToSpeak
from dropdub.engines.base import EngineInfo, Samples, Voice
from dropdub.errors import OutOfMemory, VoiceMissing
from dropdub.pipeline.cache import Cache

TEXTS = [f"Line {number}." for number in range(12)]
NOBODY = Casting(Voice("nobody"), "engine:nobody")


class FakeChoir:
    """Speaks tones, up to `room` at once; it has no voice called nobody, and `defective` texts are reported."""

    name, role, rank, runtime, clones = "fake-choir", "synthesizer", 1, None, False
    sample_rate = 8_000

    def __init__(self, *, room: int = 8, defective: str = "") -> None:
        self.tried: list[int] = []
        self.room, self.defective = room, defective

    @classmethod
    def unavailable(cls) -> str | None:
        return None

    def load(self) -> None:
        pass

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, "1")

    def supports(self, language: str) -> bool:
        return language == "en"

    def speak(self, text: str, *, language: str, voice: Voice | None, rate: float = 1.0, take: int = 0) -> Samples:
        return self.speak_all([ToSpeak(text, voice, rate)], language=language, take=take)[0].samples

    def batch_size(self) -> int:
        return 8

    def speak_all(self, texts: Sequence[ToSpeak], *, language: str, take: int = 0) -> list[SpokenText]:
        self.tried.append(len(texts))
        if len(texts) > self.room:
            raise OutOfMemory("It ran out of memory.")
        if any(one.voice for one in texts):
            raise VoiceMissing("There is no voice 'nobody'.")
        return [SpokenText(tone(one.text), ("bad",) if one.text == self.defective else ()) for one in texts]


def tone(text: str) -> Samples:
    return np.full(800, TEXTS.index(text) / 100, np.float32)


def pieces(*, without_voice: int | None = None) -> list[Piece]:
    voices = [NOBODY if number == without_voice else Casting(None, "default") for number in range(len(TEXTS))]
    return [Piece(text, 1.0, voice) for text, voice in zip(TEXTS, voices, strict=True)]


def said(speech: CachedSpeech, wanted: Sequence[Piece]) -> Iterator[str]:
    """Yield each text once its own sound was returned; check that hardly any sounds are kept in memory."""
    for number, piece in enumerate(wanted):
        np.testing.assert_allclose(speech.sound(piece, iter(wanted[number + 1 :])), tone(piece.text), atol=1e-4)
        assert len(speech._ahead) < 8
        yield piece.text


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", max_bytes=1 << 30)


@pytest.mark.parametrize("is_kept", [True, False])
def test_each_line_gets_its_own_sound_and_is_spoken_once(cache: Cache, is_kept: bool) -> None:
    choir = FakeChoir()
    speech = CachedSpeech(choir, "en", cache if is_kept else Cache(None, max_bytes=0))
    assert list(said(speech, pieces())) == TEXTS
    assert choir.tried == [8, 4] and speech.counts == {"spoken": 12, "cached": 0}


def test_an_attempt_that_was_killed_continues_after_what_was_spoken_at_once(cache: Cache) -> None:
    assert next(said(CachedSpeech(FakeChoir(), "en", cache), pieces())) == TEXTS[0]
    choir = FakeChoir()
    again = CachedSpeech(choir, "en", cache)
    assert list(said(again, pieces())) == TEXTS
    assert choir.tried == [4] and again.counts == {"spoken": 4, "cached": 8}


def test_a_line_that_fails_fails_alone(cache: Cache) -> None:
    with pytest.raises(VoiceMissing):
        list(said(CachedSpeech(FakeChoir(), "en", cache), pieces(without_voice=6)))
    kept = CachedSpeech(FakeChoir(), "en", cache)
    assert list(said(kept, pieces()[:6])) == TEXTS[:6] and kept.counts == {"spoken": 0, "cached": 6}


def test_fewer_lines_are_spoken_at_once_after_memory_ran_out(cache: Cache) -> None:
    choir = FakeChoir(room=2)
    assert list(said(CachedSpeech(choir, "en", cache), pieces())) == TEXTS
    assert choir.tried == [8, 4, *[2] * 6]
    with pytest.raises(OutOfMemory):
        CachedSpeech(FakeChoir(room=0), "en", Cache(None, max_bytes=0)).sound(pieces()[0], pieces()[1:])


def test_a_defect_is_reported_with_its_line_and_that_line_is_not_kept(cache: Cache) -> None:
    speech = CachedSpeech(FakeChoir(defective=TEXTS[2]), "en", cache)
    speaking = said(speech, pieces())
    assert [next(speaking), next(speaking)] == TEXTS[:2] and speech.defects == []
    assert next(speaking) == TEXTS[2] and speech.defects == ["bad"]
    again = CachedSpeech(FakeChoir(), "en", cache)
    assert list(said(again, pieces()[:8])) == TEXTS[:8] and again.counts == {"spoken": 1, "cached": 7}


def test_a_long_book_is_not_read_to_its_end_for_a_few_lines(cache: Cache) -> None:
    looked: list[Piece] = []
    [piece, *_] = pieces()
    following = (looked.append(piece) or piece for _ in range(10_000))
    CachedSpeech(FakeChoir(), "en", cache).sound(piece, following)
    assert 0 < len(looked) < 100
