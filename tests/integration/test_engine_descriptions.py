"""A daemon has it found out what its engines can do, by a real process that imports them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dropdub.daemon.change_detector import INSTALLED_AFTER_S
from dropdub.daemon.context import Context
from dropdub.daemon.engine_descriptions import EVERY_S, FIRST_AFTER_S, RETRY_S, EngineDescriptions
from dropdub.pipeline.described_engines import DescribedEngine, described_engines
from tests.factories import a_context
from tests.integration.test_engines import usable


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    usable("espeak-ng")
    usable("apertium")
    usable("pocketsphinx")
    with a_context(tmp_path, "preload: false\n") as made:
        yield made


class Daemon:
    """What a daemon does for its descriptions, by a clock that only moves when asked to."""

    def __init__(self, context: Context) -> None:
        self.engines = EngineDescriptions(context)
        self.folder = context.root.state_dir / "engines"
        self.runs = context.root.run_dir
        self.start = time.monotonic()

    def describes(self, *, after_s: float) -> bool:
        """Take the turn that is due so long after the start; return whether a process was run, which has ended."""
        before = self.engines._thread
        self.engines.tick(self.start + after_s)
        if self.engines._thread is before:
            return False
        assert self.engines._thread is not None
        self.engines._thread.join()
        return True

    def found(self, role: str) -> dict[str, DescribedEngine]:
        return {one.name: one for one in described_engines(self.folder.parent, role)}


def test_what_engines_can_do_is_known_without_any_worker_and_again_when_a_model_has_arrived(context: Context) -> None:
    daemon = Daemon(context)
    assert not daemon.describes(after_s=0), "nobody waits for it while the daemon is busy with its start"
    assert not daemon.describes(after_s=FIRST_AFTER_S - 1)
    assert daemon.describes(after_s=FIRST_AFTER_S)
    assert daemon.found("transcriber")["pocketsphinx"] == DescribedEngine("pocketsphinx", True, ("en",))
    assert not daemon.found("transcriber")["faster-whisper"].is_ready
    speaker = daemon.found("synthesizer")["espeak-ng"]
    assert {"en", "pt", "de"} <= set(speaker.languages) and not speaker.clones and speaker.voices
    assert {"en", "pt"} <= set(daemon.found("translator")["apertium"].languages)

    assert not daemon.describes(after_s=100)
    (context.root.models_dir("models") / "whisper-small").mkdir(parents=True)
    assert not daemon.describes(after_s=110), "it may not be complete yet"
    assert daemon.describes(after_s=110 + INSTALLED_AFTER_S)
    assert not daemon.describes(after_s=EVERY_S)
    assert list(daemon.runs.glob("describe-*")) == []


def test_with_a_web_server_it_is_found_out_at_once_and_stopping_does_not_wait_for_it(context: Context) -> None:
    daemon = Daemon(replace(context, serves=True))
    daemon.engines.tick(daemon.start)
    assert daemon.engines._thread is not None
    daemon.engines.stop()
    daemon.engines._thread.join()
    assert list(daemon.runs.glob("describe-*")) == []
    assert daemon.found("synthesizer") == {}


def test_after_a_failure_the_last_description_stays_and_it_is_tried_again(
    context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    daemon = Daemon(replace(context, serves=True))
    daemon.folder.parent.mkdir(parents=True)
    daemon.folder.write_bytes(b"")
    assert daemon.describes(after_s=0)
    assert "engines not described" in caplog.text
    daemon.folder.unlink()
    assert not daemon.describes(after_s=RETRY_S - 1)
    assert daemon.describes(after_s=2 * RETRY_S)
    assert daemon.found("synthesizer")
