"""Stopping, killing and steering a real daemon with real work under way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.site import SIDE_BY_SIDE, Site
from tests.waiting import wait_until

STAGES = (
    "probe",
    "extract",
    "split",
    "transcribe",
    "diarize",
    "merge",
    "translate",
    "synthesize",
    "mix",
    "mux",
    "publish",
)


def hang_in(stage: str, root: Site) -> dict[str, str]:
    """Make the first step of a stage hang, so that it can be killed while it runs."""
    return {"DROPDUB_FAILPOINTS": f"stage.{stage}=hang@{root.root / 'hung'}"}


def wait_until_hung(root: Site) -> None:
    wait_until((root.root / "hung").exists, "the step to be under way")


def nothing_lives(root: Site) -> None:
    wait_until(lambda: root.ours() == [], f"all processes to be gone, not {root.ours()}")


@pytest.fixture
def dubbed(site: Callable[..., Site], phrase_video: Path) -> Callable[..., Site]:
    """A root with a video dropped in; it is dubbed in its own language if there is no translator."""

    def make(**settings: object) -> Site:
        root = site(**settings)
        root.drop(phrase_video, "clip.mp4")
        return root

    return make


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_stopped_daemon_requeues_its_step_and_next_start_resumes(
    dubbed: Callable[..., Site], how: signal.Signals
) -> None:
    root = dubbed(**SIDE_BY_SIDE)
    root.start(**hang_in("transcribe", root))
    wait_until_hung(root)
    assert root.stop(how) == 0
    nothing_lives(root)
    [step] = root.rows("SELECT * FROM step WHERE stage = 'transcribe'")
    assert step["state"] == "queued" and step["attempts"] == 0
    assert root.work_off() == 0, root.output()
    assert (
        root.rows("SELECT count(*) AS n FROM attempt JOIN step ON step.id = step_id WHERE stage = 'extract'")[0]["n"]
        == 1
    )
    root.check()


@pytest.mark.parametrize("stage", STAGES)
def test_daemon_killed_in_each_stage_leaves_nothing_lost_duplicated_or_alive(
    dubbed: Callable[..., Site], stage: str
) -> None:
    if stage in ("translate", "synthesize", "mix", "mux"):
        pytest.importorskip("dropdub_light.apertium")
        from dropdub_light.apertium import ApertiumTranslator

        if ApertiumTranslator.unavailable():
            pytest.skip("no translator is installed here, so a dub is not reached")
        root = dubbed(job={"targets": ["es"]})
    else:
        root = dubbed(job={"speakers": "auto"} if stage == "diarize" else {})
    root.start(**hang_in(stage, root))
    wait_until_hung(root)
    root.kill()
    nothing_lives(root)
    assert root.work_off() == 0, root.output()
    assert root.job("clip.mp4")["state"] == "succeeded"
    root.check()


def test_folder_whose_file_was_taken_before_a_kill_is_removed_by_the_next_run(site: Callable[..., Site]) -> None:
    root = site()
    root.drop_text("A text.", "S1/day/one.txt")
    root.start(**hang_in("extract", root))
    wait_until_hung(root)
    root.kill()
    nothing_lives(root)
    assert root.work_off() == 0, root.output()
    assert list(root.inbox.iterdir()) == []
    assert "manifest.json" in root.published("S1/day/one")
    root.check()


def test_folder_of_subtitles_that_was_emptied_before_a_kill_is_removed_by_the_next_run(
    site: Callable[..., Site], phrase_video: Path
) -> None:
    root = site()
    root.drop(phrase_video, "aside.mp4").rename(root.root / "clip.mp4")
    (root.inbox / "film" / "Subs").mkdir(parents=True)
    cue = "1\n00:00:00,100 --> 00:00:01,000\nAsk not.\n"
    (root.inbox / "film" / "Subs" / "2_English.srt").write_text(cue, encoding="utf-8")
    (root.root / "clip.mp4").rename(root.inbox / "film" / "clip.mp4")
    root.start(**hang_in("extract", root))
    wait_until_hung(root)
    root.kill()
    nothing_lives(root)
    assert root.work_off() == 0, root.output()
    assert list(root.inbox.iterdir()) == []
    assert root.job("film/clip.mp4")["state"] == "succeeded"


def test_file_being_processed_during_too_many_crashes_fails(dubbed: Callable[..., Site]) -> None:
    root = dubbed(retry={"interruptions": 2})
    for _ in range(3):
        (root.root / "hung").unlink(missing_ok=True)
        root.start(**hang_in("extract", root))
        wait_until_hung(root)
        root.kill()
        nothing_lives(root)
    assert root.work_off() == 1
    assert "crashed or was killed" in root.job("clip.mp4")["reason"]
    root.check()


def test_dead_worker_is_replaced_and_its_step_retried(dubbed: Callable[..., Site]) -> None:
    root = dubbed()
    flag = root.root / "died"
    assert root.work_off(DROPDUB_FAILPOINTS=f"stage.transcribe=kill@{flag}") == 0, root.output()
    outcomes = root.rows("SELECT outcome FROM attempt JOIN step ON step.id = step_id WHERE stage = 'transcribe'")
    assert [row["outcome"] for row in outcomes] == ["retried", "succeeded"]
    root.check()


def test_hung_step_is_ended_at_its_deadline_and_retried(dubbed: Callable[..., Site]) -> None:
    root = dubbed(deadlines={"factor": 0.1})
    assert root.work_off(**hang_in("extract", root)) == 0, root.output()
    first, *_ = root.rows("SELECT * FROM attempt JOIN step ON step.id = step_id WHERE stage = 'extract'")
    assert first["error_class"] == "DeadlineExceeded"
    root.check()


def test_file_that_cannot_be_probed_in_time_is_not_retried(dubbed: Callable[..., Site]) -> None:
    root = dubbed(deadlines={"probe": 2})
    assert root.work_off(**hang_in("probe", root)) == 1, root.output()
    assert len(root.rows("SELECT * FROM attempt")) == 1
    assert "could not be examined in time" in root.output()
    root.check()


def test_only_one_daemon_runs_per_root_and_the_second_names_it(site: Callable[..., Site]) -> None:
    root = site()
    daemon = root.start()
    wait_until(lambda: "Watching" in root.output(), "the daemon to watch")
    answer = root.jobs("watch")
    assert answer.returncode == 1
    assert f"process {daemon.pid}" in answer.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="apertium does not run on Windows")
def test_engine_program_killed_while_loading_leaves_no_temporary_file(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    root = site(preload=True, job={"targets": ["es"]})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {"PATH": f"{a_slow_apertium(tmp_path)}:{os.environ['PATH']}", "TMPDIR": str(elsewhere)}
    root.start(**environment)
    wait_until((tmp_path / "listing").exists, "apertium to be asked for its pairs")
    left = list((root.root / "work" / "run").glob("*.tmp/apertium.*"))
    assert len(left) == 1, "what a kill would leave is not there"
    root.kill()
    nothing_lives(root)
    assert root.work_off(**environment) == 0, root.output()
    assert list(elsewhere.iterdir()) == []
    root.check()


def a_slow_apertium(folder: Path) -> Path:
    """Return a folder with an apertium that makes a temporary file, as the real one does, and hangs the first time."""
    programs = folder / "programs"
    programs.mkdir()
    program = programs / "apertium"
    lines = [
        "#!/bin/sh",
        'made=$(mktemp "$TMPDIR/apertium.XXXXXXXX")',
        f"if mkdir {folder}/listing 2>/dev/null; then sleep 600; fi",
        'rm "$made"',
        "echo eng-spa",
    ]
    program.write_text("\n".join(lines) + "\n", encoding="utf-8")
    program.chmod(0o755)
    return programs


def test_running_job_is_cancelled_at_once_and_its_file_moved_to_failed(dubbed: Callable[..., Site]) -> None:
    root = dubbed()
    root.start(**hang_in("transcribe", root))
    wait_until_hung(root)
    assert root.jobs("cancel", "clip.mp4").returncode == 0
    root.wait_for("clip.mp4", "cancelled")
    assert (root.root / "failed" / "clip.mp4").exists()
    assert root.stop() == 0
    root.check()


def test_file_waiting_in_inbox_can_be_cancelled_and_retried(
    site: Callable[..., Site],
) -> None:
    root = site(inbox={"settle": 3600})
    root.start()
    wait_until(lambda: "Watching" in root.output(), "the daemon to watch")
    root.drop_text("A text.", "lessons/one.txt")
    root.drop_text("Another.", "two.txt")
    assert "(lessons/one.txt) is cancelled" in root.jobs("cancel", "one").stdout
    root.wait_for("one.txt", "cancelled")
    failed = root.root / "failed" / "lessons"
    assert {path.name for path in failed.iterdir()} == {"one.txt", "one.txt.error.txt"}
    assert [(job["name"], job["state"]) for job in root.status()["jobs"]] == [("one.txt", "cancelled")]
    assert (root.inbox / "two.txt").exists()
    assert root.jobs("retry", "one").returncode == 0
    root.wait_for("one.txt", "succeeded")
    assert root.jobs("cancel", str(root.inbox / "two.txt")).returncode == 0
    root.wait_for("two.txt", "cancelled")
    assert root.stop() == 0
    root.check()


def test_file_cancelled_while_no_daemon_runs_is_moved_to_failed_by_the_next_one(site: Callable[..., Site]) -> None:
    root = site()
    root.drop_text("A text.", "one.txt")
    assert "The daemon is not running" in root.jobs("cancel", "one.txt").stdout
    assert root.work_off() == 0, root.output()
    assert root.states() == {"one.txt": "cancelled"} and (root.root / "failed" / "one.txt").exists()
    root.check()


def test_a_paused_root_starts_nothing_until_it_is_resumed(site: Callable[..., Site]) -> None:
    root = site()
    assert root.jobs("pause").returncode == 0
    root.start()
    root.drop_text("A text.", "one.txt")
    root.wait_for("one.txt", "queued")
    root.drop_text("Another.", "two.txt")
    root.wait_for("two.txt", "queued")
    assert root.states()["one.txt"] == "queued"
    assert root.status()["paused"] is True
    assert root.jobs("resume").returncode == 0
    root.wait_for("one.txt", "succeeded")
    root.wait_for("two.txt", "succeeded")
    root.stop()
    root.check()


def test_status_answers_while_the_daemon_works_and_imports_no_engine(dubbed: Callable[..., Site]) -> None:
    root = dubbed()
    root.start(**hang_in("transcribe", root))
    wait_until_hung(root)
    wait_until(lambda: root.status()["jobs"][0]["stage"] == "transcribe", "status to show the stage")
    assert root.status()["daemon"]["state"] == "running"
    heavy = "{'torch','ctranslate2','sqlalchemy','pydantic_settings','numpy','av','pocketsphinx'}"
    script = (
        "import sys, runpy; sys.argv=['dropdub','--root',sys.argv[1],'status']\n"
        "try: runpy.run_module('dropdub', run_name='__main__')\nexcept SystemExit: pass\n"
        f"assert not {heavy} & set(sys.modules), {heavy} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script, str(root.root)], check=True, capture_output=True, timeout=60)


def test_run_processes_copies_and_leaves_originals(site: Callable[..., Site], phrase: Path, tmp_path: Path) -> None:
    root = site()
    mine = tmp_path / "mine" / "speech.flac"
    mine.parent.mkdir()
    mine.write_bytes(phrase.read_bytes())
    out = tmp_path / "elsewhere"
    answer = root.jobs("run", str(mine), "--out", str(out))
    assert answer.returncode == 0, answer.stderr
    assert mine.read_bytes() == phrase.read_bytes()
    assert {"speech.txt", "manifest.json"} <= {file.name for file in (out / "speech").iterdir()}
    assert [folder.name for folder in out.iterdir()] == ["speech"]
    root.check()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a folder in which nobody may make another")
def test_results_are_refused_for_folder_the_daemon_cannot_write_to(site: Callable[..., Site], tmp_path: Path) -> None:
    root = site()
    root.start()
    wait_until(lambda: "Watching" in root.output(), "the daemon to watch")
    text = tmp_path / "mine.txt"
    text.write_text("A text of mine.", encoding="utf-8")
    assert root.jobs("run", str(text), "--out", "/sys").returncode == 1
    job = root.job("mine.txt")
    assert job["state"] == "failed" and "Cannot write to /sys" in job["reason"] and "config.yaml" in job["remedy"]
    assert root.stop() == 0
    root.check()


def test_run_is_done_by_daemon_if_one_is_running(site: Callable[..., Site], tmp_path: Path) -> None:
    root = site()
    root.start()
    wait_until(lambda: "Watching" in root.output(), "the daemon to watch")
    text = tmp_path / "mine.txt"
    text.write_text("A text of mine.", encoding="utf-8")
    answers: list[subprocess.CompletedProcess[str]] = []
    runner = threading.Thread(target=lambda: answers.append(root.jobs("run", str(text))))
    runner.start()
    runner.join(60)
    assert answers and answers[0].returncode == 0, answers
    assert root.job("mine.txt")["state"] == "succeeded"
    assert text.exists()
    root.stop()
    root.check()
