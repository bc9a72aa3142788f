"""The whole program as a way to transcribe: `dropdub run` in a fresh root."""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml
from process_tree import TreeWatch
from side import run

from dropdub.cli.exit_codes import DONE, FELL_SHORT
from quality.material import Recording
from quality.ways import Outcome, Way, Word

FAILED = "failed: "


def program(title: str = "Dropdub", *, language: str = "en", **settings: Any) -> Way:
    """Return the way of the whole program, as installed, on the processor; `settings` are sections of config.yaml."""

    def transcribe(model: Path, recordings: Sequence[Recording]) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="root-") as folder:
            root = Path(folder)
            (root / "config.yaml").write_text(yaml.safe_dump(_config(model, language) | settings), encoding="utf-8")
            watch = TreeWatch()
            cost = run(
                _command(root, "run", *(str(one.path) for one in recordings)), watch=watch.on, accept=(DONE, FELL_SHORT)
            )
            branches = {**watch.branches_s, "main": cost.cpu_s - sum(watch.branches_s.values())}
            jobs = run(_command(root, "status", "--json", "--limit", "0")).result["jobs"]
            return Outcome(
                {one.name: _words(root, one.name) for one in recordings},
                cost.cpu_s,
                watch.peak_mb,
                branches,
                notes={Path(job["name"]).stem: _note(job) for job in jobs},
                languages={Path(job["name"]).stem: job["language"] for job in jobs},
                seams=_seams(root),
            )

    return Way(title, transcribe)


def _command(root: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "dropdub", "--root", str(root), *words]


def _config(model: Path, language: str) -> dict[str, Any]:
    return {
        "inbox": {"settle": 0.2},
        "cache": {"enabled": False},
        "job": {"language": language, "targets": [], "transcriber": "faster-whisper"},
        "models": {"device": "cpu", "compute_type": "int8", "use": {"faster-whisper": str(model)}},
    }


def _words(root: Path, name: str) -> tuple[Word, ...]:
    """Return the words of the published transcript; none if there is no transcript."""
    path = root / "outbox" / name / f"{name}.json"
    if not path.is_file():
        return ()
    segments = json.loads(path.read_text(encoding="utf-8"))["segments"]
    return tuple(Word(word["start"], word["end"], word["text"]) for one in segments for word in one["words"])


def _note(job: dict[str, Any]) -> str:
    return f"{FAILED}{job['error']}" if job["error"] else " ".join(job["warnings"])


def _seams(root: Path) -> dict[str, tuple[float, ...]]:
    """Return, for each recording, when one chunk ends and the next one begins, in seconds: no command shows it."""
    query = "SELECT job.name, step.result FROM step JOIN job ON job.id = step.job_id WHERE step.stage = 'split'"
    with closing(sqlite3.connect(root / "jobs.db")) as database:
        rows = database.execute(query).fetchall()
    chunks = {Path(name).stem: json.loads(result)["chunks"] for name, result in rows if result}
    return {name: tuple(end for _, end in ranges[:-1]) for name, ranges in chunks.items()}
