"""Lines of a monitored file become sounds that are saved or played, each once and in order, whatever dies meanwhile."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from dropdub import failpoints
from dropdub.config.monitor import MonitoredFile, MonitorSettings
from dropdub.daemon.finish.answers import forget_requests
from dropdub.daemon.monitor.monitors import Monitors
from dropdub.daemon.monitor.playing import find_player, play
from dropdub.daemon.monitor.reading import Reading
from dropdub.errors import NotDelivered, TransitionRefused
from dropdub.store import queries, transitions
from dropdub.store.states import LineState, Priority
from dropdub.store.views import open_reader
from tests.factories import NOW
from tests.monitored import NAME, Monitored, a_monitor, said_in
from tests.waiting import wait_until


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def save(tmp_path: Path) -> Path:
    folder = tmp_path / "spoken"
    folder.mkdir()
    return folder


def append(monitor: Monitored, *lines: str) -> None:
    with monitor.file.open("ab") as writer:
        writer.write("".join(f"{line}\n" for line in lines).encode())


def replace_player(root: Path, shell: str, python: str) -> None:
    """Make the player do something else, in the language that it is written in on this system."""
    text = python if sys.platform == "win32" else f"#!/bin/sh\n{shell}\n"
    (root / "player").write_text(text, encoding="utf-8", newline="")


def test_lines_are_played_in_their_order_however_late_the_first_is_spoken(root: Path) -> None:
    with a_monitor(root) as monitor:
        append(monitor, "The first line.", "The second.")
        monitor.read()
        monitor.deliver()
        assert monitor.texts_played() == []
        monitor.work()
        append(monitor, "The third.")
        monitor.work()
        assert monitor.texts_played() == ["The first line.", "The second.", "The third."]


def test_line_is_a_job_of_one_step_with_the_voice_of_its_settings(root: Path) -> None:
    with a_monitor(root, voice="ana", language="pt", speed=1.5) as monitor:
        append(monitor, "Olá.")
        monitor.read()
        found = queries.next_line(monitor.context.store, NAME)
        assert found is not None
        line, job = found
        assert (line.number, job.name, job.priority) == (1, "talk-000001", Priority.SOON)
        params = {"text": "Olá.", "voice": "ana", "language": "pt", "speed": 1.5}
        assert job.request is not None and (job.request["what"], job.request["params"]) == ("say", params)
        [step] = queries.steps(monitor.context.store, line.job_id, 1)
        assert (step.stage, step.params) == ("say", params)


def test_saved_lines_are_numbered_over_restarts_and_replace_nothing(root: Path, save: Path) -> None:
    with a_monitor(root, save=str(save)) as monitor:
        append(monitor, "One.")
        monitor.work()
    (save / "talk-000002.wav").write_bytes(b"mine")
    with a_monitor(root, save=str(save)) as monitor:
        append(monitor, "Two.", "Three.")
        monitor.work()
        assert monitor.texts_played() == []
    assert (save / "talk-000002.wav").read_bytes() == b"mine"
    made = {name: said_in(save / name) for name in ("talk-000001.wav", "talk-000002 (2).wav", "talk-000003.wav")}
    assert list(made.values()) == ["One.", "Two.", "Three."]
    assert len(list(save.iterdir())) == 4


@pytest.mark.parametrize("kind", ["flac", "mp3", "m4a"])
def test_lines_are_saved_in_the_format_that_is_wanted(root: Path, save: Path, kind: str) -> None:
    beginnings = {"flac": b"fLaC", "mp3": b"ID3", "m4a": b"ftyp"}
    with a_monitor(root, save=str(save), format=kind) as monitor:
        append(monitor, "One and two. " * 50)
        monitor.work()
    [file] = save.iterdir()
    assert file.name == f"talk-000001.{kind}" and beginnings[kind] in file.read_bytes()[:12]


def test_saved_and_played_lines_do_not_wait_for_a_player_that_fails(root: Path, save: Path) -> None:
    with a_monitor(root, save=str(save), play=True) as monitor:
        replace_player(root, "echo 'No sound device.' >&2; exit 1", "raise SystemExit('No sound device.')")
        append(monitor, "One.")
        monitor.work()
        assert list(monitor.texts_saved().values()) == ["One."]
        [text] = monitor.delivery.notes
        assert "exited with code 1. It said: No sound device." in text and "monitor.player" in text


def test_lines_wait_for_a_player_that_fails(root: Path) -> None:
    with a_monitor(root) as monitor:
        working = (root / "player").read_text(encoding="utf-8")
        replace_player(root, "exit 3", "raise SystemExit(3)")
        append(monitor, "One.", "Two.")
        with pytest.raises(NotDelivered):
            monitor.work()
        (root / "player").write_text(working, encoding="utf-8")
        monitor.work()
        assert monitor.texts_played() == ["One.", "Two."]


def test_failed_line_is_reported_and_holds_up_no_other(root: Path) -> None:
    with a_monitor(root, broken=frozenset({"Two."})) as monitor:
        append(monitor, "One.", "Two.", "Three.")
        monitor.work()
        assert monitor.texts_played() == ["One.", "Three."]
        assert monitor.delivery.notes == ["talk-000002 was not spoken. It broke. See: `dropdub show 2`"]


def test_two_monitors_never_play_at_the_same_time(root: Path) -> None:
    with a_monitor(root) as monitor:
        append(monitor, "One.")
        monitor.read()
        monitor.worker.speak_all()
        turn: threading.Lock = monitor.delivery._turn
        turn.acquire()
        monitor.stopping.set()
        with pytest.raises(NotDelivered, match="stopping"):
            monitor.deliver()
        turn.release()
        monitor.stopping.clear()
        monitor.deliver()
        assert monitor.texts_played() == ["One."]


def test_folder_that_is_away_is_reported_and_waited_for(root: Path, save: Path) -> None:
    with a_monitor(root, save=str(save)) as monitor:
        away = save.rename(save.with_name("away"))
        append(monitor, "One.")
        with pytest.raises(NotDelivered, match="cannot be saved in"):
            monitor.work()
        away.rename(save)
        monitor.work()
        assert list(monitor.texts_saved().values()) == ["One."]


def test_folder_of_the_file_that_is_away_is_reported_and_its_lines_are_read_later(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "share"
    with a_monitor(root, file=str(folder / "talk.txt"), start="end") as monitor:
        with pytest.raises(NotDelivered, match="is not there"):
            monitor.read()
        folder.mkdir()
        monitor.read()
        append(monitor, "One.")
        monitor.work()
        away = folder.rename(tmp_path / "away")
        with pytest.raises(NotDelivered, match="is not there"):
            monitor.read()
        away.rename(folder)
        append(monitor, "Two.")
        monitor.work()
        assert monitor.texts_played() == ["One.", "Two."]


def test_line_without_end_is_spoken_after_a_silence(root: Path) -> None:
    with a_monitor(root) as monitor:
        monitor.file.write_bytes(b"One.\nTwo, and")
        monitor.reading.look(0.0)
        monitor.reading.look(1.0)
        assert queries.lines_waiting(monitor.context.store, NAME) == 1
        monitor.work()
        assert monitor.texts_played() == ["One.", "Two, and"]


def test_many_lines_at_once_are_all_recorded_once(root: Path) -> None:
    with a_monitor(root) as monitor:
        append(monitor, *(f"Line {number}." for number in range(300)))
        monitor.read()
        store = monitor.context.store
        assert queries.lines_waiting(store, NAME) == 300
        monitor.reading.close()
        again = Reading(monitor.context, NAME, monitor.context.config.monitor.files[NAME], lambda: None)
        assert not again.look(monitor.now)
        again.close()
        assert queries.lines_waiting(store, NAME) == 300


def test_settings_that_name_another_file_continue_the_numbers(root: Path, tmp_path: Path) -> None:
    with a_monitor(root) as monitor:
        append(monitor, "One.")
        monitor.work()
    other = tmp_path / "other.txt"
    other.write_text("Two.\n", encoding="utf-8")
    with a_monitor(root, file=str(other)) as monitor:
        monitor.read()
        found = queries.next_line(monitor.context.store, NAME)
        assert found is not None and found[1].name == "talk-000002"


def test_answers_of_lines_are_kept_until_they_are_delivered(root: Path) -> None:
    with a_monitor(root) as monitor:
        append(monitor, "One.", "Two.")
        monitor.read()
        monitor.worker.speak_all()
        monitor.delivery.deliver_next()
        forget_requests(monitor.context, ended_before=time.time() + 1)
        assert open_reader(f"sqlite:///{monitor.context.store.file}").prunable(time.time() + 1) == []
        assert [path.name for path in monitor.context.root.results_dirs()] == ["2"]
        monitor.deliver()
        assert monitor.texts_played() == ["One.", "Two."]
        forget_requests(monitor.context, ended_before=time.time() + 1)
        assert monitor.context.root.results_dirs() == []


def test_lines_of_a_monitor_that_the_settings_no_longer_have_are_forgotten(root: Path) -> None:
    with a_monitor(root) as monitor:
        append(monitor, "One.")
        monitor.read()
        monitor.worker.speak_all()
        monitor.context.in_force.config = monitor.context.config.model_copy(update={"monitor": MonitorSettings()})
        assert forget_requests(monitor.context, ended_before=time.time() + 1) == 1
        assert queries.lines_waiting(monitor.context.store, NAME) == 0


def test_position_is_not_recorded_over_a_later_one(root: Path) -> None:
    with a_monitor(root) as monitor:
        append(monitor, "One.")
        monitor.read()
        read = monitor.reading._read
        assert read is not None
        before = transitions.ReadUpTo(read.path, read.identity)
        with pytest.raises(TransitionRefused, match="read further"):
            transitions.record_lines(monitor.context.store, NAME, [], before=before, after=read, now=NOW)
        transitions.end_line(monitor.context.store, 1, state=LineState.DELIVERED, now=NOW)
        with pytest.raises(TransitionRefused, match="no longer waiting"):
            transitions.end_line(monitor.context.store, 1, state=LineState.DELIVERED, now=NOW)


def test_monitors_start_and_stop_with_the_settings(root: Path) -> None:
    with a_monitor(root) as monitor:
        woken = threading.Event()
        monitors = Monitors(monitor.context, woken.set)
        try:
            monitors.tick(0.0)
            append(monitor, "One.")
            assert woken.wait(60)
            monitor.worker.speak_all()
            monitors.wake()
            wait_until(lambda: monitors.idle, "the line to be delivered")
            assert (monitor.texts_played(), monitors.notes) == (["One."], [])
            monitor.file.unlink()
            monitor.file.mkdir()
            wait_until(lambda: bool(monitors.notes), "a note that the file cannot be read")
            assert "Monitor talk: The file" in monitors.notes[0]
            none = {"monitor": type(monitor.context.config.monitor)()}
            monitor.context.in_force.config = monitor.context.config.model_copy(update=none)
            monitors.tick(1.0)
            assert monitors.notes == [] and monitors.idle
        finally:
            monitors.stop()


def test_a_run_may_end_while_a_line_waits_for_what_its_job_lacks(root: Path) -> None:
    with a_monitor(root) as monitor:
        recorded = threading.Event()
        monitors = Monitors(monitor.context, recorded.set)
        try:
            monitors.tick(0.0)
            append(monitor, "One.")
            assert recorded.wait(60)
            wait = {"waiting_for": "model", "reason": "No model.", "remedy": None}
            transitions.hold_job(monitor.context.store, 1, **wait, now=NOW)  # type: ignore[arg-type]  # its keywords
            wait_until(lambda: monitors.idle, "nothing to be left that could be done")
            assert queries.lines_waiting(monitor.context.store, NAME) == 1
        finally:
            monitors.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="the file is not kept open there")
def test_a_file_that_is_no_longer_monitored_is_let_go(root: Path) -> None:
    def is_open() -> bool:
        return str(root / "talk.txt") in {one.path for one in psutil.Process().open_files()}

    with a_monitor(root) as monitor:
        monitor.file.touch()
        monitors = Monitors(monitor.context, lambda: None)
        try:
            monitors.tick(0.0)
            wait_until(is_open, "the file to be opened")
            none = monitor.context.config.model_copy(update={"monitor": MonitorSettings()})
            monitor.context.in_force.config = none
            wait_until(lambda: monitors.tick(1.0) is None and not is_open(), "the file to be closed")
        finally:
            monitors.stop()


def test_player_is_the_chosen_one_or_one_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_player([sys.executable, "-m", "x"]) == (sys.executable, "-m", "x")
    assert find_player([str(tmp_path / "gone")]) is None
    if sys.platform != "win32":
        assert find_player([]) is None
        (tmp_path / "aplay").touch(mode=0o755)
        assert find_player([]) == (str(tmp_path / "aplay"), "-q")


@pytest.mark.skipif(sys.platform == "win32", reason="the player is a script")
def test_player_of_the_system_that_ends_before_the_sound_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "aplay").write_text("#!/bin/sh\n/bin/echo 'audio open failed' >&2\n", encoding="utf-8")
    (tmp_path / "aplay").chmod(0o755)
    how: dict[str, Any] = {"lock_path": tmp_path / "player.lock", "stopping": threading.Event()}
    with pytest.raises(NotDelivered, match=r"aplay ended before the sound\. It said: audio open failed\."):
        play(tmp_path / "line.wav", seconds=600.0, chosen=[], **how)
    play(tmp_path / "line.wav", seconds=600.0, chosen=[str(tmp_path / "aplay")], **how)


def test_lines_are_played_unless_they_are_saved() -> None:
    assert MonitoredFile(file=os.sep * 2 + "h/s/a").is_played
    assert not MonitoredFile(file=os.sep * 2 + "h/s/a", save=os.sep * 2 + "h/s/b").is_played


LINES = ["One.", "Two and three."]


def in_a_fork(work: Callable[[], None]) -> int:
    """Do some work in a fork of this process, which may die; return the signal that killed it, or 0."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code <= 0, "the life failed"
    return -code


class Lives:
    """Lives of a daemon whose file has a line at first, each in a root of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._database = folder / "jobs.db"
        with a_monitor(folder / "first"):
            pass
        shutil.copy(folder / "first" / "jobs.db", self._database)

    def begin(self, name: str) -> tuple[Path, Path]:
        """Make a root; return it, and the folder of its saved lines."""
        root, save = self._folder / name, self._folder / f"{name}-spoken"
        for folder in (root, save):
            folder.mkdir()
        shutil.copy(self._database, root / "jobs.db")
        (root / "talk.txt").write_bytes(f"{LINES[0]}\n".encode())
        return root, save

    def live(self, root: Path, save: Path, *, failpoint: str = "", trace: str = "") -> int:
        """Read and deliver all lines in a fork; return the signal that killed it, or 0."""

        def work() -> None:
            failpoints.restart(failpoint, trace)
            with a_monitor(root, save=str(save), play=True) as monitor:
                monitor.work()

        return in_a_fork(work)

    def places(self) -> list[str]:
        """Return the places that reading and delivering reach, besides those of the stand-in for the worker."""
        trace = self._folder / "trace"
        assert self.live(*self.begin("traced"), trace=str(trace)) == 0
        reached = [line.split()[0] for line in trace.read_text(encoding="utf-8").splitlines()]
        return [place for place in reached if not any(other in place for other in ("_step", "_run."))]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_kill_at_any_place_neither_loses_nor_repeats_a_line(tmp_path: Path) -> None:
    """Only a line that was killed between its playing and the record of it is played once more."""
    lives = Lives(tmp_path)
    places = lives.places()
    assert len(places) == len(set(places)) > 10
    for place in places:
        root, save = lives.begin(place)
        assert lives.live(root, save, failpoint=f"{place}=kill") == signal.SIGKILL, place
        with (root / "talk.txt").open("ab") as writer:
            writer.write(f"{LINES[1]}\n".encode())
        assert lives.live(root, save) == 0, place
        saved = {path.name: said_in(path) for path in sorted(save.iterdir())}
        assert list(saved.items()) == [(f"talk-{n:06d}.wav", text) for n, text in enumerate(LINES, 1)], place
        played = (root / "played").read_text(encoding="utf-8").splitlines()
        may_repeat = any(one in place for one in ("remove", "monitor.played", "end_line.before"))
        assert list(dict.fromkeys(played)) == LINES and len(played) <= len(LINES) + may_repeat, (place, played)
