"""Recordings that several tests need, made once by the real ffmpeg."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import imageio_ffmpeg
import pytest

import dropdub
from dropdub.media.ffmpeg import FFMPEG_VARIABLE
from dropdub.pipeline.cache import Cache
from tests import real_models

SPEECH = Path(dropdub.__file__).parent / "samples" / "jfk.flac"
SLOWEST = ("test_every_place.py", "test_crashes.py", "test_long_recording.py", "test_dub_sound.py")
"""The files that take longest, in the order in which they are started."""
PICTURE = ("-f", "lavfi", "-i", "testsrc=size=160x120:rate=25:duration=12")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run files with slow tests first: if one started last, all cores but one would idle until it ends."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    rank = {name: number for number, name in enumerate(SLOWEST)}
    items.sort(key=lambda item: (rank.get(item.path.name, len(rank)), item.path not in slow))


@pytest.fixture(params=["system", "wheel"])
def each_ffmpeg(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run the test with the system's ffmpeg, and again with the one of the imageio-ffmpeg package."""
    found = shutil.which("ffmpeg") if request.param == "system" else imageio_ffmpeg.get_ffmpeg_exe()
    if found is None:
        pytest.skip("no ffmpeg is installed on this system")
    monkeypatch.setenv(FFMPEG_VARIABLE, found)
    return Path(found)


@pytest.fixture(scope="session")
def real_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function from a model's name to its folder, which skips the test if the model cannot be had."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "real-models"
    return lambda name: real_models.real_model(name, shared)


@pytest.fixture(scope="session")
def speech() -> Path:
    """Eleven seconds of English speech, FLAC, 44.1 kHz stereo."""
    return SPEECH


@pytest.fixture(scope="session")
def speech_wav(media_dir: Path) -> Path:
    """The same as 16 kHz mono WAV."""
    return _made(media_dir / "speech.wav", "-i", str(SPEECH), "-ac", "1", "-ar", "16000")


@pytest.fixture(scope="session")
def talk_video(media_dir: Path) -> Path:
    """A test picture with the speech: MP4, MPEG-4 and AAC, titled and marked as English."""
    tags = ("-metadata", "title=A talk", "-metadata:s:a", "language=eng")
    return _made(media_dir / "talk.mp4", *PICTURE, "-i", str(SPEECH), *_codecs(), *tags, "-shortest")


@pytest.fixture(scope="session")
def talk_mkv(media_dir: Path, talk_video: Path) -> Path:
    """The talk in Matroska."""
    return _made(media_dir / "talk.mkv", "-i", str(talk_video), "-c", "copy")


@pytest.fixture(scope="session")
def phrase(media_dir: Path) -> Path:
    """The first three seconds of the speech, FLAC: for tests that do not depend on what is said."""
    return _made(media_dir / "phrase.flac", "-i", str(SPEECH), "-t", "3")


@pytest.fixture(scope="session")
def phrase_video(media_dir: Path, talk_video: Path) -> Path:
    """The first three seconds of the talk."""
    return _made(media_dir / "phrase.mp4", "-i", str(talk_video), "-t", "3", "-c", "copy")


@pytest.fixture(scope="session")
def silent_video(media_dir: Path) -> Path:
    """A picture without a sound track."""
    return _made(media_dir / "silent.mp4", *PICTURE, "-c:v", "mpeg4")


@pytest.fixture(scope="session")
def media_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """A cache for all tests of a run, in all its processes, so that the same speech is transcribed once."""
    base = tmp_path_factory.getbasetemp()
    return Cache((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared-cache", max_bytes=10**9)


@pytest.fixture
def other_file_system(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a different file system from the test's own."""
    with folder_on_another_file_system(tmp_path) as folder:
        yield folder


@contextmanager
def folder_on_another_file_system(place: Path) -> Iterator[Path]:
    """Yield a folder on a different file system from `place`; skip the test if this machine has none."""
    for other in (Path("/dev/shm"), Path(tempfile.gettempdir()), Path.home()):
        if other.is_dir() and other.stat().st_dev != place.stat().st_dev:
            folder = Path(tempfile.mkdtemp(prefix="dropdub-", dir=other))
            try:
                yield folder
            finally:
                shutil.rmtree(folder)
            return
    pytest.skip("this machine has no second file system to write to")


def _codecs() -> tuple[str, ...]:
    return ("-c:v", "mpeg4", "-c:a", "aac", "-b:a", "96k")


def _made(path: Path, *arguments: str) -> Path:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", *arguments, str(path)]
    subprocess.run(command, check=True, timeout=60, stdin=subprocess.DEVNULL)
    return path
