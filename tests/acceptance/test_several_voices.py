"""A story that three voices read, through the real daemon: the pitch of what was published shows who speaks when."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from dropdub.engines.base import Samples
from dropdub.engines.espeak.engine import EspeakSynthesizer
from dropdub.media.ffmpeg import find_ffmpeg
from dropdub.media.sound.pitch import pitch_hz
from tests.acceptance.site import Site

pytestmark = pytest.mark.skipif(bool(EspeakSynthesizer.unavailable()), reason="espeak-ng is not installed")
RATE_HZ = 16_000
STORY = """O sol nasceu devagar sobre a aldeia, e ninguém andava ainda pelas ruas
Ana: Bom dia a todos, e que belo dia faz hoje, meus amigos.

— Vem comigo para casa agora mesmo — disse ela a olhar para a janela aberta —, antes que a noite chegue outra vez.

Nota: às 10:30 ninguém tinha ainda aberto a porta da loja.
"""
VOICES = {"voice": "pt-br+david", "voices": {"ana": "pt-br+linda", "dialogue": "pt-br+Nguyen"}}
PITCH_HZ = {"narrator": (60, 100), "dialogue": (125, 180), "ana": (195, 260)}
"""Between which pitches each of these voices speaks: the medians are 75, 156 and 222 Hz."""


def decoded(sound: Path) -> Samples:
    command = [str(find_ffmpeg()), "-v", "error", "-i", str(sound), "-f", "f32le", "-ac", "1", "-ar", str(RATE_HZ), "-"]
    made = subprocess.run(command, capture_output=True, check=True, timeout=60)
    return np.frombuffer(made.stdout, np.float32)


def who_speaks(sound: Path) -> list[str]:
    """Return whose voices are heard in a file one after another."""
    samples, step = decoded(sound), RATE_HZ // 4
    pitches = [pitch_hz(samples[at : at + 6 * step], RATE_HZ) for at in range(0, len(samples), step)]
    heard = [name for pitch in pitches for name, (low, high) in PITCH_HZ.items() if pitch and low < pitch < high]
    runs = [(name, len(list(those))) for name, those in groupby(heard)]
    return [name for name, _ in groupby(name for name, length in runs if length > 2)]


def test_everybody_in_a_story_has_their_own_voice(site: Callable[..., Site]) -> None:
    root = site(job={"language": "pt", **VOICES})
    root.drop_text(STORY, "conto.txt")
    assert root.work_off() == 0, root.output()
    made = root.published("conto")
    assert who_speaks(made["conto.pt.m4a"]) == ["narrator", "ana", "dialogue", "narrator", "dialogue", "narrator"]
    assert made["conto.pt.txt"].read_text(encoding="utf-8") == STORY.replace("\nAna", "\n\nAna")
    [warning] = json.loads(made["manifest.json"].read_text(encoding="utf-8"))["warnings"]
    assert warning.startswith("Portuguese was spoken by espeak-ng"), "all voices and all names are known"
    root.check()
