"""Forms with files: parsed while they arrive, bounded, and nothing left of what was not accepted."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from dropdub.failpoints import restart
from dropdub.web.answering.errors import ApiError
from dropdub.web.uploads.folder import Uploads
from dropdub.web.uploads.form import Form
from dropdub.web.uploads.multipart import receive_form
from dropdub.web.uploads.reception import Reception
from tests.web.upload_server import LIMITS, JobBook, receiving, served

BYTES = bytes(range(256)) * 500
BOUNDARY = "xYzZY"
KIND = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.fixture(scope="module")
def served_uploads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Uploads]]:
    folder = tmp_path_factory.mktemp("forms")
    uploads = Uploads(folder / "uploads", LIMITS)
    with served(uploads, JobBook(folder / "jobs.json")) as port:
        yield port, uploads


@pytest.fixture
def port(served_uploads: tuple[int, Uploads]) -> Iterator[int]:
    """Give the server's port; fail if the test leaves a file that was not accepted."""
    port, uploads = served_uploads
    yield port
    uploads.limits = LIMITS
    assert not uploads.folder.exists() or list(uploads.folder.iterdir()) == []


@pytest.fixture
def uploads(served_uploads: tuple[int, Uploads]) -> Uploads:
    return served_uploads[1]


def part(disposition: str | bytes, content: bytes, *headers: str) -> bytes:
    name = disposition if isinstance(disposition, bytes) else disposition.encode()
    more = "".join(f"{header}\r\n" for header in headers).encode()
    return f"--{BOUNDARY}\r\n".encode() + b"Content-Disposition: " + name + b"\r\n" + more + b"\r\n" + content + b"\r\n"


FILE = part('form-data; name="file"; filename="talk.wav"', BYTES)
TEXT = part('form-data; name="model"', b"whisper-1")
END = f"--{BOUNDARY}--\r\n".encode()


def sent(port: int, body: bytes | Iterator[bytes], kind: str = KIND) -> tuple[int, Any]:
    """Return status and JSON of the answer to a form."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/form", body, {"Content-Type": kind})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize("body", [FILE + TEXT + END, TEXT + FILE + END, b"\r\n" + TEXT + FILE + END + b"epilogue"])
def test_a_file_may_come_first_or_last(port: int, body: bytes) -> None:
    status, form = sent(port, body)
    assert status == 200 and form["texts"] == [["model", "whisper-1"]]
    name, size, digest, _ = form["files"]["file"]
    assert (name, size, digest) == ("talk.wav", len(BYTES), hashlib.sha256(BYTES).hexdigest())


def test_a_file_that_is_accepted_stays(served_uploads: tuple[int, Uploads]) -> None:
    port, uploads = served_uploads
    _, form = sent(port, FILE + part('form-data; name="keep"', b"1") + END)
    upload = uploads.find(form["files"]["file"][3])
    assert upload.path.read_bytes() == BYTES and not upload.resumable
    upload.path.unlink()
    uploads.discard(upload)


def test_two_files_and_repeated_fields_are_all_there_and_in_order(port: int) -> None:
    times = [part('form-data; name="kinds[]"', word) for word in (b"word", b"segment")]
    other = part('form-data; name="other"; filename="b.mp3"', b"other")
    status, form = sent(port, b"".join([*times, FILE, other, END]))
    assert status == 200 and set(form["files"]) == {"file", "other"}
    assert form["texts"] == [["kinds[]", "word"], ["kinds[]", "segment"]]


def test_fields_are_found_under_the_names_that_clients_use() -> None:
    texts = (("kinds[]", "word"), ("kinds[]", "segment"), ("model", "a"), ("model", "b"), ("vad[type]", "server"))
    form = Form(texts, ())
    assert form.all("kinds") == ["word", "segment"] and form.text("model") == "b" and form.text("none") is None
    assert form.members("vad") == {"type": "server"} and form.members("kinds") == {}
    with pytest.raises(ApiError, match="no file in the field audio"):
        form.file("audio")


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('form-data; name="file"; filename="../../../etc/cron.d/x.wav"', "x.wav"),
        ('form-data; name="file"; filename="..\\\\..\\\\x.wav"', "x.wav"),
        ('form-data; name="file"; filename="C:\\Temp\\x.wav"', "x.wav"),
        ('form-data; name="file"; filename="Ação 日本.wav"', "Ação 日本.wav"),
        ('form-data; name="file"; filename="Ação.wav"'.encode("latin-1"), "Ação.wav"),
        ("form-data; name=\"file\"; filename*=UTF-8''A%C3%A7%C3%A3o.wav", "Ação.wav"),
        ("form-data; name=\"file\"; filename*=iso-8859-1'en'A%E7.wav", "Aç.wav"),
        ('form-data; name="file"; filename="plain.wav"; filename*=UTF-8\'\'%2e%2e%2fother.wav', "plain.wav"),
        ('form-data; name="file"; filename="a%22b.wav"', "a_b.wav"),
        ('form-data; name="file"; filename="a\\"b.wav"', "a_b.wav"),
        ("form-data; name=file; filename=talk.wav", "talk.wav"),
        ('form-data; name="file"; filename=""', "file"),
        ('form-data; name="file"; filename="audio_file"', "audio_file"),
        ('form-data; name="file"; filename=".."', "_"),
    ],
)
def test_the_name_of_a_file_is_read_as_clients_write_it_and_cleaned(
    port: int, disposition: str | bytes, name: str
) -> None:
    status, form = sent(port, part(disposition, b"content") + END)
    assert status == 200, form
    assert form["files"]["file"][0] == name


def test_a_field_for_a_file_that_was_not_chosen_is_left_out(port: int) -> None:
    assert sent(port, part('form-data; name="file"; filename=""', b"") + TEXT + END)[1]["files"] == {}


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        (FILE + part('form-data; name="prompt"', b"x" * 1001) + END, 413, "prompt"),
        (FILE + part('form-data; name="sound"', b"x" * 100_001) + END, 413, "sound"),
        (FILE + part('form-data; name="sound"', b"x" * 90_000) * 3 + END, 413, None),
        (FILE + TEXT * 201 + END, 400, "model"),
        (FILE * 3 + END, 400, "file"),
        (FILE + part('form-data; name="prompt"', b"\xff\xfe") + END, 400, "prompt"),
        (part('form-data; name="file"; filename="talk.wav"', b"") + END, 422, "file"),
        (part('form-data; name="file"; filename="setup.exe"', BYTES) + END, 415, None),
        (part('form-data; name="file"; filename="book.pdf"', BYTES) + END, 415, None),
        (FILE + TEXT, 400, None),
        (FILE[:-1000], 400, None),
        (b"", 400, None),
        (b"no form at all", 400, None),
        (FILE + part("form-data", b"no name") + END, 400, None),
        (FILE + part('attachment; name="x"', b"no part of a form") + END, 400, None),
        (f"--{BOUNDARY}\r\n\r\nno headers\r\n".encode() + END, 400, None),
        (FILE + part('form-data; name="x"', b"x", *["A: b"] * 20) + END, 400, None),
        (FILE + part('form-data; name="x"', b"x", f"A: {'b' * 9000}") + END, 400, None),
        (f"--{BOUNDARY}\r\nbad header name: x\r\n\r\n".encode() + END, 400, None),
    ],
)
def test_a_form_that_cannot_be_accepted_is_refused_and_leaves_nothing(
    port: int, body: bytes, status: int, param: str | None
) -> None:
    found, answer = sent(port, body)
    assert found == status, answer
    assert answer["error"]["param"] == param and answer["error"]["message"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        (f"multipart/form-data; boundary={'x' * 71}", 400),
        ('multipart/form-data; boundary="a[b"', 400),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ],
)
def test_a_request_that_is_no_form_with_a_boundary_is_refused(port: int, kind: str, status: int) -> None:
    assert sent(port, FILE + END, kind)[0] == status


def test_a_file_is_refused_by_its_size_before_it_is_read_and_counted_while_it_is(port: int, uploads: Uploads) -> None:
    uploads.limits = replace(LIMITS, max_size=100)
    assert sent(port, FILE + END)[0] == 413
    assert sent(port, iter([FILE, END]))[0] == 413
    uploads.limits = replace(LIMITS, min_free_disk=2**60)
    assert sent(port, FILE + END)[0] == 507


def test_bytes_that_look_like_a_boundary_are_content(port: int) -> None:
    tricky = b"\r\n--xYzZ\r\n--xYzZYx\r\n-\r\n--xYzZY!" * 3 + b"\r\n--xYz" * 40_000
    status, form = sent(port, part('form-data; name="file"; filename="a.wav"', tricky) + END)
    assert status == 200 and form["files"]["file"][2] == hashlib.sha256(tricky).hexdigest()


@pytest.mark.parametrize("place", ["upload.write", "upload.flushed", "write.unflushed"])
def test_nothing_stays_of_a_form_for_which_the_disk_was_too_small(port: int, place: str) -> None:
    restart(f"{place}=full", "")
    try:
        assert sent(port, FILE + END)[0] == 507
    finally:
        restart("", "")


def test_nothing_stays_of_a_form_whose_sender_left(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "uploads", LIMITS)
    receive = receiving({"type": "http.request", "body": FILE[:-1000], "more_body": True})

    async def received(executor: ThreadPoolExecutor) -> None:
        async with receive_form(receive, {"content-type": KIND}, Reception(uploads, executor)):
            pytest.fail("a form that was cut off is complete")

    with ThreadPoolExecutor(1) as executor, pytest.raises(ApiError, match="lost"):
        asyncio.run(received(executor))
    assert list(uploads.folder.iterdir()) == []


def test_a_file_of_300_mb_takes_no_memory(port: int) -> None:
    resource = pytest.importorskip("resource", reason="Windows reports no peak of the memory in this way")
    sent(port, FILE + END)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    head = FILE[: -len(BYTES) - 2]
    blocks = (bytes(1 << 20) for _ in range(300))
    _, form = sent(port, chain([head], blocks, [b"\r\n" + END]))
    assert form["files"]["file"][1] == 300 << 20
    unit = 1 if sys.platform == "darwin" else 1024
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit < 20_000_000
