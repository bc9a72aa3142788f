"""`dropdub voices`: good recordings are kept, bad ones refused with the reason; and voices are prepared ahead."""

from __future__ import annotations

import errno
import json
import subprocess
import unicodedata
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import yaml

from dropdub.dubbing.voices import recording_of
from dropdub.files.durable import sha256
from dropdub.media.sound import wav
from dropdub.media.sound.voice_check import check_voice
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.prepared_voices import prepared_for
from tests import warm
from tests.drive import LIGHT
from tests.tiny_xtts import make_tiny_xtts

RATE = 24_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "ro ot ção"
    root.mkdir()
    chosen = {"transcriber": LIGHT.transcriber, "translator": LIGHT.translator, "synthesizer": "xtts"}
    (root / "config.yaml").write_text(yaml.safe_dump({"job": chosen}), encoding="utf-8")
    return root


def voices(root: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return warm.run(["--root", str(root), "voices", *map(str, arguments)])


def changed(path: Path, speech: Path, how: str) -> Path:
    """Write the speech again, degraded in one way."""
    samples, rate = wav.read_range(speech), wav.sample_rate(speech)
    noise = np.random.default_rng(0).normal(0, 0.03, len(samples)).astype(np.float32)
    spoilt = {
        "short": samples[: 2 * rate],
        "silent": samples * 0,
        "overdriven": np.clip(samples * 30, -1, 1),
        "drowned": samples * 0.1 + noise,
    }[how]
    with wav.WavWriter(path, rate) as writer:
        writer.write(spoilt)
    return path


def test_good_recording_becomes_voice_at_usual_level(root: Path, speech: Path) -> None:
    ended = voices(root, "add", "João P", speech)
    assert ended.returncode == 0, ended.stderr
    kept = root / "voices" / "João P.wav"
    samples = wav.read_range(kept)
    assert wav.sample_rate(kept) == RATE
    assert 10 * np.log10((samples.astype(float) ** 2).mean()) == pytest.approx(-20, abs=3)
    (listed,) = json.loads(voices(root, "list", "--json").stdout)
    assert (listed["name"], listed["problems"]) == ("João P", [])
    assert listed["level_db"] == pytest.approx(-20, abs=3)
    assert "João P" in voices(root, "list").stdout
    assert [path.name for path in (root / "voices").iterdir()] == ["João P.wav"], "nothing else is left there"


def test_name_is_the_same_however_its_accents_are_encoded(root: Path, speech: Path) -> None:
    assert voices(root, "add", unicodedata.normalize("NFD", "João"), speech).returncode == 0
    assert recording_of(unicodedata.normalize("NFD", "João"), root / "voices") == root / "voices" / "João.wav"


def test_voice_is_replaced_completely_or_not_at_all(root: Path, speech: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dropdub.cli import voices as act
    from dropdub.operations.place import find_place

    place = find_place(root)
    assert act.add(place, "anna", speech, replace=False, force=False) == 0
    before = (root / "voices" / "anna.wav").read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(wav.WavWriter, "write", full)
    with pytest.raises(OSError, match="No space"):
        act.add(place, "anna", speech, replace=True, force=False)
    assert (root / "voices" / "anna.wav").read_bytes() == before


def test_video_can_be_added_too_and_name_cannot_be_used_twice(root: Path, talk_video: Path, speech: Path) -> None:
    assert voices(root, "add", "anna", talk_video).returncode == 0
    again = voices(root, "add", "anna", speech)
    assert again.returncode == 2
    assert "--replace" in again.stderr
    assert voices(root, "add", "anna", speech, "--replace").returncode == 0
    assert voices(root, "remove", "anna").returncode == 0
    assert "There are no voices" in voices(root, "list").stdout
    assert voices(root, "remove", "anna").returncode != 0


@pytest.mark.parametrize(
    ("how", "said"),
    [("short", "At least 3 s"), ("silent", "almost silent"), ("overdriven", "clipped"), ("drowned", "noise")],
)
def test_unsuitable_recording_is_refused_with_the_reason(
    root: Path, speech_wav: Path, tmp_path: Path, how: str, said: str
) -> None:
    file = changed(tmp_path / "voice.wav", speech_wav, how)
    ended = voices(root, "add", "anna", file)
    assert ended.returncode == 1
    assert said in ended.stdout
    assert not (root / "voices" / "anna.wav").exists()
    assert voices(root, "add", "anna", file, "--force").returncode == 0


@pytest.mark.parametrize("name", ["../anna", "a/b", "con", ".hidden", " ", "ã" * 140])
def test_names_that_cannot_be_files_are_refused(root: Path, speech: Path, name: str) -> None:
    assert voices(root, "add", name, speech).returncode == 2


def test_file_without_sound_is_refused_with_error_message(root: Path, silent_video: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("Hello.", encoding="utf-8")
    said = {text: "notes.txt", silent_video: "has no sound", tmp_path / "missing.wav": "does not exist"}
    for file, sentence in said.items():
        ended = voices(root, "add", "anna", file)
        assert ended.returncode in (1, 2)
        assert "Traceback" not in ended.stderr
        assert sentence in ended.stderr


def test_half_minute_with_most_speech_of_long_recording_is_kept(root: Path, speech_wav: Path, tmp_path: Path) -> None:
    samples, rate = wav.read_range(speech_wav), wav.sample_rate(speech_wav)
    with wav.WavWriter(tmp_path / "long.wav", rate) as writer:
        writer.write(np.concatenate([np.zeros(40 * rate, np.float32), samples, samples, samples]))
    assert voices(root, "add", "anna", tmp_path / "long.wav").returncode == 0
    kept = wav.read_range(root / "voices" / "anna.wav")
    assert len(kept) == 30 * RATE
    assert check_voice(kept, RATE).problems == ()


def test_missing_or_invalid_voice_is_not_prepared(root: Path) -> None:
    none = voices(root, "prepare")
    assert (none.returncode, "There are no voices" in none.stdout) == (1, True)
    (root / "voices").mkdir(exist_ok=True)
    (root / "voices" / "torn.wav").write_bytes(b"RIFF")
    with wav.WavWriter(root / "voices" / "empty.wav", RATE):
        pass
    said = {
        "nobody": "There is no voice 'nobody'",
        "torn": "cannot be read",
        "empty": "is too short: 0.0 s",
        "../x": "not the name",
    }
    for name, sentence in said.items():
        ended = voices(root, "prepare", name)
        assert ended.returncode == 1
        assert sentence in ended.stdout
        assert "Traceback" not in ended.stderr


@pytest.mark.skipif(find_spec("TTS") is None, reason="the extra 'quality' is not installed")
def test_voice_is_prepared_ahead_and_missing_model_is_named(root: Path, speech: Path) -> None:
    assert voices(root, "add", "anna", speech).returncode == 0
    missing = voices(root, "prepare")
    assert missing.returncode == 1
    assert "models pull xtts-v2\n" in missing.stdout
    make_tiny_xtts(root / "models" / "xtts-v2")
    ended = voices(root, "prepare", "anna")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "anna: prepared for xtts" in ended.stdout
    cache = Cache(root / "work" / "result-cache", max_bytes=0)
    assert prepared_for(cache, sha256(root / "voices" / "anna.wav")) == "xtts"
