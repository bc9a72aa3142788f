"""What is measured before the first job: which precision is the fastest on this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from dropdub.engines.base import EngineSettings
from dropdub.engines.devices import cuda
from dropdub.engines.whisper.engine import FasterWhisperTranscriber
from dropdub.prewarm import main
from dropdub.root import Root
from tests.spoken import WHISPER

pytest.importorskip("faster_whisper", reason="the extra 'quality' is not installed")


def a_root(path: Path, device: str) -> Root:
    path.mkdir()
    models = {"use": {"faster-whisper": str(WHISPER)}, "device": device}
    (path / "config.yaml").write_text(yaml.safe_dump({"models": models}), encoding="utf-8")
    root = Root.at(path)
    root.create_folders()
    return root


def test_fastest_precision_is_saved_and_used_from_then_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = a_root(tmp_path / "root", "cpu")
    assert main("precision", str(root.path)) == 0
    said = capsys.readouterr().out
    assert all(f"{kind} on cpu: " in said for kind in ("int8", "int8_float32", "float32"))
    [(_, chosen)] = json.loads((root.state_dir / "precision.json").read_text(encoding="utf-8")).items()
    assert f"{WHISPER.name} now runs with precision {chosen}." in said
    settings = EngineSettings(models={"faster-whisper": str(WHISPER)}, device="cpu", state_dir=root.state_dir)
    engine = FasterWhisperTranscriber(settings)
    engine.load()
    assert engine.info().details["compute_type"] == chosen


def test_missing_graphics_card_is_reported_and_nothing_is_saved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if cuda.cards():
        pytest.skip("there is a graphics card here")
    root = a_root(tmp_path / "root", "cuda")
    assert main("precision", str(root.path)) == 1
    said = capsys.readouterr().out
    assert "No precision works on this machine." in said and "float16 on cuda is not possible on this machine" in said
    assert not (root.state_dir / "precision.json").exists()
