"""Subtitles that people bring, correct and drop again, with the real daemon."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dropdub_light.apertium import ApertiumTranslator
from tests.acceptance.site import Site
from tests.documents import an_epub
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(ApertiumTranslator.unavailable()), reason="apertium is not installed"),
]
WORDS = """1
00:00:00,400 --> 00:00:04,000
And so, my fellow Americans,

2
00:00:04,200 --> 00:00:08,000
ask not what your country can do for you.

3
00:00:08,400 --> 00:00:10,800
Ask what you can do for your country.
"""
TO_SPANISH = {"job": {"language": "en", "targets": ["es"]}}


def manifest(site: Site, folder: str) -> dict[str, object]:
    loaded: dict[str, object] = json.loads(site.published(folder)["manifest.json"].read_text(encoding="utf-8"))
    return loaded


def corrected(site: Site, file: Path, old: str, new: str) -> None:
    """Take a subtitle out of the outbox, correct it, and drop it again."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.unlink()
    site.drop_text(text.replace(old, new), file.name)


def test_film_and_subtitle_in_any_order_are_one_job(site: Callable[..., Site], talk_video: Path) -> None:
    root = site(**TO_SPANISH, inbox={"settle": 2.0, "settle_subtitle": 5.0})
    root.start()
    root.drop_text(WORDS, "first.en.srt")
    root.drop(talk_video, "first.mp4")
    root.drop(talk_video, "second.mp4")
    root.drop_text(WORDS + "\n", "second.srt")
    for name in ("first.mp4", "second.mp4"):
        root.wait_for(name, "succeeded")
        assert "ask not what your country" in root.published(Path(name).stem)[f"{Path(name).stem}.srt"].read_text(
            "utf-8"
        )
    assert set(root.states()) == {"first.mp4", "second.mp4"}
    assert {path.name for path in (root.root / "archive").iterdir()} == {
        *("first.mp4", "first.en.srt", "second.mp4", "second.srt")
    }
    root.stop()
    root.check()


def test_subtitle_that_arrives_while_its_film_is_processed_is_applied_afterwards(
    site: Callable[..., Site], talk_video: Path
) -> None:
    root = site(**TO_SPANISH)
    root.start(DROPDUB_FAILPOINTS="stage.split=slow")
    root.drop(talk_video, "talk.mp4")
    root.wait_for("talk.mp4", "running")
    root.drop_text(WORDS, "talk.srt")
    root.wait_for("talk.srt", "succeeded")
    assert root.states() == {"talk.mp4": "succeeded", "talk.srt": "succeeded"}
    assert "my fellow Americans" in root.published("talk (2)")["talk.txt"].read_text(encoding="utf-8")
    assert {"talk.es.mp4", "talk.es.srt", "talk.json"} < root.published("talk (2)").keys()
    root.stop()
    root.check()


def test_corrected_subtitles_dropped_again_make_new_version_beside_the_old(
    site: Callable[..., Site], talk_video: Path
) -> None:
    root = site(**TO_SPANISH)
    root.drop_text(WORDS, "talk.srt")
    root.drop(talk_video, "talk.mp4")
    assert root.work_off() == 0, root.output()
    first = root.published("talk")
    corrected(root, first["talk.srt"], "Ask what you can do for your country.", "Ask who can help you.")
    assert root.work_off() == 0, root.output()
    second = root.published("talk (2)")
    assert "Ask who can help you." in second["talk.srt"].read_text(encoding="utf-8")
    assert {"talk.mp4", "talk.es.mp4", "talk.es.m4a", "talk.json"} - second.keys() == {"talk.mp4"}
    corrected(root, second["talk.es.srt"], second["talk.es.txt"].read_text(encoding="utf-8").split()[-1], "amigos.")
    assert root.work_off() == 0, root.output()
    third = root.published("talk (3)")
    assert third.keys() == {
        *("talk.es.txt", "talk.es.srt", "talk.es.vtt", "talk.es.m4a", "talk.es.mp4"),
        *("talk.original.m4a", "report.html", "manifest.json"),
    }
    assert "amigos." in third["talk.es.txt"].read_text(encoding="utf-8")
    steps = {str(step["step"]) for step in manifest(root, "talk (3)")["steps"]}  # type: ignore[attr-defined]
    assert not any(step.startswith(("split", "diarize", "transcribe")) for step in steps)
    assert [path.name for path in (root.root / "failed").iterdir()] == []
    for old, kept in ((first, "talk.es.mp4"), (second, "talk.es.mp4")):
        assert old[kept].exists()
    invariants_without_removed(root)


def invariants_without_removed(root: Site) -> None:
    """Check all that must hold, except that the manifests list two files that this test took out of the outbox."""
    from tests.chaos.invariants import broken

    found = [sentence for sentence in broken(root.root, root.dropped) if "is not what the manifest" not in sentence]
    assert found == []


def test_correction_whose_film_is_gone_is_treated_as_standalone_subtitle_and_reported(
    site: Callable[..., Site], talk_video: Path
) -> None:
    root = site(**TO_SPANISH)
    root.drop_text(WORDS, "talk.srt")
    root.drop(talk_video, "talk.mp4")
    assert root.work_off() == 0, root.output()
    (root.root / "archive" / "talk.mp4").unlink()
    corrected(root, root.published("talk")["talk.srt"], "my fellow", "my dear")
    assert root.work_off() == 0, root.output()
    assert root.published("talk (2)").keys() == {
        *("talk.es.txt", "talk.es.srt", "talk.es.vtt", "talk.es.m4a", "report.html", "manifest.json")
    }
    warnings = root.job("talk.srt")["warnings"]
    [warning] = [one for one in warnings if "its recording" in one]
    assert "its recording is no longer at" in warning and "drop both together" in warning
    named = [one.replace(f"dropdub --root {root.root} ", "dropdub ") for one in warnings]
    assert manifest(root, "talk (2)")["warnings"] == named, "the same, except that commands name the root"


def test_correction_is_recognised_after_its_job_was_pruned(site: Callable[..., Site], talk_video: Path) -> None:
    root = site(**TO_SPANISH)
    root.drop_text(WORDS, "talk.srt")
    root.drop(talk_video, "talk.mp4")
    assert root.work_off() == 0, root.output()
    assert root.jobs("prune", "--older-than", "0s").returncode == 0
    assert root.rows("SELECT * FROM job") == []
    corrected(root, root.published("talk")["talk.srt"], "my fellow", "my dear")
    assert root.work_off() == 0, root.output()
    assert {"talk.srt", "talk.es.mp4", "talk.es.m4a", "manifest.json"} <= root.published("talk (2)").keys()
    assert "my dear Americans" in root.published("talk (2)")["talk.txt"].read_text(encoding="utf-8")


def test_a_subtitle_alone_is_translated_and_spoken(site: Callable[..., Site]) -> None:
    root = site(job={"targets": ["es"]})
    root.drop_text(WORDS, "talk.en.srt")
    assert root.work_off() == 0, root.output()
    assert root.published("talk").keys() == {
        *("talk.es.txt", "talk.es.srt", "talk.es.vtt", "talk.es.m4a", "report.html", "manifest.json")
    }
    assert (root.root / "archive" / "talk.en.srt").exists()
    assert root.job("talk.en.srt")["kind"] == "subtitle"
    root.check()


def test_unreadable_subtitle_fails_with_its_film_and_both_can_be_retried(
    site: Callable[..., Site], talk_video: Path
) -> None:
    root = site(job={"language": "en"})
    root.drop_text("no times at all", "talk.srt")
    root.drop(talk_video, "talk.mp4")
    assert root.work_off() == 1
    failed = root.root / "failed"
    assert {path.name for path in failed.iterdir()} == {"talk.mp4", "talk.srt", "talk.mp4.error.txt"}
    assert "talk.srt contains no readable subtitles" in (failed / "talk.mp4.error.txt").read_text(encoding="utf-8")
    root.check()
    (failed / "talk.srt").write_text(WORDS, encoding="utf-8")
    assert root.jobs("retry", "--failed").returncode == 0
    assert root.work_off() == 0, root.output()
    assert {path.name for path in (root.root / "archive").iterdir()} == {"talk.mp4", "talk.srt"}
    wait_until(lambda: not any(failed.iterdir()), "nothing to be left in failed/")


def test_a_book_is_delivered_as_text_as_sound_and_as_audio_book(site: Callable[..., Site], tmp_path: Path) -> None:
    root = site(job={"language": "en", "text": {"m4b": True}})
    root.drop(an_epub(tmp_path / "book.epub"))
    assert root.work_off() == 0, root.output()
    assert root.published("book").keys() == {
        *("book.en.txt", "book.en.md", "book.en.m4a", "book.en.m4b", "manifest.json")
    }
    root.check()


@pytest.fixture
def immovable() -> Iterator[Callable[[Path], None]]:
    """Return a function that makes a file impossible to move, until the test is over or it is called again."""
    held: list[Path] = []

    def toggle(path: Path) -> None:
        sign = "-" if path in held else "+"
        done = subprocess.run(["chattr", f"{sign}i", str(path)], capture_output=True, check=False)
        if done.returncode:
            pytest.skip(f"chattr cannot hold a file here: {done.stderr.decode(errors='replace').strip()}")
        held.remove(path) if sign == "-" else held.append(path)

    yield toggle
    for path in list(held):
        toggle(path)


@pytest.mark.skipif(shutil.which("chattr") is None, reason="chattr is not here")
def test_files_cancelled_during_intake_are_moved_to_failed_together(
    site: Callable[..., Site], talk_video: Path, immovable: Callable[[Path], None]
) -> None:
    root = site(**TO_SPANISH)
    root.drop_text(WORDS, "clip.en.srt")
    root.drop(talk_video, "clip.mp4")
    immovable(root.inbox / "clip.en.srt")
    root.start()
    wait_until((root.root / "work" / "1" / "source" / "clip.mp4").exists, "the film to be moved")
    root.jobs("cancel", "1")
    wait_until(lambda: root.rows("SELECT verdict FROM job")[0]["verdict"] == "cancelled", "the verdict")
    immovable(root.inbox / "clip.en.srt")
    root.wait_for("clip.mp4", "cancelled")
    assert {"clip.mp4", "clip.en.srt"} <= {path.name for path in (root.root / "failed").iterdir()}
    assert not list(root.inbox.iterdir())
    assert root.stop() == 0
    root.check()
