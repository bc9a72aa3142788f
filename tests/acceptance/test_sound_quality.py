"""The real daemon estimates how good a dub sounds, if the model for that is there, and does the same without it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.site import Site

JOB: dict[str, Any] = {"language": "en", "targets": ["es"]}


def dubbed(site: Site) -> dict[str, Any]:
    """Dub what was dropped as `talk`, and return its manifest."""
    assert site.work_off() == 0, site.output()
    site.check()
    found: dict[str, Any] = json.loads(site.published("talk")["manifest.json"].read_text(encoding="utf-8"))
    return found


def stages(site: Site) -> set[str]:
    return {row["stage"] for row in site.rows("SELECT stage FROM step")}


def test_report_says_how_good_the_dub_and_the_original_sound(
    site: Callable[..., Site], speech: Path, real_model: Callable[[str], Path]
) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime, of the extra compact, runs the model")
    model = real_model("dnsmos")
    root = site(job=JOB, web={"language": "pt-BR"})
    shutil.copytree(model, root.root / "models" / "dnsmos")
    root.drop(speech, "talk.flac")
    sound = dubbed(root)["quality"]["targets"]["es"]["sound"]
    assert sound["model"] == "dnsmos" and len(sound["speakers"]) == 1
    assert 1 < sound["dub"]["overall"] < 5 and sound["original"]["background"] == pytest.approx(3.2, abs=0.3)
    assert sound["dub"] != sound["original"], "espeak and a recording of 1961"
    report = root.published("talk")["report.html"].read_text(encoding="utf-8")
    assert "Qualidade do som" in report and "segundo a estimativa do modelo DNSMOS" in report
    shown = root.jobs("show", "1", "--json")
    assert json.loads(shown.stdout)["quality"]["targets"]["es"]["sound"] == sound
    assert "as dnsmos estimates it" in root.jobs("show", "1").stdout


def test_without_the_model_the_steps_and_figures_are_as_before(site: Callable[..., Site]) -> None:
    root = site(job=JOB)
    root.drop_text("The house is big.\n", "talk.txt")
    figures = dubbed(root)["quality"]["targets"]["es"]
    assert set(figures) == {"timing", "heard_back", "voices", "voices_left", "not_measured"}
    assert "compare" not in stages(root)
    assert "DNSMOS" not in root.published("talk")["report.html"].read_text(encoding="utf-8")
