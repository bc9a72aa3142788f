"""The files of jobs: whole, in parts, and as one archive; never through a link, and never from another folder."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dropdub.pipeline.artifacts import Segment, Transcript
from dropdub.web.answering.downloads import Part, attachment, requested_part
from dropdub.web.answering.errors import ApiError
from tests.web.running import Running, a_published_job, running

SRT = b"1\n00:00:00,500 --> 00:00:01,500\nOl\xc3\xa1.\n"
FILM = bytes(range(256)) * 4_000


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as server:
        yield server


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", Part(0, 1)),
        ("bytes=2-", Part(2, 10)),
        ("bytes=2-99", Part(2, 10)),
        ("bytes=-3", Part(7, 10)),
        ("bytes=-99", Part(0, 10)),
        (None, None),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=0-1,3-4", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
    ],
)
def test_a_part_is_what_the_range_names(header: str | None, part: Part | None) -> None:
    assert requested_part(header, 10) == part


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=99-100", 10), ("bytes=-0", 10), ("bytes=0-", 0)]
)
def test_a_part_that_is_not_there_is_refused_with_the_size(header: str, size: int) -> None:
    with pytest.raises(ApiError) as refusal:
        requested_part(header, size)
    assert (refusal.value.status, refusal.value.headers["content-range"]) == (416, f"bytes */{size}")


def test_names_of_all_scripts_are_saved_under_their_own() -> None:
    assert attachment("clip (2).pt.srt") == 'attachment; filename="clip (2).pt.srt"'
    assert attachment('a"b\r\n.srt') == "attachment; filename=\"a_b__.srt\"; filename*=UTF-8''a%22b%0D%0A.srt"
    assert attachment("ação.srt") == "attachment; filename=\"a__o.srt\"; filename*=UTF-8''a%C3%A7%C3%A3o.srt"


def test_outputs_are_listed_with_their_checksums_and_types(web: Running) -> None:
    job = a_published_job(web, {"clip.srt": SRT, "clip.pt.mp4": FILM, "report.html": b"<p>", "odd.svg": b"<svg/>"})
    found = web.json("GET", f"/v1/jobs/{job}/outputs")["outputs"]
    assert [(one["number"], one["name"], one["media_type"]) for one in found] == [
        (1, "clip.srt", "application/x-subrip"),
        (2, "clip.pt.mp4", "video/mp4"),
        (3, "report.html", "application/octet-stream"),
        (4, "odd.svg", "application/octet-stream"),
        (5, "manifest.json", "application/json"),
    ]
    assert (found[1]["size"], found[1]["sha256"]) == (len(FILM), hashlib.sha256(FILM).hexdigest())
    assert found[4]["sha256"] is None


def test_a_file_is_sent_whole_or_in_parts_that_fit_together(web: Running) -> None:
    job = a_published_job(web, {"clip.mp4": FILM})
    path = f"/v1/jobs/{job}/outputs/1"
    whole = web.client.get(path)
    tag = whole.headers["etag"]
    assert (whole.status_code, whole.content, tag) == (200, FILM, f'"{hashlib.sha256(FILM).hexdigest()}"')
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["content-disposition"] == 'attachment; filename="clip.mp4"'
    part = web.client.get(path, headers={"range": "bytes=1000-1999", "if-range": tag})
    assert (part.status_code, part.content) == (206, FILM[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(FILM)}"
    other = web.client.get(path, headers={"range": "bytes=1000-1999", "if-range": '"another"'})
    assert (other.status_code, other.content) == (200, FILM)
    dated = {"range": "bytes=0-4", "if-range": whole.headers["last-modified"]}
    assert web.client.get(path, headers=dated).content == FILM[:5]
    beyond = web.client.get(path, headers={"range": f"bytes={len(FILM)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(FILM)}")
    assert web.client.get(path, headers={"if-none-match": f'W/"x", {tag}'}).status_code == 304
    head = web.client.head(path)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(FILM)))


def test_a_file_that_a_person_has_changed_has_another_identity(web: Running) -> None:
    job = a_published_job(web, {"clip.srt": SRT})
    file = web.root / "outbox" / "clip" / "clip.srt"
    file.write_bytes(SRT.replace(b"Ol", b"ol"))
    later = (file.parent / "manifest.json").stat().st_mtime + 10
    os.utime(file, (later, later))
    answer = web.client.get(f"/v1/jobs/{job}/outputs/1")
    assert "etag" not in answer.headers and answer.headers["last-modified"]
    assert web.json("GET", f"/v1/jobs/{job}/outputs")["outputs"][0]["sha256"] is None


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")
def test_links_and_files_of_other_folders_are_not_sent(web: Running, tmp_path_factory: pytest.TempPathFactory) -> None:
    job = a_published_job(web, {"clip.srt": SRT, "clip.vtt": SRT})
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "secret").write_text("secret", encoding="utf-8")
    folder = web.root / "outbox" / "clip"
    (folder / "clip.srt").unlink()
    (folder / "clip.srt").symlink_to(elsewhere / "secret")
    os.mkfifo(folder / "pipe")
    assert web.client.get(f"/v1/jobs/{job}/outputs/1").status_code == 404
    assert [one["name"] for one in web.json("GET", f"/v1/jobs/{job}/outputs")["outputs"]] == [
        "clip.vtt",
        "manifest.json",
    ]
    for number in (0, 4, 1_000_000, -1):
        assert web.client.get(f"/v1/jobs/{job}/outputs/{number}").status_code in (400, 404)
    folder.rename(elsewhere / "clip")
    folder.symlink_to(elsewhere / "clip")
    for path in ("outputs/2", "archive.zip"):
        assert web.client.get(f"/v1/jobs/{job}/{path}").status_code == 404


def test_all_files_come_as_one_archive(web: Running) -> None:
    files = {"clip.srt": SRT, "ação.mp4": FILM}
    job = a_published_job(web, files)
    answer = web.client.get(f"/v1/jobs/{job}/archive.zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="clip.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["clip.srt", "ação.mp4", "manifest.json"]
        assert {name: archive.read(name) for name in files} == files


def test_what_is_said_is_answered_with_its_times(web: Running) -> None:
    said = Transcript("en", 2.0, (Segment(0, 0.5, 1.5, "Hello.", speaker="S1"),), {"name": "engine"})
    job = a_published_job(web, {"clip.json": said.to_json().encode(), "clip.pt.srt": SRT})
    line = {"n": 1, "start": 0.5, "end": 1.5, "text": "Hello.", "speaker": "S1", "words": []}
    assert web.json("GET", f"/v1/jobs/{job}/transcript") == {
        "language": "en",
        "target": None,
        "duration_s": 2.0,
        "lines": [line],
    }
    translated = web.json("GET", f"/v1/jobs/{job}/transcript?target=pt")
    assert translated["lines"] == [{**line, "text": "Olá.", "speaker": None}]
    assert web.client.get(f"/v1/jobs/{job}/transcript?target=es").status_code == 404
    assert web.client.get(f"/v1/jobs/{job}/transcript?target=../x").status_code == 400


def test_the_paragraphs_of_a_translated_text_have_no_times(web: Running) -> None:
    job = a_published_job(web, {"text.es.txt": "Hola.\n\n¿Qué tal?\n".encode()}, name="text.txt")
    lines = web.json("GET", f"/v1/jobs/{job}/transcript?target=es")["lines"]
    assert [(line["start"], line["text"]) for line in lines] == [(0.0, "Hola."), (0.0, "¿Qué tal?")]


def test_the_quality_is_that_of_the_manifest(web: Running) -> None:
    with_it = a_published_job(web, {"clip.srt": SRT}, quality={"targets": {}})
    without = a_published_job(web, {"talk.srt": SRT}, name="talk.mp4")
    assert web.json("GET", f"/v1/jobs/{with_it}/quality") == {"quality": {"targets": {}}}
    assert web.client.get(f"/v1/jobs/{without}/quality").status_code == 404
    (web.root / "outbox" / "clip" / "manifest.json").write_text(json.dumps([1]), encoding="utf-8")
    assert web.client.get(f"/v1/jobs/{with_it}/outputs").status_code == 200
