"""Which workers a daemon starts, and what becomes of those that have nothing to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from tests.acceptance.site import Site
from tests.waiting import wait_until

_READY = re.compile(r"worker (\w+)-\w+ ready")
_ENDED = re.compile(r"worker (\w+)-\w+ ended to free its memory")


def log(root: Site) -> str:
    return (root.root / "work" / "logs" / "dropdub.log").read_text(encoding="utf-8")


def started(root: Site) -> list[str]:
    """Return the pools of which workers were started, in order."""
    return sorted(set(_READY.findall(log(root))))


def test_bare_transcript_starts_no_worker_for_a_dub(site: Callable[..., Site], phrase: Path) -> None:
    root = site(preload=True, job={"speakers": "auto"})
    root.drop(phrase, "clip.flac")
    assert root.work_off() == 0, root.output()
    assert started(root) == ["media", "transcribe"]
    assert "diarize/voices" not in log(root)


def test_silent_file_needs_no_transcriber(site: Callable[..., Site], tmp_path: Path) -> None:
    root = site(preload=True)
    quiet = tmp_path / "quiet.wav"
    soundfile.write(quiet, np.zeros(48_000, np.float32), 16_000)
    answer = root.jobs("run", str(quiet))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert started(root) == ["media"] and "engine loaded" not in log(root)
    assert root.job("quiet.wav")["warnings"] == ["No speech was found in quiet.wav."]


def test_idle_workers_end_and_a_later_file_is_still_processed(site: Callable[..., Site], phrase: Path) -> None:
    soon = {pool: {"idle_exit": 0.3} for pool in ("media", "transcribe", "translate", "synthesize")}
    root = site(preload=True, pools=soon)
    root.start()
    root.drop(phrase, "first.flac")
    root.wait_for("first.flac", "succeeded")
    wait_until(lambda: len(root.ours()) == 1, "only the daemon itself to be left")
    assert set(_ENDED.findall(log(root))) == {"media", "transcribe"}
    daemon = root.status()["daemon"]
    assert (daemon["state"], daemon["notes"]) == ("running", [])
    root.drop_text("A text that comes later.", "later.txt")
    root.wait_for("later.txt", "succeeded")
    assert not re.search(" (WARNING|ERROR) ", log(root)), log(root)
    root.stop()
    root.check()
