"""A root with a monitored file, whose lines a stand-in for the worker speaks, delivered as the daemon does."""

from __future__ import annotations

import sys
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

from dropdub.daemon.context import Context
from dropdub.daemon.monitor.delivery import Delivery
from dropdub.daemon.monitor.reading import SILENT_S, Reading
from dropdub.pipeline.artifacts import piece_name
from dropdub.store import transitions
from dropdub.store.transitions import JobFacts
from tests.factories import BROKEN, DONE, ERROR, RUN, a_context

NAME = "talk"
RATE = 8000
PLAYER = """\
import sys, wave
with wave.open(sys.argv[2], "rb") as sound, open(sys.argv[1], "a", encoding="utf-8") as log:
    log.write(sound.readframes(sound.getnframes())[1::2].decode() + "\\n")
"""

QUICK_PLAYER = """\
#!/bin/sh
tail -c +45 "$2" | tr -d '\\000' >> "$1"
echo >> "$1"
"""
"""The same for systems with a shell, where it starts at once."""


class FakeWorker:
    """Speaks a line by writing its letters as samples, one piece a word; `broken` are texts that it fails at."""

    def __init__(self, context: Context, broken: frozenset[str] = frozenset()) -> None:
        self._context = context
        self._broken = broken

    def speak_all(self, *, at_most: int = 1000) -> int:
        """Do all steps that are due; return how many."""
        for number in range(at_most):
            claim = transitions.claim_step(self._context.store, pool="synthesize", owner=RUN, now=time.time())
            if claim is None:
                return number
            held = (claim.step.id or 0, claim.step.token)
            text = claim.step.params["text"]
            if text in self._broken:
                transitions.fail_step(self._context.store, *held, error=ERROR, end=BROKEN, now=time.time())
                end_failed(self._context, claim.job.id or 0)
                continue
            pieces = self._write(self._context.root.results_dir(claim.job.id or 0), text)
            result = {"pieces": pieces, "sample_rate": RATE, "warnings": []}
            transitions.complete_step(
                self._context.store,
                *held,
                result=result,
                facts=JobFacts(),
                steps=(),
                end=DONE,
                now=time.time(),
                is_answer=True,
            )
        return at_most

    def _write(self, folder: Path, text: str) -> int:
        folder.mkdir(parents=True, exist_ok=True)
        words = text.split(" ")
        for number, word in enumerate(words):
            spoken = word if number == len(words) - 1 else f"{word} "
            with wave.open(str(folder / piece_name(number)), "wb") as writer:
                writer.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
                writer.writeframes(b"".join(bytes((0, byte)) for byte in spoken.encode()))
        return len(words)


def end_failed(context: Context, job_id: int) -> None:
    ending = {"verdict": "failed", "reason": "It broke.", "remedy": None, "destination": None}
    transitions.begin_ending(context.store, job_id, **ending, now=time.time())
    transitions.finish_job(context.store, job_id, source="", now=time.time())


def said_in(sound: Path) -> str:
    """Return the text that the stand-in has spoken."""
    with wave.open(str(sound), "rb") as reader:
        return reader.readframes(reader.getnframes())[1::2].decode()


class Monitored:
    """One monitor at work in one life of a daemon, by a clock that only moves when asked to."""

    def __init__(self, context: Context, *, broken: frozenset[str] = frozenset()) -> None:
        self.context = context
        settings = context.config.monitor.files[NAME]
        self.file = Path(settings.file)
        self.saved = Path(settings.save) if settings.save else None
        self.played = context.root.path / "played"
        self.stopping = threading.Event()
        self.reading = Reading(context, NAME, settings, lambda: None)
        self.delivery = Delivery(context, NAME, settings, turn=threading.Lock(), stopping=self.stopping)
        self.worker = FakeWorker(context, broken)
        self.now = 0.0

    def read(self) -> None:
        """Read until the file has been silent for long enough."""
        for _ in range(3):
            while self.reading.look(self.now):
                pass
            self.now += SILENT_S

    def deliver(self) -> None:
        while self.delivery.deliver_next():
            pass

    def work(self) -> None:
        """Read, speak and deliver all lines."""
        self.read()
        self.worker.speak_all()
        self.deliver()

    def texts_played(self) -> list[str]:
        return self.played.read_text(encoding="utf-8").splitlines() if self.played.exists() else []

    def texts_saved(self) -> dict[str, str]:
        assert self.saved is not None
        return {path.name: said_in(path) for path in sorted(self.saved.iterdir())}


def a_player(folder: Path) -> list[str]:
    """Make a program in a root, unless it is there, that notes what is played; return the command."""
    folder.mkdir(exist_ok=True)
    is_quick = sys.platform != "win32"
    script = folder / "player"
    if not script.exists():
        script.write_text(QUICK_PLAYER if is_quick else PLAYER, encoding="utf-8", newline="")
        script.chmod(0o700)
    return [*([] if is_quick else [sys.executable]), str(script), str(folder / "played")]


@contextmanager
def a_monitor(folder: Path, *, broken: frozenset[str] = frozenset(), **options: Any) -> Iterator[Monitored]:
    """Yield the monitor of a root in a folder, in its first or its next life. Lines are played unless `save` is set."""
    player = a_player(folder)
    options = {"file": str(folder / "talk.txt"), "start": "beginning", **options}
    settings = yaml.safe_dump({"monitor": {"player": player, "files": {NAME: options}}})
    with a_context(folder, settings, run=uuid4().hex) as context:
        made = Monitored(context, broken=broken)
        try:
            yield made
        finally:
            made.reading.close()
