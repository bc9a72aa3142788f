"""The folder of uploads: what is kept, refused, resumed and removed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dropdub.failpoints import VARIABLE
from dropdub.pipeline.known_speakers import sent_voice
from dropdub.web.answering.errors import ApiError
from dropdub.web.uploads import writing as writing_module
from dropdub.web.uploads.folder import Uploads, tidy_name
from dropdub.web.uploads.limits import UploadLimits
from dropdub.web.uploads.upload import State, Upload

LIMITS = UploadLimits(max_size=1_000_000, min_free_disk=0)
BYTES = bytes(range(256)) * 400


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "uploads", LIMITS)


def written(uploads: Uploads, upload: Upload, content: bytes) -> Upload:
    writing = uploads.write(upload)
    writing.write([content])
    return uploads.close(writing)


def complete(uploads: Uploads, name: str = "talk.wav") -> Upload:
    upload = written(uploads, uploads.create(name, size=len(BYTES)), BYTES)
    return uploads.accept(uploads.hash(upload))


def aged(uploads: Uploads, upload: Upload, hours: float) -> None:
    """Let an upload look as if it had not changed for hours."""
    then = time.time() - hours * 3600
    meta = upload.folder / "meta.json"
    meta.write_text(json.dumps({**json.loads(meta.read_text(encoding="utf-8")), "changed": then}), encoding="utf-8")
    for path in (*upload.folder.rglob("*"), upload.folder):
        os.utime(path, (then, then))


def status_of(make: object, *arguments: object, **options: object) -> int:
    with pytest.raises(ApiError) as refused:
        make(*arguments, **options)  # type: ignore[operator]  # any method
    return refused.value.status


def test_an_upload_is_whole_hashed_and_under_its_own_name(uploads: Uploads) -> None:
    upload = complete(uploads, "Ação 1.wav")
    assert upload.path.name == "Ação 1.wav" and upload.path.read_bytes() == BYTES
    assert upload.sha256 == hashlib.sha256(BYTES).hexdigest()
    assert uploads.find(upload.id) == upload and upload.state == State.COMPLETE
    assert uploads.find(uploads.record(upload, 7).id).job == 7


def test_the_voices_of_known_speakers_are_removed_with_the_file_that_they_came_with(uploads: Uploads) -> None:
    received, whole = written(uploads, uploads.create("a.wav", size=len(BYTES)), BYTES), complete(uploads)
    for upload in (received, whole):
        uploads.add_voices(upload, [b"Ana", b"Rui"])
        assert [sent_voice(upload.path, number).read_bytes() for number in (0, 1)] == [b"Ana", b"Rui"]
    uploads.release(replace(received, resumable=False))
    uploads.drop(whole)
    assert list(uploads.folder.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="files inherit the permissions of their folder on Windows")
def test_nobody_else_may_read_an_upload(uploads: Uploads) -> None:
    upload = complete(uploads)
    private = [path for path in (uploads.folder, *uploads.folder.rglob("*")) if path.name != "meta.json"]
    assert {path.stat().st_mode & 0o077 for path in private} == {0}
    assert upload.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Ana\\talk.wav", "talk.wav"),
        ("/", "_"),
        ("..", "_"),
        ("con.wav", "_con.wav"),
        ("a\x00b\n.wav", "a_b_.wav"),
        ("-rf.wav", "_-rf.wav"),
        (".hidden", "_.hidden"),
        ("\ud800.wav", "_.wav"),
        ("x" * 400 + ".wav", "x" * 251 + ".wav"),
    ],
)
def test_a_name_is_cleaned(sent: str, name: str) -> None:
    assert tidy_name(sent) == name


@pytest.mark.parametrize(
    ("name", "size", "status"),
    [
        ("setup.exe", 10, 415),
        ("book.PDF", 10, 415),
        ("photos.zip", 10, 415),
        ("talk.wav", 0, 422),
        ("talk.wav", 1_000_001, 413),
    ],
)
def test_what_is_never_accepted_is_refused_before_anything_is_created(
    uploads: Uploads, name: str, size: int, status: int
) -> None:
    assert status_of(uploads.create, name, size=size) == status
    assert not uploads.folder.exists()


def test_the_remedy_is_that_of_a_dropped_file(uploads: Uploads) -> None:
    with pytest.raises(ApiError) as refused:
        uploads.create("book.pdf", size=10)
    assert "a PDF file" in refused.value.message and "save it as .docx" in refused.value.remedy


@pytest.mark.parametrize(
    "name", ["talk.wav", "film.MKV", "lines.srt", "cues.json", "letter.docx", "recording", "x.dat"]
)
def test_what_may_be_processed_is_left_to_its_content(uploads: Uploads, name: str) -> None:
    assert uploads.create(name, size=10).received == 0


def test_a_full_disk_is_reported_before_the_first_byte_and_while_writing(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = uploads.create("talk.wav", size=len(BYTES))
    uploads.limits = replace(LIMITS, min_free_disk=2**60)
    assert status_of(uploads.create, "talk.wav", size=10) == 507
    assert status_of(uploads.write, upload) == 507
    uploads.limits = LIMITS
    monkeypatch.setattr(writing_module, "LOOK_EVERY", 1000)
    writing = uploads.write(upload)
    writing.write([BYTES[:2000]])
    uploads.limits = replace(LIMITS, min_free_disk=2**60)
    assert status_of(writing.write, [BYTES[2000:]]) == 507
    assert uploads.close(writing).received == 2000


def test_the_space_that_other_uploads_still_need_counts(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dropdub.files.durable.free_bytes", lambda _folder: 1_500_000)
    writing = uploads.write(uploads.create("one.wav", size=1_000_000))
    assert status_of(uploads.create, "two.wav", size=1_000_000) == 507
    uploads.close(writing)
    uploads.create("two.wav", size=1_000_000)


def test_no_more_is_taken_than_was_announced(uploads: Uploads) -> None:
    writing = uploads.write(uploads.create("talk.wav", size=10))
    assert status_of(writing.write, [b"x" * 11]) == 413
    assert uploads.close(writing).received == 0


def test_incomplete_uploads_are_bounded(uploads: Uploads) -> None:
    uploads.limits = replace(LIMITS, unfinished=2)
    complete(uploads)
    uploads.create("one.wav", size=10)
    uploads.create("two.wav", size=10)
    assert status_of(uploads.create, "three.wav", size=10) == 429


@pytest.mark.parametrize("upload_id", ["", "..", "x" * 32, "0" * 31, "0" * 33, "A" * 32, "../" + "0" * 29, "0" * 32])
def test_an_id_that_nobody_was_given_finds_nothing(uploads: Uploads, upload_id: str) -> None:
    complete(uploads)
    assert status_of(uploads.find, upload_id) == 404


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")
def test_no_link_is_followed(uploads: Uploads, tmp_path: Path) -> None:
    upload, outside = uploads.create("talk.wav", size=10), tmp_path / "outside"
    outside.write_bytes(b"mine")
    upload.part.unlink()
    upload.part.symlink_to(outside)
    with pytest.raises(OSError, match="symbolic"):
        uploads.write(upload)
    (uploads.folder / ("a" * 32)).symlink_to(upload.folder)
    assert status_of(uploads.find, "a" * 32) == 404
    assert outside.read_bytes() == b"mine"


def test_what_was_not_recorded_is_discarded_and_the_hash_is_of_the_file(uploads: Uploads) -> None:
    upload = written(uploads, uploads.create("talk.wav", size=len(BYTES)), BYTES[:1000])
    with upload.part.open("ab") as part:
        part.write(b"lost in a power cut")
    restarted = Uploads(uploads.folder, LIMITS)
    upload = written(restarted, restarted.find(upload.id), BYTES[1000:])
    assert restarted.hash(upload).sha256 == hashlib.sha256(BYTES).hexdigest()
    assert upload.part.read_bytes() == BYTES


def test_partial_uploads_expire_after_a_day_and_complete_ones_stay_while_a_job_waits(uploads: Uploads) -> None:
    partial = written(uploads, uploads.create("part.wav", size=len(BYTES)), BYTES[:10])
    waiting, taken, lone = (complete(uploads, f"{name}.wav") for name in ("waiting", "taken", "lone"))
    uploads.record(waiting, 1)
    uploads.record(taken, 2)
    taken.path.unlink()
    for upload in (partial, waiting, taken, lone):
        aged(uploads, upload, 23)
    assert uploads.expire() == []
    for upload in (partial, waiting, taken, lone):
        aged(uploads, upload, 25)
    assert status_of(uploads.find, partial.id) == 410
    assert sorted(uploads.expire()) == sorted([partial.id, taken.id, lone.id])
    assert [path.name for path in uploads.folder.iterdir()] == [waiting.id]
    assert waiting.path.read_bytes() == BYTES


def test_a_complete_upload_cannot_be_removed_before_it_expires(uploads: Uploads) -> None:
    upload = complete(uploads)
    assert status_of(uploads.discard, upload) == 409
    assert status_of(uploads.discard, uploads.record(upload, 3)) == 409
    upload.path.unlink()
    uploads.discard(uploads.find(upload.id))
    assert list(uploads.folder.iterdir()) == []


def test_a_part_of_a_form_that_died_with_its_process_is_swept(uploads: Uploads) -> None:
    upload = written(uploads, uploads.create("talk.wav", size=None, resumable=False), BYTES)
    assert uploads.hash(upload).size == len(BYTES)
    assert uploads.unrecorded() == [] and uploads.expire() == []
    aged(uploads, upload, 2)
    assert uploads.expire() == [upload.id]


def test_a_folder_that_a_crash_left_without_a_record_is_swept(uploads: Uploads) -> None:
    upload = uploads.create("talk.wav", size=10)
    (upload.folder / "meta.json").write_text("{", encoding="utf-8")
    assert status_of(uploads.find, upload.id) == 404
    assert uploads.expire() == []
    os.utime(upload.folder, (0, 0))
    assert uploads.expire() == [upload.id]


UPLOAD = """
import sys
from pathlib import Path
from dropdub.web.uploads import writing
from dropdub.web.uploads.folder import Uploads
from dropdub.web.uploads.limits import UploadLimits
writing.KEEP_EVERY = 30_000
uploads = Uploads(Path(sys.argv[1]), UploadLimits(1_000_000, 0))
content = bytes(range(256)) * 400
upload = uploads.create("talk.wav", size=len(content))
one = uploads.write(upload)
for start in range(0, len(content), 25_600):
    one.write([content[start : start + 25_600]])
upload = uploads.accept(uploads.hash(uploads.close(one)))
uploads.record(upload, 1)
"""
PLACES = {
    "upload.made": 0,
    "daemon.write.unflushed#1": 0,
    "daemon.rename.after#1": 0,
    "upload.created": 0,
    "daemon.upload.write#2": 0,
    "upload.written": 0,
    "upload.flushed": 0,
    "daemon.rename.before#2": 0,
    "daemon.rename.after#2": 51_200,
    "daemon.upload.write#4": 51_200,
    "daemon.upload.flushed#2": 51_200,
    "daemon.rename.after#3": 102_400,
    "upload.hashed": 102_400,
    "daemon.rename.before#5": 102_400,
    "upload.accepted": 102_400,
    "upload.handed-over": 102_400,
    "upload.recorded": 102_400,
}
"""Where the process is killed, and the offset from which the upload must then continue."""


@pytest.mark.skipif(sys.platform == "win32", reason="kills with SIGKILL")
@pytest.mark.parametrize("place", PLACES)
def test_after_a_kill_anywhere_the_upload_continues_or_nothing_of_it_counts(place: str, tmp_path: Path) -> None:
    environment = {**os.environ, VARIABLE: f"{place}=kill"}
    folder = tmp_path / "uploads"
    killed = subprocess.run([sys.executable, "-c", UPLOAD, str(folder)], env=environment, check=False, timeout=60)
    assert killed.returncode == -9, place
    uploads = Uploads(folder, LIMITS)
    (upload_id,) = (path.name for path in folder.iterdir())
    found = uploads._read(upload_id)
    if found is None:
        os.utime(folder / upload_id, (0, 0))
        assert uploads.expire() == [upload_id] and PLACES[place] == 0
        return
    assert found.received == PLACES[place]
    if found.state == State.RECEIVING:
        found = written(uploads, found, BYTES[found.received :])
    whole = uploads.accept(uploads.hash(found))
    assert whole.path.read_bytes() == BYTES and whole.sha256 == hashlib.sha256(BYTES).hexdigest()
    assert [one.id for one in uploads.unrecorded()] == ([upload_id] if found.job is None else [])
