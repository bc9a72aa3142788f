"""What a user can do to a root, called as a web page would call it: values in, values out, nothing printed."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import psutil
import pytest

from dropdub.alive import place_of_processes
from dropdub.config import load_config
from dropdub.engines.models.download.record import Condition
from dropdub.engines.models.known import KnownModel
from dropdub.errors import DropdubError, UsageError, VoiceInUse, VoiceMissing
from dropdub.media.sound import wav
from dropdub.operations import change, look, models, voices
from dropdub.operations.find import named_jobs
from dropdub.operations.log_lines import Follower, log_file
from dropdub.operations.models import RootModels
from dropdub.operations.place import Place, find_place
from dropdub.operations.prune import prune
from dropdub.operations.run_files import run
from dropdub.pasting import pasted
from dropdub.service.managed import ServiceStatus
from dropdub.setup.choices import SetupOptions, choices_of
from dropdub.setup.new_root import make_root
from dropdub.setup.procedure import set_up
from dropdub.store import queries, transitions
from dropdub.store.database import Store
from dropdub.store.states import JobState
from tests.factories import NOW, a_queued_job, a_running_job, an_ended_job


@pytest.fixture
def place(tmp_path: Path) -> Place:
    root = tmp_path / "root"
    root.mkdir()
    (root / "config.yaml").write_text("preload: false\n", encoding="utf-8")
    found = find_place(root)
    found.root.create_folders()
    return found


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    opened = place.store()
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def nothing_printed(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Fail each test of this file that lets an operation write to the standard streams."""
    yield
    assert capfd.readouterr() == ("", "")


class Silent:
    """Shows nothing of a download or of a setup."""

    output: IO[str] = sys.stderr

    def begin(self, total: int) -> None: ...

    def advance(self, count: int) -> None: ...

    def say(self, line: str) -> None: ...

    @contextmanager
    def meter(self, root_models: RootModels, model: KnownModel) -> Iterator[Silent]:
        yield self

    def pulled(self, model: KnownModel, condition: Condition) -> None: ...

    def service_installed(self, status: ServiceStatus, advice: list[str]) -> None: ...

    def failed(self, error: DropdubError) -> None: ...


def state(store: Store, job_id: int) -> str:
    return queries.job(store, job_id).state


def ids(changes: change.Changes) -> list[tuple[int, bool]]:
    return [(one.job.id, one.refusal is None) for one in changes.jobs]


def test_retry_returns_outcome_of_each_job_in_given_order(place: Place, store: Store) -> None:
    failed, queued = an_ended_job(store, JobState.FAILED, name="a.mp4"), a_queued_job(store, name="b.mp4")
    changes = change.retry(place, ["b.mp4", "a.mp4", str(failed.id)])
    assert ids(changes) == [(queued.id, False), (failed.id, True)]
    assert [one.job.name for one in changes.refused] == ["b.mp4"]
    assert state(store, failed.id or 0) == JobState.CLAIMING
    assert not changes.daemon_runs


@pytest.mark.parametrize("trouble", ["removed", "a folder", "broken"])
def test_status_works_without_a_usable_config_as_long_as_the_daemon_runs(tmp_path: Path, trouble: str) -> None:
    root = make_root(tmp_path / "root")
    with closing(find_place(root.path).store()) as store:
        mine = {"pid": os.getpid(), "pid_started": psutil.Process().create_time(), "boot_id": place_of_processes()}
        transitions.start_run(store, run_id="1", host=socket.gethostname(), now=time.time(), **mine)
        root.config_file.unlink()
        if trouble == "a folder":
            root.config_file.mkdir()
        elif trouble == "broken":
            root.config_file.write_text("job: [\n", encoding="utf-8")
        [note] = look.status(find_place(root.path)).notes
        assert "config.yaml" in note
        said = f"{note.partition(f'{root.path}{os.sep}')[2].partition('. ')[0].rstrip('.')}. It continues."
        transitions.beat(store, "1", notes=[said], shares={}, now=time.time())
        assert look.status(find_place(root.path)).notes == [], "it is not said twice"
        transitions.stop_run(store, "1", now=time.time())
    with pytest.raises(UsageError, match=r"config\.yaml"):
        find_place(root.path)


def test_unknown_name_changes_no_job(place: Place, store: Store) -> None:
    failed = an_ended_job(store, JobState.FAILED, name="a.mp4")
    with pytest.raises(UsageError, match=r"no job 'none\.mp4'"):
        change.retry(place, ["a.mp4", "none.mp4"])
    assert state(store, failed.id or 0) == JobState.FAILED


def test_retrying_all_failed_jobs_leaves_cancelled_ones(place: Place, store: Store) -> None:
    assert change.retry_failed(place).jobs == ()
    failed = an_ended_job(store, JobState.FAILED, name="a.mp4")
    cancelled = an_ended_job(store, JobState.CANCELLED, name="b.mp4")
    assert ids(change.retry_failed(place)) == [(failed.id, True)]
    assert state(store, cancelled.id or 0) == JobState.CANCELLED


def test_jobs_are_paused_and_resumed_individually_and_all_together(place: Place, store: Store) -> None:
    job = a_queued_job(store, name="a.mp4")
    assert ids(change.pause(place, ["a"])) == [(job.id, True)]
    assert state(store, job.id or 0) == JobState.WAITING
    assert ids(change.resume(place, ["a"])) == [(job.id, True)]
    assert state(store, job.id or 0) == JobState.QUEUED
    change.pause_all(place)
    assert look.status(place).paused
    assert change.resume_all(place).jobs == ()
    assert not look.status(place).paused


def test_cancel_applies_to_running_jobs_and_files_waiting_in_inbox(place: Place, store: Store) -> None:
    a_running_job(store, name="a.mp4")
    waiting = place.root.inbox / "b.mp4"
    waiting.write_bytes(b"film")
    os.utime(waiting, (NOW - 3600, NOW - 3600))
    changes = change.cancel(place, ["a.mp4", "b.mp4"])
    assert [(one.job.name, one.refusal) for one in changes.jobs] == [("a.mp4", None), ("b.mp4", None)]
    assert all(queries.job(store, one.job.id).cancel_requested for one in changes.jobs)
    assert waiting.exists()


def test_job_is_found_once_by_number_name_and_stem(place: Place, store: Store) -> None:
    job = a_queued_job(store, name="talk.mp4")
    assert [found.id for found in named_jobs(place, ["talk", "talk.mp4", str(job.id)])] == [job.id]
    assert look.show(place, "talk").record.job.name == "talk.mp4"
    assert look.show(place, "talk").quality is None


def test_status_lists_jobs_in_requested_states_and_counts_all(place: Place, store: Store) -> None:
    an_ended_job(store, JobState.FAILED, name="a.mp4")
    a_queued_job(store, name="b.mp4")
    view = look.status(place, states=[JobState.FAILED])
    assert [job.name for job in view.jobs] == ["a.mp4"]
    assert view.counts["queued"] == view.counts["failed"] == 1
    assert len(look.status(place, limit=1).jobs) == 1


def test_prune_deletes_old_jobs_and_their_logs_unless_it_is_a_dry_run(place: Place, store: Store) -> None:
    job = an_ended_job(store, JobState.FAILED, name="a.mp4")
    log = place.root.job_log(job.id or 0)
    log.write_text("what it was about", encoding="utf-8")
    age_s = time.time() - (queries.job(store, job.id or 0).finished_at or 0.0)
    assert prune(place, older_than_s=age_s + 3600).jobs == ()
    looked = prune(place, older_than_s=age_s - 60, dry_run=True)
    assert [one.name for one in looked.jobs] == ["a.mp4"] and log.exists()
    assert prune(place, older_than_s=age_s - 60).jobs == looked.jobs
    assert not log.exists()
    assert sum(look.status(place).counts.values()) == 0


def test_running_missing_file_or_with_unknown_profile_records_nothing(place: Place) -> None:
    def refused(file: Path, profile: str | None) -> str:
        with pytest.raises(UsageError) as caught:
            run(place, [file], overrides={}, profile=profile, report=lambda _: None, on_view=lambda _: None)
        return caught.value.message

    assert "lessons" in refused(place.root.config_file, "lessons")
    assert "none.mp4" in refused(place.root.path / "none.mp4", None)
    assert look.status(place).jobs == []


def test_a_text_is_processed_and_returned_as_a_job(place: Place, tmp_path: Path) -> None:
    blank = tmp_path / "blank.txt"
    blank.write_text(" \n", encoding="utf-8")
    lines: list[str] = []
    seen: list[str] = []

    def watched(jobs: list[object]) -> None:
        seen.extend(str(getattr(job, "state", "")) for job in jobs)

    [job] = run(place, [blank], overrides={}, report=lines.append, on_view=watched)  # type: ignore[arg-type]
    assert (job.name, job.state) == ("blank.txt", JobState.FAILED)
    assert any(line.startswith("blank.txt: failed") for line in lines)
    assert seen[-1] == JobState.FAILED and blank.exists()


def test_a_run_says_what_keeps_its_file_from_being_picked_up(place: Place, tmp_path: Path) -> None:
    place.root.config_file.write_text("preload: false\nlimits: {min_free_disk: 900 TB}\n", encoding="utf-8")
    (tmp_path / "talk.txt").write_text("Hello.\n", encoding="utf-8")
    with pytest.raises(InterruptedError, match=r"at least 900\.0 TB is required"):
        run(
            place,
            [tmp_path / "talk.txt"],
            overrides={},
            report=lambda _: None,
            on_view=lambda _: None,
            on_note=_interrupting,
        )


def _interrupting(note: str) -> None:
    raise InterruptedError(note)


def test_a_voice_is_added_listed_and_removed(place: Place, speech: Path) -> None:
    lines: list[str] = []
    added = voices.add(place, "anna", speech, report=lines.append)
    assert (added.name, added.added, added.problems) == ("anna", True, ())
    [listed] = voices.list_voices(place)
    assert (listed.name, listed.problems) == ("anna", [])
    assert listed.seconds == pytest.approx(added.seconds, abs=0.1)
    with pytest.raises(UsageError, match="already exists"):
        voices.add(place, "anna", speech, report=lines.append)
    with pytest.raises(VoiceMissing):
        voices.remove(place, ["anna", "bert"], on_removed=lines.append)
    settings = place.root.config_file.read_text("utf-8")
    place.root.config_file.write_text(f"{settings}\nprofiles: {{lessons: {{voice: anna}}}}\n", "utf-8")
    with pytest.raises(VoiceInUse, match=r"profiles\.lessons\.voice"):
        voices.remove(place, ["anna"], on_removed=lines.append)
    place.root.config_file.write_text(settings, "utf-8")
    assert lines == []
    voices.remove(place, ["anna"], on_removed=lines.append)
    assert (lines, voices.list_voices(place)) == (["anna"], [])


def test_a_recording_that_fails_the_checks_is_added_only_by_force(place: Place, tmp_path: Path) -> None:
    silent = tmp_path / "silent.wav"
    with wav.WavWriter(silent, 16_000) as writer:
        writer.write(np.zeros(5 * 16_000, np.float32))
    refused = voices.add(place, "anna", silent, report=lambda _: None)
    assert not refused.added and "almost silent" in refused.problems[0]
    assert voices.list_voices(place) == []
    assert voices.add(place, "anna", silent, force=True, report=lambda _: None).added


def test_models_of_a_root_are_listed_and_what_is_missing_is_to_be_pulled(place: Place) -> None:
    text = "job: {transcriber: faster-whisper}\nmodels: {use: {faster-whisper: whisper-tiny, nllb: mine}}\n"
    place.root.config_file.write_text(text, encoding="utf-8")
    root_models = models.RootModels.of(place.root.path)
    used = [model for model in models.list_models(root_models) if model.used]
    assert [(model.name, model.here, model.state) for model in used] == [
        ("whisper-tiny", False, "not here"),
        ("mine", False, "not here"),
    ]
    wanted = models.to_pull(root_models)
    assert [model.name for model in wanted.models] == ["whisper-tiny"]
    assert [use.model for use in wanted.unknown] == ["mine"]
    assert len(models.list_models(root_models, everything=True)) > len(used)
    assert [one.is_sound for one in models.verify(root_models, ["whisper-tiny"])] == [False]


def test_a_model_is_not_downloaded_without_the_consent_that_its_licence_requires(place: Place) -> None:
    root_models = models.RootModels.of(place.root.path)
    [xtts] = models.to_pull(root_models, ["xtts-v2"]).models
    with pytest.raises(UsageError, match="xtts-v2 is licensed under") as caught:
        models.pull(root_models, xtts, meter=Silent())
    assert "`dropdub models pull xtts-v2 --accept-licence`" in (caught.value.remedy or "")
    assert not root_models.models_dir.exists()


def test_last_lines_of_a_log_are_returned_and_then_the_new_ones(place: Place, store: Store) -> None:
    job = a_queued_job(store, name="talk.mp4")
    log = log_file(place, "talk.mp4")
    assert log == place.root.job_log(job.id or 0)
    follower = Follower(log)
    assert follower.last(2) == []
    log.write_text("one\ntwo\nthree\n", encoding="utf-8")
    assert follower.last(2) == ["two", "three"]
    with log.open("a", encoding="utf-8") as appended:
        appended.write("four\n")
    assert follower.new() == ["four"]
    assert log_file(place).parent == place.root.logs_dir


def test_a_root_is_created_once(tmp_path: Path) -> None:
    root = make_root(tmp_path / "dubs", kit="compact")
    assert load_config(root.config_file).models.use == {"faster-whisper": "whisper-base"}
    assert find_place(root.path).root == root and root.inbox.is_dir()
    with pytest.raises(UsageError, match="already exists"):
        make_root(tmp_path / "dubs", kit="compact")


def test_a_root_is_set_up_and_what_was_left_out_is_noted(tmp_path: Path) -> None:
    folder = tmp_path / "dubs"
    options = SetupOptions(choices_of("en", ["es"], "compact"), install=False, pull=False)
    result = set_up(folder, options, named_root=folder, observer=Silent())
    assert (result.root, result.made, result.failures) == (str(folder), True, [])
    assert result.settings["targets"] == load_config(folder / "config.yaml").job.model_dump(mode="json")["targets"]
    assert result.next == f"dropdub --root {pasted(folder)} watch"
    again = set_up(folder, options, named_root=None, observer=Silent())
    assert (again.made, again.settings, again.next) == (False, {}, "dropdub watch")


def test_setup_asks_for_consent_and_reports_downloads_that_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # read from the environment at its import
    asked: list[str] = []

    def refuses(_: RootModels, model: KnownModel) -> bool:
        asked.append(model.name)
        return False

    text = "job: {transcriber: pocketsphinx}\nmodels: {use: {faster-whisper: whisper-tiny, xtts: xtts-v2}}\n"
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    options = SetupOptions(install=False)
    result = set_up(tmp_path, options, named_root=None, observer=Silent(), agrees=refuses)
    assert (asked, result.pulled, result.notes) == (["xtts-v2"], [], [])
    assert [failure.split(":")[0] for failure in result.failures] == ["HF_HUB_OFFLINE is set"]
    [note] = set_up(tmp_path, options, named_root=None, observer=Silent()).notes
    assert "dropdub models pull xtts-v2 --accept-licence" in note
