"""What was found out about the engines is read by processes that import none."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropdub.describe import _described, described
from dropdub.engines.abilities import OfferedVoice
from dropdub.engines.hibari import HibariSynthesizer
from dropdub.engines.registry import EngineRegistry
from dropdub.pipeline.described_engines import (
    DescribedEngine,
    EngineVoice,
    chosen_engines,
    described_engines,
    engine_in_use,
    is_described,
    save_engines,
)
from tests.unit.test_registry import entry

ROLE = "synthesizer"
GOOD = DescribedEngine("good", False, ("en", "pt"), clones=True)
PLAIN = DescribedEngine("plain", True, ("pt",), voices=(EngineVoice("pf_dora", "pt-BR"),))


def test_a_description_is_read_as_it_was_saved_and_only_written_if_it_has_changed(tmp_path: Path) -> None:
    assert described_engines(tmp_path, ROLE) == ()
    save_engines(tmp_path, ROLE, [GOOD, PLAIN])
    assert described_engines(tmp_path, ROLE) == (GOOD, PLAIN)
    before = (tmp_path / "engines" / f"{ROLE}.json").stat()
    save_engines(tmp_path, ROLE, [GOOD, PLAIN])
    assert (tmp_path / "engines" / f"{ROLE}.json").stat() == before


def test_that_there_is_no_engine_is_described_too(tmp_path: Path) -> None:
    assert not is_described(tmp_path, ROLE)
    save_engines(tmp_path, ROLE, [])
    assert is_described(tmp_path, ROLE) and described_engines(tmp_path, ROLE) == ()


@pytest.mark.parametrize("content", [b"", b"{}", b'[{"name": "x"}]', b"[1]", b"\xff"])
def test_a_damaged_description_counts_as_none(tmp_path: Path, content: bytes) -> None:
    save_engines(tmp_path, ROLE, [PLAIN])
    (tmp_path / "engines" / f"{ROLE}.json").write_bytes(content)
    assert described_engines(tmp_path, ROLE) == ()


def test_auto_is_the_best_engine_whose_model_is_there() -> None:
    assert engine_in_use([GOOD, PLAIN], "auto") == PLAIN
    assert engine_in_use([GOOD, PLAIN], "good") == GOOD
    assert engine_in_use([GOOD, PLAIN], "other") is None
    assert engine_in_use([GOOD], "auto") is None
    assert chosen_engines([GOOD, PLAIN], "auto") == [GOOD, PLAIN]
    assert chosen_engines([GOOD, PLAIN], "plain") == [PLAIN]


def test_real_engines_of_each_role_are_described_without_loading_them() -> None:
    registry = EngineRegistry()
    found = {
        role: {one.name: one for one in _described(registry.usable(role))}
        for role in ("transcriber", "translator", ROLE)
    }
    assert not registry._loaded
    assert found["transcriber"]["pocketsphinx"].languages == ("en",)
    assert {"en", "pt"} <= set(found["translator"]["apertium"].languages)
    assert {"pt", "en"} <= set(found[ROLE]["espeak-ng"].languages)
    assert EngineVoice("pf_dora", "pt-BR") in found[ROLE]["kokoro"].voices


def test_every_voice_that_an_engine_lists_can_speak_its_language() -> None:
    registry = EngineRegistry()
    for engine, _ in registry.usable(ROLE):
        for voice in described(engine, is_ready=True).voices:
            assert getattr(engine, "has_voice", lambda _name: True)(voice.name), (engine.name, voice)


class Choir(HibariSynthesizer):
    """Offers voices for a language, but has no list of all."""

    name = "choir"
    own_voices = None  # type: ignore[assignment]  # as if it were not there

    def voices_for(self, language: str) -> list[OfferedVoice]:
        return [OfferedVoice("alto", is_deep=False)] if language == "en" else []


class Broken(HibariSynthesizer):
    """Cannot say what it speaks."""

    name = "broken"

    def supports(self, language: str) -> bool:
        raise ZeroDivisionError(language)


def test_voices_that_are_only_offered_by_language_count_and_an_engine_that_fails_hides_no_other() -> None:
    registry = EngineRegistry([entry(one.name, f"{one.__module__}:{one.__name__}") for one in (Choir, Broken)])
    [choir] = _described(registry.usable(ROLE))
    assert (choir.name, choir.voices) == ("choir", (EngineVoice("alto", "en"),))
