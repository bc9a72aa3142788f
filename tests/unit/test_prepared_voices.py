"""A voice is prepared as long as its embedding is in the cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from dropdub.dubbing.voices import prepare
from dropdub.engines.base import EngineInfo, EngineSettings, Samples, Voice
from dropdub.files.durable import sha256
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.prepared_voices import prepared_for


class FakeCloner:
    """A synthesizer whose embeddings are the recordings themselves: a real one has two gigabytes of weights."""

    name: ClassVar[str] = "cloner"
    role: ClassVar[str] = "synthesizer"
    rank: ClassVar[int] = 1
    clones: ClassVar[bool] = True
    sample_rate: int = 24_000

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self.computed: Sequence[str] = ()

    @classmethod
    def unavailable(cls) -> str | None:
        return None

    def load(self) -> None:
        pass

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, "1")

    def supports(self, language: str) -> bool:
        return True

    def speak(self, text: str, *, language: str, voice: Voice | None, rate: float = 1.0, take: int = 0) -> Samples:
        return np.zeros(1, np.float32)

    def voice_key(self, voice: Voice) -> str:
        return voice.name

    def prepare(self, voice: Voice) -> bytes:
        self.computed = [*self.computed, voice.name]
        return b"embedding"

    def take_prepared(self, voice: Voice, value: bytes) -> None:
        assert value == b"embedding"


def test_an_embedding_is_computed_once_and_noted(tmp_path: Path) -> None:
    recording = tmp_path / "ana.wav"
    recording.write_bytes(b"sound")
    cache, engine, voice = Cache(tmp_path / "cache", max_bytes=1_000_000), FakeCloner(), Voice("ana", recording)
    assert prepared_for(cache, sha256(recording)) is None
    assert not prepare(cache, engine, voice, language="pt")
    assert prepare(cache, engine, voice, language="pt")
    assert engine.computed == ["ana"]
    assert prepared_for(Cache(tmp_path / "cache", max_bytes=0), sha256(recording)) == "cloner"


def test_a_voice_whose_embedding_was_removed_or_that_was_replaced_is_not_prepared(tmp_path: Path) -> None:
    recording = tmp_path / "ana.wav"
    recording.write_bytes(b"sound")
    cache = Cache(tmp_path / "cache", max_bytes=1_000_000)
    prepare(cache, FakeCloner(), Voice("ana", recording), language="pt")
    old = sha256(recording)
    recording.write_bytes(b"another sound")
    assert prepared_for(cache, sha256(recording)) is None
    for entry in (tmp_path / "cache").rglob("*"):
        if entry.is_file() and b"embedding" in entry.read_bytes() and b"cloner" not in entry.read_bytes():
            entry.unlink()
    assert prepared_for(cache, old) is None


def test_there_is_nothing_to_prepare_without_a_recording(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", max_bytes=1_000_000)
    assert not prepare(cache, FakeCloner(), None, language="pt")
    assert not prepare(cache, FakeCloner(), Voice("of the engine"), language="pt")
