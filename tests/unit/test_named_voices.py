"""A voice that the settings name is not removed, wherever they name it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropdub.config import Config
from dropdub.errors import VoiceInUse
from dropdub.operations.named_voices import refuse_named

EVERYWHERE = {
    "job": {"voice": "ana"},
    "profiles": {"lessons": {"voice": "ana"}, "talks": {"voice": "rui"}},
    "monitor": {"files": {"chat": {"file": str(Path(__file__).resolve()), "voice": "ana"}}},
    "web": {"voices": {"alloy": "ana"}},
}


@pytest.fixture
def ana(tmp_path: Path) -> Path:
    for name in ("ana", "eva", "André"):
        (tmp_path / f"{name}.wav").write_bytes(b"RIFF")
    return tmp_path / "ana.wav"


def test_the_refusal_says_everywhere_where_a_voice_is_named(ana: Path) -> None:
    with pytest.raises(VoiceInUse) as raised:
        refuse_named(ana, Config.model_validate(EVERYWHERE))
    for place in ("job.voice", "profiles.lessons.voice", "monitor.files.chat.voice", "web.voices.alloy"):
        assert place in raised.value.message
    assert "talks" not in raised.value.message


def test_other_voices_may_be_removed(ana: Path) -> None:
    refuse_named(ana.with_name("eva.wav"), Config.model_validate(EVERYWHERE))
    refuse_named(ana, Config.model_validate({"job": {"voice": "pt-br"}, "profiles": {"x": {"targets": ["pt"]}}}))


def test_a_name_counts_in_whatever_form_its_accents_are_written(ana: Path) -> None:
    decomposed = Config.model_validate({"profiles": {"x": {"voice": "Andre\N{COMBINING ACUTE ACCENT}"}}})
    with pytest.raises(VoiceInUse):
        refuse_named(ana.with_name("André.wav"), decomposed)
