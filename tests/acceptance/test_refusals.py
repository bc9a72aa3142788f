"""What cannot be done is refused with an error, its original goes to failed/ with a note, and others continue."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dropdub.media.ffmpeg import find_ffmpeg
from tests.acceptance.site import Site


def made_by_ffmpeg(path: Path, *arguments: str) -> Path:
    subprocess.run([str(find_ffmpeg()), "-nostdin", "-loglevel", "error", *arguments, str(path)], check=True)
    return path


def noise(path: Path) -> Path:
    path.write_bytes(random.Random(7).randbytes(50_000))
    return path


def silent_film(path: Path) -> Path:
    return made_by_ffmpeg(path, "-f", "lavfi", "-i", "testsrc=duration=1:size=64x64", "-c:v", "mpeg4")


def tone(path: Path) -> Path:
    return made_by_ffmpeg(path, "-f", "lavfi", "-i", "sine=duration=3")


def big(path: Path) -> Path:
    return made_by_ffmpeg(path, "-f", "lavfi", "-i", "sine=duration=6")


def truncated(path: Path) -> Path:
    whole = made_by_ffmpeg(
        path.with_name("whole.mp4"),
        *(
            "-f",
            "lavfi",
            "-i",
            "testsrc=duration=2:size=64x64",
            "-f",
            "lavfi",
            "-i",
            "sine=duration=2",
            "-c:v",
            "mpeg4",
        ),
    )
    path.write_bytes(whole.read_bytes()[:-3000])
    return path


def playlist(path: Path) -> Path:
    path.write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        encoding="utf-8",
    )
    return path


def text_called_video(path: Path) -> Path:
    path.write_text("This is no film at all.\n", encoding="utf-8")
    return path


def binary_called_text(path: Path) -> Path:
    path.write_bytes(b"MZ\x00\x00" + bytes(range(256)) * 8)
    return path


Made = Callable[[Path], Path]
REFUSALS: dict[str, tuple[Made, str]] = {
    "noise.mp4": (noise, "cannot be read as a recording"),
    "silent.mp4": (silent_film, "sound"),
    "half.mp4": (truncated, "cannot be read as a recording"),
    "list.mp4": (playlist, "is not a recording"),
    "story.mkv": (text_called_video, "is not a recording"),
    "program.txt": (binary_called_text, "not"),
}
OVER_A_LIMIT: dict[str, tuple[Made, str]] = {
    "long.wav": (tone, "limits.max_duration"),
    "big.wav": (big, "limits.max_size"),
}
LIMITS = {"max_duration": 2, "max_size": 280_000}
"""Three seconds of `tone` are 265 kB: too long, but not too big."""


@pytest.mark.parametrize(
    ("refusals", "settings"), [(REFUSALS, {}), (OVER_A_LIMIT, {"limits": LIMITS})], ids=["broken", "over a limit"]
)
def test_each_bad_file_is_refused_with_error_message_and_another_file_succeeds(
    site: Callable[..., Site], tmp_path: Path, refusals: dict[str, tuple[Made, str]], settings: dict[str, Any]
) -> None:
    root = site(**settings)
    for name, (make, _) in refusals.items():
        root.drop(make(tmp_path / name), name)
    root.drop_text("An innocent text.", "innocent.txt")
    assert root.work_off() == 1, root.output()
    for name, (_, said) in refusals.items():
        job = root.job(name)
        assert (job["state"], job["attempts"]) == ("failed", 1), name
        assert name in job["reason"] and said in f"{job['reason']} {job['remedy']}"
        assert job["remedy"], name
        assert (root.root / "failed" / f"{name}.error.txt").is_file()
    assert root.states()["innocent.txt"] == "succeeded"
    assert "Traceback" not in root.output()
    root.check()


def test_a_recording_without_speech_succeeds_and_says_so(site: Callable[..., Site], tmp_path: Path) -> None:
    root = site()
    silence = made_by_ffmpeg(tmp_path / "quiet.wav", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "3")
    root.drop(silence)
    assert root.work_off() == 0, root.output()
    assert any("no speech" in warning.lower() for warning in root.job("quiet.wav")["warnings"])
    assert root.published("quiet")["quiet.txt"].read_text(encoding="utf-8").strip() == ""
    root.check()


def test_jobs_wait_while_disk_space_is_low_and_resume_by_themselves(site: Callable[..., Site]) -> None:
    root = site(limits={"min_free_disk": 10**18})
    root.drop_text("A text.", "one.txt")
    root.start()
    root.wait_for("one.txt", "waiting")
    assert "free" in root.job("one.txt")["reason"]
    root.stop()
    root.configure()
    assert root.work_off() == 0
    assert root.states() == {"one.txt": "succeeded"}
    root.check()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("inbx: {}\n", "line 1: inbx: there is no such setting"),
        ("retry:\n  attempts: many\n", "line 2: retry.attempts: expected a whole number"),
        ("retry:\n  attempts: 0\n", "line 2: retry.attempts: Input should be greater than or equal to 1"),
        ("inbox:\n  settle: soon\n", "line 2: inbox.settle: 'soon' is not a duration"),
        ("folders:\n  work: inbox/work\n", "is inside folders.inbox"),
        ("a: [1,\n", "line 2: a bracket"),
        ("profiles:\n  x: {targts: [pt]}\n", "profiles.x.targts"),
    ],
)
def test_invalid_configuration_is_refused_with_line_and_remedy(site: Callable[..., Site], text: str, said: str) -> None:
    root = site()
    (root.root / "config.yaml").write_text(text, encoding="utf-8")
    answer = root.jobs("watch", "--until-idle")
    assert answer.returncode == 2
    assert said in " ".join(answer.stderr.split())
