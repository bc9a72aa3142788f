"""tus 1.0 over real connections: with its Python client, and request by request."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import http.client
import io
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from dropdub.failpoints import restart
from dropdub.web.answering.errors import ApiError
from dropdub.web.uploads.folder import Uploads
from dropdub.web.uploads.reception import Reception, body_of
from dropdub.web.uploads.upload import State
from tests.waiting import wait_until
from tests.web.upload_server import LIMITS, JobBook, build_app, receiving, served

CHECKOUT = Path(__file__).resolve().parents[2]
PATH = "/v1/uploads"
BYTES = bytes(range(256)) * 40
BODY_TYPE = "application/offset+octet-stream"


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class Server:
    """A server in a thread, with what it works on."""

    port: int
    uploads: Uploads
    jobs: JobBook

    def ask(
        self, method: str, path: str, body: bytes | None = None, *, version: str | None = "1.0.0", **headers: str
    ) -> Answer:
        """Send a request; the names of headers are written with `_` for `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"Tus-Resumable": version} if version else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()

    def created(self, size: int = len(BYTES), name: str = "talk.wav") -> str:
        """Create an upload and return its path."""
        answer = self.ask("POST", PATH, Upload_Length=str(size), Upload_Metadata=f"filename {encoded(name)}")
        assert answer.status == 201, answer.text
        return answer.headers["Location"]

    def patched(self, path: str, offset: int, body: bytes, **headers: str) -> Answer:
        return self.ask("PATCH", path, body, Content_Type=BODY_TYPE, Upload_Offset=str(offset), **headers)

    def offset(self, path: str) -> int:
        return int(self.ask("HEAD", path).headers["Upload-Offset"])

    def started(self, path: str, body: bytes, announced: int) -> socket.socket:
        """Send the start of a PATCH and leave the connection open."""
        head = (
            f"PATCH {path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nContent-Type: {BODY_TYPE}\r\n"
            f"Upload-Offset: 0\r\nContent-Length: {announced}\r\n\r\n"
        )
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        connection.sendall(head.encode() + body)
        return connection


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def checksum(body: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, body).digest()).decode()}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("tus")
    uploads, jobs = Uploads(folder / "uploads", LIMITS), JobBook(folder / "jobs.json")
    with served(uploads, jobs) as port:
        yield Server(port, uploads, jobs)


def test_the_server_reports_what_it_offers(server: Server) -> None:
    answer = server.ask("OPTIONS", PATH, version=None)
    assert answer.status == 204 and answer.text == ""
    assert answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,creation-with-upload,termination,expiration,checksum"
    assert answer.headers["Tus-Max-Size"] == "400000000"
    assert "sha1" in answer.headers["Tus-Checksum-Algorithm"]


def test_the_client_of_tus_uploads_in_pieces_with_checksums_and_gets_a_job(server: Server) -> None:
    client = TusClient(f"http://127.0.0.1:{server.port}{PATH}")
    described = {"filename": "Ação.wav"}
    uploader = client.uploader(file_stream=io.BytesIO(BYTES), chunk_size=3000, metadata=described, upload_checksum=True)
    uploader.upload()
    job = uploader.request.response_headers["x-dropdub-job"]
    upload = server.uploads.find(uploader.url.rpartition("/")[2])
    assert str(upload.job) == job and upload.name == "Ação.wav"
    assert upload.path.read_bytes() == BYTES and upload.sha256 == hashlib.sha256(BYTES).hexdigest()


def test_the_location_is_a_path_and_the_first_bytes_may_come_with_the_creation(server: Server) -> None:
    described = {"Upload_Length": str(len(BYTES)), "Upload_Metadata": f"filename {encoded('a.wav')}"}
    answer = server.ask("POST", PATH, BYTES[:100], Content_Type=BODY_TYPE, **described)
    assert answer.status == 201 and answer.headers["Location"].startswith("/v1/uploads/")
    assert answer.headers["Upload-Offset"] == "100" and "X-Dropdub-Job" not in answer.headers
    whole = server.ask("POST", PATH, BYTES, Content_Type=BODY_TYPE, **described)
    assert whole.status == 201 and int(whole.headers["X-Dropdub-Job"])


def test_the_same_job_is_reported_however_often_the_last_bytes_are_sent(server: Server) -> None:
    path = server.created()
    assert server.patched(path, 0, BYTES[:5000]).status == 204
    first = server.patched(path, 5000, BYTES[5000:])
    again, late = server.patched(path, 5000, BYTES[5000:]), server.patched(path, len(BYTES), b"")
    head = server.ask("HEAD", path)
    assert [one.status for one in (first, again, late, head)] == [204, 409, 204, 200]
    assert len({one.headers["X-Dropdub-Job"] for one in (first, again, late, head)}) == 1
    assert head.headers["Upload-Offset"] == head.headers["Upload-Length"] == str(len(BYTES))
    assert head.headers["Cache-Control"] == "no-store" and "filename " in head.headers["Upload-Metadata"]


@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
@pytest.mark.parametrize("version", [None, "0.2.2"])
def test_another_version_is_refused(server: Server, method: str, version: str | None) -> None:
    path = PATH if method == "POST" else server.created()
    answer = server.ask(method, path, b"x" if method == "PATCH" else None, version=version)
    assert answer.status == 412 and answer.headers["Tus-Version"] == "1.0.0"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Upload_Length": "-1"}, 400),
        ({"Upload_Length": "9" * 30}, 400),
        ({"Upload_Length": "ten"}, 400),
        ({"Upload_Length": "400000001"}, 413),
        ({"Upload_Length": "0"}, 422),
        ({"Upload_Length": "10", "Upload_Metadata": "filename !"}, 400),
        ({"Upload_Length": "10", "Upload_Metadata": f"filename {encoded('a')},filename {encoded('b')}"}, 400),
        ({"Upload_Length": "10", "Upload_Metadata": f"options {encoded('[1]')}"}, 400),
        ({"Upload_Length": "10", "Upload_Metadata": f"options {encoded('[' * 9000)}"}, 400),
        ({"Upload_Length": "10", "Upload_Metadata": f"filename {encoded('setup.exe')}"}, 415),
        ({"Upload_Length": "10", "Upload_Metadata": f"filename {encoded('x' * 20000)}"}, 400),
        ({"Upload_Length": "10", "Upload_Metadata": "relativePath , empty,"}, 201),
    ],
)
def test_a_creation_that_cannot_succeed_is_refused_before_the_first_byte(
    server: Server, headers: dict[str, str], status: int
) -> None:
    answer = server.ask("POST", PATH, **headers)
    assert answer.status == status, answer.text
    assert answer.headers["Tus-Resumable"] == "1.0.0"


@pytest.mark.parametrize("headers", [{"Upload_Checksum": "md5 AAAA"}, {"Upload_Length": "5"}])
def test_nothing_is_created_for_first_bytes_that_cannot_be_taken(server: Server, headers: dict[str, str]) -> None:
    before = len(list(server.uploads.folder.iterdir())) if server.uploads.folder.exists() else 0
    answer = server.ask("POST", PATH, b"x" * 10, **{"Content_Type": BODY_TYPE, "Upload_Length": "10", **headers})
    assert answer.status in (400, 413)
    assert before == (len(list(server.uploads.folder.iterdir())) if server.uploads.folder.exists() else 0)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Upload_Offset": "0", "Content_Type": "application/json"}, b"x", 415),
        ({"Upload_Offset": "0"}, b"x", 415),
        ({"Content_Type": BODY_TYPE}, b"x", 400),
        ({"Upload_Offset": "1", "Content_Type": BODY_TYPE}, b"x", 409),
        ({"Upload_Offset": "0", "Content_Type": BODY_TYPE}, b"x" * (len(BYTES) + 1), 413),
        ({"Upload_Offset": "0", "Content_Type": BODY_TYPE, "Upload_Checksum": "md5 AAAA"}, b"x", 400),
        ({"Upload_Offset": "0", "Content_Type": BODY_TYPE, "Upload_Checksum": "sha256 ?"}, b"x", 400),
        ({"Upload_Offset": "0", "Content_Type": BODY_TYPE, "Upload_Checksum": checksum(b"y")}, b"x", 460),
        ({"Upload_Offset": "0", "Content_Type": BODY_TYPE, "Upload_Checksum": checksum(b"x", "sha1")}, b"x", 204),
    ],
)
def test_a_request_that_does_not_follow_the_protocol_changes_nothing(
    server: Server, headers: dict[str, str], body: bytes, status: int
) -> None:
    path = server.created()
    assert server.ask("PATCH", path, body, **headers).status == status
    assert server.offset(path) == (1 if status == 204 else 0)


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_an_upload_that_is_not_there_is_not_found(server: Server, method: str) -> None:
    headers = {"Content_Type": BODY_TYPE, "Upload_Offset": "0"}
    for upload_id in ("0" * 32, "..%2f..%2fjobs", "x"):
        assert server.ask(method, f"{PATH}/{upload_id}", b"x" if method == "PATCH" else None, **headers).status == 404


def test_an_incomplete_upload_can_be_removed_and_a_complete_one_cannot(server: Server) -> None:
    path = server.created()
    assert server.ask("DELETE", path).status == 204
    assert server.ask("HEAD", path).status == 404
    done = server.created()
    server.patched(done, 0, BYTES)
    assert server.ask("DELETE", done).status == 409
    assert server.uploads.find(done.rpartition("/")[2]).path.read_bytes() == BYTES


def test_senders_that_can_only_post_may_name_the_method(server: Server) -> None:
    path = server.created()
    headers = {"Content_Type": BODY_TYPE, "Upload_Offset": "0", "X_HTTP_Method_Override": "PATCH"}
    assert server.ask("POST", path, BYTES[:10], **headers).headers["Upload-Offset"] == "10"
    assert server.ask("POST", path, X_HTTP_Method_Override="DELETE").status == 204
    assert server.ask("POST", path).status == 405


def test_what_arrived_before_the_connection_was_lost_is_kept(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "uploads", LIMITS)
    upload = uploads.create("talk.wav", size=len(BYTES))
    with ThreadPoolExecutor(1) as executor:
        reception = Reception(uploads, executor)
        receive = receiving({"type": "http.request", "body": BYTES[:4000], "more_body": True})
        with pytest.raises(ApiError, match="lost"):
            asyncio.run(reception.append(upload, body_of(receive)))
    assert uploads.find(upload.id).received == 4000
    assert upload.part.read_bytes() == BYTES[:4000]


def test_a_request_about_an_upload_ends_an_older_one_whose_connection_hangs(server: Server) -> None:
    path = server.created()
    with server.started(path, BYTES[:4000], announced=len(BYTES)) as hanging:
        wait_until(lambda: bool(server.uploads._coming), "the first bytes are taken")
        assert server.offset(path) <= 4000
        hanging.sendall(BYTES[4000:4010])
        offset = server.offset(path)
        assert server.patched(path, offset, BYTES[offset:]).status == 204
    assert server.uploads.find(path.rpartition("/")[2]).sha256 == hashlib.sha256(BYTES).hexdigest()


def test_requests_that_send_the_same_bytes_at_once_do_not_mix(server: Server) -> None:
    path = server.created()
    with ThreadPoolExecutor(6) as senders:
        answers = [senders.submit(server.patched, path, 0, BYTES) for _ in range(6)]
        assert {answer.result().status for answer in answers} <= {204, 409}
    offset = server.offset(path)
    assert server.patched(path, offset, BYTES[offset:]).status == 204
    upload = server.uploads.find(path.rpartition("/")[2])
    assert upload.path.read_bytes() == BYTES and upload.sha256 == hashlib.sha256(BYTES).hexdigest()
    assert server.jobs.path.read_text(encoding="utf-8").count(upload.id) == 1


def test_a_body_whose_checksum_never_came_true_is_not_kept(server: Server) -> None:
    path = server.created()
    head = f"Upload-Checksum: {checksum(BYTES)}\r\nContent-Type"
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        start = (
            f"PATCH {path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\n{head}: {BODY_TYPE}\r\n"
            f"Upload-Offset: 0\r\nContent-Length: {len(BYTES)}\r\n\r\n"
        )
        connection.sendall(start.encode() + BYTES[:4000])
    assert server.offset(path) == 0
    assert server.patched(path, 0, BYTES, Upload_Checksum=checksum(BYTES)).status == 204


def test_more_requests_at_once_than_allowed_are_asked_to_come_back(server: Server) -> None:
    paths = [server.created() for _ in range(9)]
    open_ones = [server.started(path, BYTES[:10], announced=len(BYTES)) for path in paths[:8]]
    try:
        wait_until(lambda: len(server.uploads._coming) == 8, "eight requests are being received")
        refused = server.patched(paths[8], 0, BYTES)
        assert refused.status == 429 and int(refused.headers["Retry-After"]) > 0
    finally:
        for one in open_ones:
            one.close()
    wait_until(lambda: server.patched(paths[8], 0, BYTES).status in (204, 409), "there is a place again")


def test_an_upload_without_a_job_gets_one_when_it_is_asked_for(server: Server) -> None:
    path = server.created()
    server.jobs.refusal = ApiError(503, "The database is not available.")
    assert server.patched(path, 0, BYTES).status == 503
    assert server.uploads.find(path.rpartition("/")[2]).state == State.COMPLETE
    server.jobs.refusal = None
    assert int(server.ask("HEAD", path).headers["X-Dropdub-Job"])


def test_other_requests_are_answered_while_a_disk_is_slow(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    path, reached, go = server.created(), threading.Event(), threading.Event()

    def flush(_file: object) -> None:
        reached.set()
        assert go.wait(60)

    monkeypatch.setattr("dropdub.web.uploads.writing.flush", flush)
    with ThreadPoolExecutor(1) as sender:
        sent = sender.submit(server.patched, path, 0, BYTES)
        assert reached.wait(60)
        assert server.ask("OPTIONS", PATH).status == 204 and not sent.done()
        go.set()
        assert sent.result().status == 204


@pytest.mark.parametrize("place", ["upload.write", "upload.written", "write.unflushed"])
def test_what_is_recorded_survives_a_full_disk(server: Server, place: str) -> None:
    path = server.created()
    assert server.patched(path, 0, BYTES[:4000]).status == 204
    restart(f"{place}=full", "")
    try:
        refused = server.patched(path, 4000, BYTES[4000:])
    finally:
        restart("", "")
    assert refused.status == 507 and "full" in refused.text
    offset = server.offset(path)
    assert server.patched(path, offset, BYTES[offset:]).status == 204
    assert server.uploads.find(path.rpartition("/")[2]).sha256 == hashlib.sha256(BYTES).hexdigest()


def test_the_document_names_the_headers_and_the_errors(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as executor:
        app = build_app(Uploads(tmp_path, LIMITS), JobBook(tmp_path / "jobs.json"), executor)
    append = app.openapi()["paths"][f"{PATH}/{{upload_id}}"]["patch"]
    required = {one["name"] for one in append["parameters"] if one["required"]}
    assert required == {"upload_id", "Tus-Resumable", "Upload-Offset"}
    assert {"204", "409", "412", "460", "507"} <= set(append["responses"])
    assert BODY_TYPE in append["requestBody"]["content"]


@pytest.fixture
def killable(tmp_path: Path) -> Iterator[Killable]:
    server = Killable(tmp_path)
    yield server
    server.kill()


class Killable:
    """A server in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None

    def start(self, failpoints: str = "") -> str:
        """Start the server and return the address of its uploads."""
        command = [sys.executable, "-m", "tests.web.upload_server", str(self.folder)]
        environment = {**os.environ, "DROPDUB_FAILPOINTS": failpoints}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, encoding="utf-8", env=environment, cwd=CHECKOUT
        )
        assert self.process.stdout is not None
        return f"http://127.0.0.1:{self.process.stdout.readline().strip()}{PATH}/"

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
            self.process.communicate()
            self.process = None


def test_an_upload_resumes_after_the_server_was_killed_in_the_middle(killable: Killable, tmp_path: Path) -> None:
    uploader = TusClient(killable.start()).uploader(file_stream=io.BytesIO(BYTES), chunk_size=2000)
    uploader.upload(stop_at=4000)
    killable.kill()
    address = killable.start() + uploader.url.rpartition("/")[2]
    resumed = TusClient(address).uploader(file_stream=io.BytesIO(BYTES), chunk_size=2000, url=address)
    assert resumed.get_offset() == 4000
    resumed.upload()
    upload = Uploads(tmp_path / "uploads", LIMITS).find(address.rpartition("/")[2])
    assert upload.sha256 == hashlib.sha256(BYTES).hexdigest() and upload.path.read_bytes() == BYTES
    assert upload.job == 1


@pytest.mark.parametrize("place", ["upload.hashed", "upload.handed-over"])
def test_a_server_killed_after_the_last_byte_makes_the_job_once_at_its_next_start(
    place: str, killable: Killable, tmp_path: Path
) -> None:
    uploader = TusClient(killable.start(f"{place}=kill")).uploader(file_stream=io.BytesIO(BYTES))
    with pytest.raises(TusCommunicationError):
        uploader.upload()
    killable.kill()
    address = killable.start() + uploader.url.rpartition("/")[2]
    resumed = TusClient(address).uploader(file_stream=io.BytesIO(BYTES), url=address)
    assert resumed.get_offset() == len(BYTES)
    upload = Uploads(tmp_path / "uploads", LIMITS).find(address.rpartition("/")[2])
    assert upload.job == 1 and (tmp_path / "jobs.json").read_text(encoding="utf-8").count(upload.id) == 1
