"""An upload whose server died after its job was recorded, and before the record of the upload said so."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dropdub import failpoints
from dropdub.store import queries, transitions
from dropdub.web.uploads.upload import State, Upload
from tests.web.running import Running, running

BYTES = b"RIFF, or whatever it is."
TUS = {"Tus-Resumable": "1.0.0"}
DIES = "upload.handed-over=denied"
LONG_AGO = 1_000_000_000


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as server:
        yield server


def interrupted(web: Running, headers: dict[str, str], **how: Any) -> Upload:
    """Send a request that ends right after its job is recorded, as if the server had died; return its upload."""
    failpoints.restart(DIES, "")
    try:
        headers = {**headers, "Connection": "close"}  # it is cut, and must not be used again
        assert web.client.request(headers=headers, **how).status_code == 500
    finally:
        failpoints.restart("", "")
    [folder] = (web.root / "work" / "uploads").iterdir()
    upload = web.site.uploads.find(folder.name)
    assert upload.state == State.COMPLETE and upload.path.read_bytes() == BYTES
    assert len(jobs(web)) == 1
    return upload


def by_tus(web: Running) -> Upload:
    made = web.client.post("/v1/uploads", headers={**TUS, "Upload-Length": str(len(BYTES))})
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    return interrupted(web, method="PATCH", url=made.headers["location"], content=BYTES, headers=headers)


def by_form(web: Running) -> Upload:
    headers = {"Idempotency-Key": "once"}
    return interrupted(web, method="POST", url="/v1/jobs", files={"file": ("talk.wav", BYTES)}, headers=headers)


def jobs(web: Running) -> list[int]:
    return [job["id"] for job in web.json("GET", "/v1/jobs")["jobs"]]


def taken(upload: Upload) -> None:
    """Move the file to its job, as the daemon does."""
    shutil.move(upload.path, upload.folder.parents[1] / "taken.wav")


def test_its_sender_is_answered_with_the_job_that_has_taken_the_file_already(web: Running) -> None:
    upload = by_tus(web)
    taken(upload)
    answer = web.client.head(f"/v1/uploads/{upload.id}", headers=TUS)
    assert (answer.status_code, answer.headers.get("x-dropdub-job")) == (200, "1")
    assert web.site.uploads.find(upload.id).job == 1 and jobs(web) == [1]


@pytest.mark.parametrize("is_taken", [False, True], ids=["waiting", "taken"])
def test_a_request_that_names_it_with_a_key_of_its_own_gets_the_same_job(web: Running, *, is_taken: bool) -> None:
    upload = by_tus(web)
    if is_taken:
        taken(upload)
    answer = web.client.post("/v1/jobs", json={"upload": upload.id}, headers={"Idempotency-Key": "mine"})
    assert (answer.status_code, answer.json()["id"]) == (200, 1)
    assert jobs(web) == [1]


def test_a_form_that_is_sent_again_gets_the_job_and_only_its_first_file_stays(web: Running) -> None:
    upload = by_form(web)
    again = web.client.post("/v1/jobs", files={"file": ("talk.wav", BYTES)}, headers={"Idempotency-Key": "once"})
    assert (again.status_code, again.json()["id"]) == (200, 1)
    assert [folder.name for folder in (web.root / "work" / "uploads").iterdir()] == [upload.id]


def test_a_file_that_its_job_has_not_taken_yet_does_not_expire(web: Running) -> None:
    upload = by_form(web)
    record = upload.folder / "meta.json"
    record.write_text(record.read_text("utf-8").replace(str(upload.changed), str(LONG_AGO)), "utf-8")
    for path in (upload.path, upload.path.parent, upload.folder):
        os.utime(path, (LONG_AGO, LONG_AGO))
    needed = queries.sent_files(web.store)
    assert web.site.uploads.expire(needed=needed) == [] and upload.path.read_bytes() == BYTES
    transitions.vanish_job(web.store, 1, now=LONG_AGO)
    assert web.site.uploads.expire(needed=queries.sent_files(web.store)) == [upload.id]
