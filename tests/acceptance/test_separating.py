"""The real daemon removes voices from a film with music before it dubs it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from dropdub.media.ffmpeg import find_ffmpeg
from tests.acceptance.site import Site
from tests.tiny_separators import make_htdemucs, make_spleeter

pytestmark = [
    pytest.mark.skipif(shutil.which("apertium") is None, reason="apertium is not installed"),
    pytest.mark.slow,
]
MUSIC_HZ, LOUDNESS = 3_000, 0.03
LIGHT = {"transcriber": "pocketsphinx", "translator": "apertium", "synthesizer": "espeak-ng", "speakers": "one"}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory, talk_video: Path) -> Path:
    """Six seconds of the talk, with a tone for music, which continues for two seconds after the speech."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    tone = ["-f", "lavfi", "-i", f"aevalsrc={LOUDNESS}*sin({MUSIC_HZ}*2*PI*t):d=8:s=48000"]
    talk = "[0:a]pan=mono|c0=c0,aresample=48000,atrim=end=6,apad=whole_dur=8[a]"
    graph = f"{talk};[a][1:a]amix=inputs=2:duration=longest:normalize=0[m]"
    made = ["-map", "0:v", "-c:v", "copy", "-map", "[m]", "-c:a", "aac", "-b:a", "192k", "-t", "8"]
    command = [str(find_ffmpeg()), "-nostdin", "-loglevel", "error", "-i", str(talk_video), *tone]
    subprocess.run([*command, "-filter_complex", graph, *made, str(path)], check=True, timeout=60)
    return path


def music_at_the_end(dub: Path) -> float:
    """Return the amplitude of the tone in the last second but a tenth."""
    with av.open(str(dub)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=48_000)
        frames = [one for frame in container.decode(container.streams.audio[0]) for one in resampler.resample(frame)]
    sound = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])[-48_000:-4_800]
    return float(2 * np.abs((sound * np.exp(-2j * np.pi * MUSIC_HZ * np.arange(len(sound)) / 48_000)).mean()))


def dubbed(site: Site, film: Path) -> tuple[dict[str, Any], float]:
    """Return the manifest of the dubbed film, and how loud its music is at the end."""
    site.drop(film, "film.mp4")
    assert site.work_off() == 0, site.output()
    assert site.job("film.mp4")["state"] == "succeeded", site.output()
    found = site.published("film")
    site.check()
    return json.loads(found["manifest.json"].read_text(encoding="utf-8")), music_at_the_end(found["film.es.m4a"])


def settings(**job: Any) -> dict[str, Any]:
    return {"job": {**LIGHT, "targets": ["es"], "mix": {"separate": True}, **job}}


def test_film_is_dubbed_over_what_its_separator_leaves(tmp_path: Path, film: Path) -> None:
    """The model takes everything for voices, so that neither voices nor music are left."""
    site = Site(tmp_path, **settings(separator="spleeter"))
    make_spleeter(tmp_path / "models" / "spleeter-2stems", vocals=1.0, accompaniment=0.0)
    manifest, left = dubbed(site, film)
    assert left < LOUDNESS / 50
    assert "spleeter" in [engine["name"] for engine in manifest["engines"]]
    assert not [one for one in manifest["warnings"] if "mix.separate" in one]
    if measured := manifest["quality"]["targets"]["es"]["voices_left"]:
        assert measured["voice_s"] > 1 and measured["left_s"] == 0


def test_film_is_dubbed_over_what_demucs_leaves(tmp_path: Path, film: Path) -> None:
    """Its model finds no voices: all of the music is left, and all of the voice, which is noticed."""
    pytest.importorskip("demucs_infer", reason="the extra 'separate' is not installed")
    site = Site(tmp_path, **settings())
    make_htdemucs(tmp_path / "models" / "htdemucs", is_deaf=True)
    manifest, left = dubbed(site, film)
    assert left > LOUDNESS / 2 and "demucs" in [engine["name"] for engine in manifest["engines"]]
    measured = manifest["quality"]["targets"]["es"]["voices_left"]
    if measured is None:
        pytest.skip("faster-whisper, which has the detector of voices, is not installed")
    assert measured["left_s"] > 0.8 * measured["voice_s"] > 1
    assert any("can still be heard under the es dub" in one for one in manifest["warnings"])
