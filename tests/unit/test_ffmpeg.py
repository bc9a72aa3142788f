from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import psutil
import pytest
import soundfile

from dropdub.config import Config
from dropdub.daemon.steps.pools import make_pools
from dropdub.errors import DeadlineExceeded, DiskFull, EngineMissing, MediaToolFailed
from dropdub.media.containers import CONTAINERS, FORMAT_WHITELIST, PROTOCOLS
from dropdub.media.ffmpeg import FFMPEG_VARIABLE, find_ffmpeg, input_arguments, run_ffmpeg
from dropdub.process import started
from dropdub.process.run import Program, run
from dropdub.root import Root
from tests.waiting import wait_until

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX file system and descriptors")
ENDLESS = ("-f", "lavfi", "-i", "sine=frequency=440", "-f", "null", "-")


def test_the_variable_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FFMPEG_VARIABLE, sys.executable)
    assert find_ffmpeg() == Path(sys.executable)


def test_a_variable_that_names_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FFMPEG_VARIABLE, "/nowhere/ffmpeg")
    with pytest.raises(EngineMissing, match="/nowhere/ffmpeg, is not an executable program"):
        find_ffmpeg()


def test_workers_get_the_ffmpeg_of_the_settings(tmp_path: Path) -> None:
    pools = make_pools(Root.at(tmp_path), Config(ffmpeg="/opt/ffmpeg"), lambda: None)
    assert {pool._launch.environment[FFMPEG_VARIABLE] for pool in pools.values()} == {"/opt/ffmpeg"}


def test_the_variable_comes_before_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FFMPEG_VARIABLE, "/other/ffmpeg")
    assert Config(ffmpeg="/opt/ffmpeg").ffmpeg == "/other/ffmpeg"


def test_without_a_system_ffmpeg_the_one_of_the_package_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FFMPEG_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "")
    assert "imageio_ffmpeg" in str(find_ffmpeg())


def test_a_run_converts_and_reports_its_progress(each_ffmpeg: Path, speech: Path, tmp_path: Path) -> None:
    shares: list[float] = []
    output = tmp_path / "out.wav"
    arguments = [*input_arguments(speech, threads=1), "-ac", "1", "-ar", "16000", str(output)]
    run_ffmpeg(arguments, deadline_s=60, duration_s=11.0, progress=shares.append, threads=1)
    assert soundfile.info(output).duration == pytest.approx(11.0, abs=0.01)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_every_container_is_one_that_ffmpeg_knows(each_ffmpeg: Path) -> None:
    lines: list[str] = []
    run(Program([str(each_ffmpeg), "-hide_banner", "-demuxers"]), deadline_s=30, on_line=lines.append)
    known = {name for line in lines if (found := re.match(r" D\S*\s+(\S+)", line)) for name in found[1].split(",")}
    assert set(CONTAINERS) <= known


@pytest.mark.parametrize(
    "script",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{target}'\n",
        "1\n00:00:00,000 --> 00:00:05,000\nhello\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
    ],
    ids=["hls", "concat", "subtitle", "sdp"],
)
def test_no_file_can_lead_to_another(each_ffmpeg: Path, script: str, speech_wav: Path, tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.mp4"
    hostile.write_text(script.format(target=speech_wav), encoding="utf-8")
    with pytest.raises(MediaToolFailed):
        run_ffmpeg([*input_arguments(hostile), str(tmp_path / "out.wav")], deadline_s=30)


@pytest.mark.parametrize("name", ["-y.wav", "a b.wav", "%03d.wav", "é 中.wav", "'q'.wav"])
def test_every_name_is_only_a_name(each_ffmpeg: Path, name: str, speech_wav: Path, tmp_path: Path) -> None:
    source = shutil.copy(speech_wav, tmp_path / name)
    run_ffmpeg([*input_arguments(Path(source), "-t", "1"), str(tmp_path / "out.flac")], deadline_s=30)
    assert soundfile.info(tmp_path / "out.flac").duration == pytest.approx(1.0, abs=0.01)


@needs_posix
def test_a_name_with_a_protocol_in_it_is_only_a_name(
    each_ffmpeg: Path, speech_wav: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = Path(shutil.copy(speech_wav, "concat:http:x|y.wav"))
    run_ffmpeg([*input_arguments(source, "-t", "1"), str(tmp_path / "out.flac")], deadline_s=30)


def test_input_arguments_list_what_is_allowed(tmp_path: Path) -> None:
    arguments = input_arguments(tmp_path / "a.mp4", "-ss", "3")
    assert arguments[-4:] == ["-ss", "3", "-i", f"file:{tmp_path / 'a.mp4'}"]
    assert arguments[:4] == ["-protocol_whitelist", PROTOCOLS, "-format_whitelist", FORMAT_WHITELIST]


def test_a_failure_says_why_without_folders(each_ffmpeg: Path, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.mp4"
    garbage.write_bytes(b"nothing of use" * 100)
    with pytest.raises(MediaToolFailed, match="Invalid data found") as caught:
        run_ffmpeg([*input_arguments(garbage), str(tmp_path / "out.wav")], deadline_s=30)
    assert str(tmp_path) not in caught.value.message


def test_an_unknown_filter_is_named(each_ffmpeg: Path, speech_wav: Path, tmp_path: Path) -> None:
    with pytest.raises(MediaToolFailed, match="No such filter: 'nosuch'"):
        run_ffmpeg([*input_arguments(speech_wav), "-af", "nosuch", str(tmp_path / "out.wav")], deadline_s=30)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
def test_a_full_disk_is_reported_as_such(each_ffmpeg: Path, speech_wav: Path) -> None:
    with pytest.raises(DiskFull, match="disk is full"):
        run_ffmpeg([*input_arguments(speech_wav), "-f", "wav", "/dev/full"], deadline_s=30)


def test_a_program_that_cannot_start_is_a_failure_of_the_tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "ffmpeg.exe"
    broken.write_bytes(b"\0not a program")
    broken.chmod(0o755)
    monkeypatch.setenv(FFMPEG_VARIABLE, str(broken))
    with pytest.raises(MediaToolFailed, match="could not be started"):
        run_ffmpeg(["-version"], deadline_s=10)


def test_ffmpeg_is_killed_past_its_deadline(each_ffmpeg: Path) -> None:
    with pytest.raises(DeadlineExceeded, match="did not finish within 1 s"):
        run_ffmpeg(["-re", *ENDLESS], deadline_s=1)
    assert not _children_named("ffmpeg")


def test_an_error_in_the_progress_callback_ends_ffmpeg(each_ffmpeg: Path) -> None:
    def cancel(_share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_ffmpeg(["-re", *ENDLESS], deadline_s=60, duration_s=100, progress=cancel)
    assert not _children_named("ffmpeg")


GRANDCHILD = "import time, pathlib, os, sys; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(120)"
PARENT = """
import pathlib, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]])
while not (pathlib.Path(sys.argv[2]).exists() and pathlib.Path(sys.argv[2]).read_text()):
    time.sleep(0.01)
print("born", flush=True)
time.sleep(float(sys.argv[3]))
"""


def test_past_the_deadline_grandchildren_die_too(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with pytest.raises(DeadlineExceeded):
        run(Program(_family(pid_file, parent_stays_s=120)), deadline_s=5)
    grandchild = int(pid_file.read_text(encoding="utf-8"))
    wait_until(lambda: not _alive(grandchild), "the death of the grandchild")


def test_a_grandchild_that_holds_the_pipes_does_not_hold_us(tmp_path: Path) -> None:
    pid_file, lines = tmp_path / "pid", list[str]()
    try:
        ending = run(Program(_family(pid_file, parent_stays_s=0)), deadline_s=60, on_line=lines.append)
        assert _alive(int(pid_file.read_text(encoding="utf-8")))
        assert (ending.returncode, lines) == (0, ["born"])
    finally:
        psutil.Process(int(pid_file.read_text(encoding="utf-8"))).kill()


def test_a_flood_of_error_output_is_cut(tmp_path: Path) -> None:
    flood = "import sys\nfor n in range(20000): print('complaint', n, 'x' * 50, file=sys.stderr)\nsys.exit(3)"
    ending = run(Program([sys.executable, "-c", flood]), deadline_s=60)
    assert ending.returncode == 3
    assert len(ending.complaints) == 50
    assert ending.complaints[-1].startswith("complaint 19999")


@needs_posix
def test_a_tool_inherits_the_liveness_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "run.lock").open("wb") as lock:
        monkeypatch.setattr(started, "inherited_fds", lambda: (lock.fileno(),))
        look = f"import os; os.fstat({lock.fileno()})"
        assert run(Program([sys.executable, "-c", look]), deadline_s=30).returncode == 0


@needs_posix
def test_a_tool_stays_in_the_process_group_of_its_worker() -> None:
    lines: list[str] = []
    run(Program([sys.executable, "-c", "import os; print(os.getpgrp())"]), deadline_s=30, on_line=lines.append)
    assert sys.platform == "win32" or lines == [str(os.getpgrp())]


def _family(pid_file: Path, *, parent_stays_s: float) -> list[str]:
    return [sys.executable, "-c", PARENT, GRANDCHILD, str(pid_file), str(parent_stays_s)]


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _children_named(name: str) -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if name in child.name()]
