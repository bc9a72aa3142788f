"""`dropdub doctor` on real roots, whole and broken ones, and the report that may leave the machine."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from dropdub.doctor import folders, monitors, service
from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.report import REPORT_NAME
from dropdub.errors import ConfigError
from dropdub.media.ffmpeg import find_ffmpeg
from dropdub.root import Root
from dropdub.store import backup, queries, transitions
from dropdub.store.database import Store
from tests import warm
from tests.factories import NOW, a_queued_job, a_running_job, an_ending_job, failed

SMALL = {"transcriber": "pocketsphinx", "synthesizer": "espeak-ng"}
MARK = "xyzzy"
"""Occurs in every name, text and path of a user that a report could reveal."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "Anna's dubs" / "root"
    made.mkdir(parents=True)
    limits = {"min_free_disk": 1_000_000, "min_free_memory": 1_000_000}
    settings = {"job": SMALL, "limits": limits, "models": {"fallback": "any"}}
    (made / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    Root.at(made).create_folders()
    return made


def doctor(root: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return warm.run(["--root", str(root), "doctor", *options], env={**os.environ, **environment})


def found(root: Path, **environment: str) -> dict[str, dict[str, Any]]:
    """Return the findings by subject; of several about one subject, the last."""
    return {one["what"]: one for one in json.loads(doctor(root, "--json", **environment).stdout)}


def test_healthy_root_has_no_problem(root: Path) -> None:
    answer = doctor(root)
    assert answer.returncode == 0, answer
    assert "problem" not in answer.stdout
    assert [line for line in answer.stdout.splitlines() if line.startswith("ok      inbox: writable")]
    assert not list(root.rglob(f"{folders.PROBE_PREFIX}*")), "a probe was left"


def test_each_defect_is_a_problem_with_remedy_and_exit_code(root: Path) -> None:
    shutil.rmtree(root / "outbox")
    (root / "jobs.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 8000)
    answer = doctor(root, "--json", DROPDUB_FFMPEG="/not/there/ffmpeg")
    assert answer.returncode == 1
    problems = [one for one in json.loads(answer.stdout) if one["state"] == "problem"]
    assert {one["what"] for one in problems} >= {"outbox", "Database", "ffmpeg"}
    assert all(one["remedy"] for one in problems)


def test_ffmpeg_that_lacks_features_or_cannot_run_is_a_problem(root: Path, tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("the stand-in is a shell script")
    poor = tmp_path / "ffmpeg"
    poor.write_text("#!/bin/sh\necho 'ffmpeg version 6.0 Copyright'\n", encoding="utf-8")
    poor.chmod(0o755)
    assert "lacks aac (encoders)" in found(root, DROPDUB_FFMPEG=str(poor))["ffmpeg"]["text"]
    poor.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    assert found(root, DROPDUB_FFMPEG=str(poor))["ffmpeg"]["text"] == "cannot be run"


def test_ffmpeg_unable_to_burn_in_subtitles_is_reported(root: Path, tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("the stand-in is a shell script")
    old = tmp_path / "ffmpeg"
    old.write_text(
        f'#!/bin/sh\n[ "$1" = -version ] && echo "ffmpeg version 4.4.2" && exit\nexec {find_ffmpeg()} "$@"\n',
        encoding="utf-8",
    )
    old.chmod(0o755)
    config = (root / "config.yaml").read_text(encoding="utf-8")
    (root / "config.yaml").write_text(f"{config}\nffmpeg: {old}\n", encoding="utf-8")
    assert "Burnt-in subtitles" not in found(root)
    said = found(root, DROPDUB_JOB__SUBTITLES__MODE="burn")["Burnt-in subtitles"]
    assert said["state"] == "warning" and "4.4.2 is too old" in said["text"] and "5.1" in said["remedy"]


def test_folders_on_two_file_systems_are_recognised(tmp_path: Path, other_file_system: Path) -> None:
    assert folders.can_rename(tmp_path, tmp_path)
    assert not folders.can_rename(tmp_path, other_file_system)
    assert not list(tmp_path.iterdir()) and not list(other_file_system.iterdir())


def test_folder_that_cannot_be_written_to_is_reported(tmp_path: Path) -> None:
    assert folders.refusal(tmp_path) is None
    assert folders.refusal(tmp_path / "away") is not None
    (tmp_path / "file").touch()
    assert folders.refusal(tmp_path / "file") is not None
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_daemon_state_is_reported(root: Path) -> None:
    assert found(root)["Daemon"]["text"] == "has never run here"
    store = Store.open(f"sqlite:///{root / 'jobs.db'}")

    def start(run_id: str, now: float) -> None:
        transitions.start_run(store, run_id=run_id, pid=1, pid_started=1.0, host="here", boot_id="b", now=now)

    start("gone", time.time() - 1000)
    assert found(root)["Daemon"]["text"].startswith("has not reported for a while"), "it is on another machine"
    start("runs", time.time())
    assert found(root)["Daemon"]["text"].startswith("running as root")  # as process 1 does
    transitions.stop_run(store, "runs", now=time.time())
    transitions.start_run(
        store, run_id="of-ours", pid=2**22 - 1, pid_started=1.0, host="here", boot_id="b", now=time.time()
    )
    assert found(root)["Daemon"] | {"detail": ""} == {
        "what": "Daemon", "state": "ok", "text": "running", "remedy": "", "detail": ""
    }  # fmt: skip
    transitions.stop_run(store, "of-ours", now=time.time())
    assert found(root)["Daemon"]["text"] == "stopped"
    store.close()


def test_database_of_newer_program_is_reported(root: Path) -> None:
    Store.open(f"sqlite:///{root / 'jobs.db'}").close()
    assert found(root)["Database"]["state"] == "ok"
    connection = sqlite3.connect(root / "jobs.db", isolation_level=None)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    answer = found(root)["Database"]
    assert answer["state"] == "problem" and "newer" in answer["text"]


def test_the_copies_of_the_database_are_reported(root: Path) -> None:
    assert "Database backups" not in found(root), "there is no database yet"
    with closing(Store.open(f"sqlite:///{root / 'jobs.db'}")) as store:
        a_queued_job(store, now=time.time())
        assert found(root)["Database backups"]["text"].startswith("none yet")
        a_queued_job(store, now=time.time() - 3 * 86_400)
        said = found(root)["Database backups"]
        assert said["state"] == "warning" and said["remedy"].endswith(" logs")
        copy = backup.make(root / "jobs.db", root / "work" / "backups", now=time.time())
    said = found(root)["Database backups"]
    assert (said["state"], said["detail"]) == ("ok", str(copy)) and said["text"].startswith("1, the newest ")


def test_database_at_impossible_location_is_a_problem(root: Path) -> None:
    said = found(root, DROPDUB_DATABASE="away/jobs.db")["Database"]
    assert said["state"] == "problem" and str(root / "away") in said["detail"]


def test_missing_service_is_reported(root: Path) -> None:
    finding = service.service_finding(root)
    assert finding.state == "ok" and "not installed" in finding.text


@pytest.mark.parametrize(
    ("installed", "enabled", "running", "state"),
    [
        (False, False, False, "ok"),
        (True, True, True, "ok"),
        (True, True, False, "warning"),
        (True, False, True, "warning"),
    ],
)
def test_service_state_is_judged(installed: bool, enabled: bool, running: bool, state: str) -> None:
    assert service.judge_service(installed=installed, enabled=enabled, running=running).state == state


def test_a_program_for_notifications_that_is_not_there_is_a_problem(root: Path) -> None:
    (root / "config.yaml").write_text(
        f"notify:\n  on_success: [/none/tell, '{{name}}']\n  on_failure: ['{sys.executable}']\n", encoding="utf-8"
    )
    listed = json.loads(doctor(root, "--json").stdout)
    [one] = [one for one in listed if one["what"] == "Notifications" and one["state"] == "problem"]
    assert (one["text"].partition(" is not there")[0], one["detail"]) == (
        "the program of notify.on_success",
        "/none/tell",
    )


def test_undelivered_notices_are_reported(root: Path) -> None:
    assert "Notifications" not in found(root)
    settings = yaml.safe_load((root / "config.yaml").read_text(encoding="utf-8"))
    settings["notify"] = {"webhook": {"url": "http://127.0.0.1:1/T0K3N"}}
    (root / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    store = Store.open(f"sqlite:///{root / 'jobs.db'}")
    job = an_ending_job(store)
    assert job.id is not None
    transitions.finish_job(store, job.id, source="/x", now=NOW, channels=["webhook"])
    assert found(root)["Notifications"]["state"] == "ok"
    notice = queries.next_notice(store, "webhook", now=NOW, longest_s=1.0)
    assert notice is not None
    transitions.postpone_notice(store, notice.id, error="It is away.", at=NOW + 60)
    store.close()
    said = found(root)["Notifications"]
    assert (said["state"], said["detail"]) == ("warning", "It is away.")
    assert "T0K3N" not in doctor(root, "--report").stdout
    assert "T0K3N" not in (root / REPORT_NAME).read_text(encoding="utf-8")


# -- the report ---------------------------------------------------------------------------------------------------


@pytest.fixture
def marked_root(tmp_path: Path) -> Path:
    """A root in which everything that a user names or says carries the mark."""
    made = tmp_path / f"home-{MARK}" / f"dubs {MARK}"
    made.mkdir(parents=True)
    settings = {
        "job": {**SMALL, "voice": MARK, "initial_prompt": f"about {MARK}", "hotwords": [MARK], "targets": ["es"]},
        "profiles": {MARK: {"voice": MARK}},
        "folders": {"archive": f"archive {MARK}"},
        "models": {"use": {"nllb": f"model-{MARK}"}, "mirror": f"https://{MARK}.example"},
        "inbox": {"ignore": [f"*.{MARK}"]},
        "retry": {"attempts": 5},
    }
    (made / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    root = Root.at(made, {"archive": f"archive {MARK}"})
    root.create_folders()
    for folder in (root.inbox, root.archive, root.voices, root.failed):
        (folder / f"{MARK}.mp4").write_text(MARK, encoding="utf-8")
        os.utime(folder / f"{MARK}.mp4", (time.time() + 10**8,) * 2)
    _fill_logs(root)
    return made


def _fill_logs(root: Root) -> None:
    trace = (
        f"2026-11-21T08:00:00.000Z ERROR {MARK} went wrong job=1 name={MARK}.mp4\n"
        "Traceback (most recent call last):\n"
        f'  File "/home/{MARK}/.venv/lib/python3.11/site-packages/dropdub/files.py", line 52, in move\n'
        f"    move({MARK!r})\n"
        f'  File "/home/{MARK}/own.py", line 3, in <module>\n'
        f"ValueError: {MARK}\n"
    )
    (root.logs_dir / "dropdub.log").write_text(trace, encoding="utf-8")
    (root.logs_dir / "dropdub-last-error.txt").write_text(trace, encoding="utf-8")


def _fill_database(root: Path) -> None:
    store = Store.open(f"sqlite:///{root / 'jobs.db'}")
    a_queued_job(store, name=f"{MARK}.mp4")
    job = a_queued_job(store, name=f"second {MARK}.mp4")
    assert job.id is not None
    transitions.hold_job(store, job.id, waiting_for="disk", reason=MARK, remedy=MARK, now=time.time())
    failed(store, a_running_job(store, name=f"third {MARK}.mp4"))
    with store.transaction() as session:
        session.connection().exec_driver_sql(f"UPDATE attempt SET error_text = '{MARK}', error_class = 'WorkerDied'")
    store.close()


@pytest.mark.parametrize("broken", [False, True], ids=["whole", "broken"])
def test_report_reveals_nothing_personal(marked_root: Path, broken: bool) -> None:
    _fill_database(marked_root)
    if broken:
        shutil.rmtree(marked_root / "outbox")
        (marked_root / "jobs.db").write_bytes(MARK.encode() * 100)
    answer = doctor(marked_root, "--report", HOME=f"/home/{MARK}", USER=MARK, DROPDUB_FFMPEG=f"/{MARK}/ffmpeg")
    assert MARK in answer.stdout, "the marks are there to be shown to the person"
    report = (marked_root / REPORT_NAME).read_text(encoding="utf-8")
    private = {MARK, str(Path.home()), str(Path(sys.prefix)), str(marked_root), platform.node()}
    assert [text for text in private if len(text) > 3 and text in report] == []
    said = yaml.safe_load(report)
    assert said["settings"]["retry.attempts"] == 5
    assert said["tracebacks"][0] == ["dropdub/files.py:52 move", "elsewhere:3 <module>", "ValueError"]
    assert ("attempts" in said) is not broken
    if not broken:
        assert said["attempts"][0]["error"] == "WorkerDied"


def test_a_report_names_versions_and_findings(root: Path) -> None:
    answer = doctor(root, "--report", "--json")
    assert json.loads(answer.stdout), "standard output is still JSON"
    said = yaml.safe_load((root / REPORT_NAME).read_text(encoding="utf-8"))
    assert {"pydantic", "sqlmodel", "psutil"} <= said["packages"].keys()
    assert {"Python", "ffmpeg", "inbox", "Clock"} <= {one["what"] for one in said["findings"]}
    assert said["settings"] == {
        "job.transcriber": "(set)",
        "job.synthesizer": "espeak-ng",
        "limits.min_free_disk": 1_000_000,
        "limits.min_free_memory": 1_000_000,
        "models.fallback": "any",
    }


def test_monitored_files_folders_and_player_are_checked(root: Path, tmp_path: Path) -> None:
    monitored = {
        "gone": {"file": str(tmp_path / "away" / "talk.txt")},
        "folder": {"file": str(tmp_path), "save": str(tmp_path / "spoken")},
    }
    settings = {"monitor": {"player": [str(tmp_path / "no-player")], "files": monitored}}
    (root / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    texts = [one.text for one in monitors.findings(ExaminedRoot.at(root))]
    assert sorted(texts) == [
        "a folder in which lines are saved is missing, or not writable",
        "a monitored file cannot be read",
        "no program that plays sound is found, so that lines wait",
        "the folder of a monitored file is not there",
    ]
    working = {"talk": {"file": str(tmp_path / "talk.txt")}}
    settings = {"monitor": {"player": [sys.executable], "files": working}}
    (root / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    assert [(one.state, one.text) for one in monitors.findings(ExaminedRoot.at(root))] == [("ok", "1 configured")]


def test_lines_may_not_be_saved_where_originals_are(root: Path, tmp_path: Path) -> None:
    files = {"talk": {"file": str(tmp_path / "talk.txt"), "save": str(root / "inbox")}}
    (root / "config.yaml").write_text(yaml.safe_dump({"monitor": {"files": files}}), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"monitor\.files\.talk\.save"):
        ExaminedRoot.at(root)
