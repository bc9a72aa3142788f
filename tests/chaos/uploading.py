"""Senders that upload a file until they are answered with its job, however often the server dies; and what must hold.

Each sender is what a program would be: the real client of tus, which continues from its stored address with a new
object after each cut, or a form that is sent again as a whole, with the same `Idempotency-Key` or without one.
"""

from __future__ import annotations

import hashlib
import io
import random
import time
import wave
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from unittest import mock

import requests
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from dropdub.web.uploads.folder import Uploads
from dropdub.web.uploads.limits import UploadLimits
from tests.acceptance.served import Served
from tests.acceptance.site import Site
from tests.chaos.invariants import broken
from tests.chaos.trying_again import LATER, try_until

CHUNK = 50_000
SMALL_CHUNK = 8_000
"""For a sender that is slow: many requests, so that a kill at a random moment hits one of them."""
OPTIONS = '{"targets": []}'
TUS_VERSION = {"Tus-Resumable": "1.0.0"}
AFTER_EXPIRY_S = 2 * 24 * 3600.0


class Way(StrEnum):
    """How a file is sent."""

    TUS = "tus"
    KEYED = "form with a key"
    PLAIN = "form without a key"


class _Paced(io.BytesIO):
    """Bytes that are read slowly."""

    def __init__(self, content: bytes, pause_s: float) -> None:
        super().__init__(content)
        self._pause_s = pause_s

    def read(self, size: int | None = -1, /) -> bytes:
        time.sleep(self._pause_s)
        return super().read(size)


@dataclass
class Sending:
    """A file on its way. `pause_s`: before each block that is read of it.

    `tries`: how often its sender began. `job`: what the sender was answered, at the end. `url`: of its upload by tus.
    """

    name: str
    way: Way
    content: bytes
    pause_s: float = 0.0
    tries: int = 0
    job: int | None = None
    url: str | None = None
    complaints: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def a_sending(number: int, way: Way, *, pause_s: float = 0.0) -> Sending:
    """Return a recording of four silent seconds that is like no other, to be sent: its job takes half a second."""
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(128_000) + bytes(one % 3 for one in random.Random(number).randbytes(64)))
    return Sending(f"recording {number}.wav", way, written.getvalue(), pause_s)


def send(served: Served, sending: Sending, *, timeout_s: float) -> None:
    """Send a file, again and again, until its sender is answered with a job or the time is over."""

    def try_once() -> None:
        sending.tries += 1
        with suppress(requests.RequestException):
            try:
                sending.job = _tus(served, sending) if sending.way is Way.TUS else _form(served, sending)
            except TusCommunicationError as error:
                _judge(sending, error.status_code, str(error))

    try_until(lambda: sending.job is not None, try_once, served, timeout_s=timeout_s)


def _judge(sending: Sending, status: int | None, text: str) -> None:
    """Note an answer that no death explains. A client that was cut off has none."""
    if status is not None and status not in LATER:
        sending.complaints.append(f"{sending.name} ({sending.way}) was answered {status}: {text[:200]}")
        sending.url = None if status in {404, 410} else sending.url


def _authorized(served: Served) -> dict[str, str]:
    return {"Authorization": f"Bearer {served.token}"}


def _tus(served: Served, sending: Sending) -> int | None:
    client = TusClient(f"{served.address}/v1/uploads", headers=_authorized(served))
    uploader = client.uploader(
        file_stream=_Paced(sending.content, sending.pause_s),
        chunk_size=SMALL_CHUNK if sending.pause_s else CHUNK,
        metadata={"filename": sending.name, "options": OPTIONS},
        url=sending.url,
    )
    if sending.url is None:
        uploader.set_url(uploader.create_url())
        sending.url = uploader.url
    uploader.upload()
    answer = requests.head(str(sending.url), headers={**TUS_VERSION, **_authorized(served)}, timeout=60)
    return _job_in(sending, answer)


def _form(served: Served, sending: Sending) -> int | None:
    files, data = {"file": (sending.name, sending.content)}, {"options": OPTIONS}
    whole = requests.Request("POST", f"{served.address}/v1/jobs", files=files, data=data).prepare()
    assert isinstance(whole.body, bytes)
    headers = {"Content-Type": whole.headers["Content-Type"], **_authorized(served)}
    if sending.way is Way.KEYED:
        headers["Idempotency-Key"] = sending.name
    body = _Paced(whole.body, sending.pause_s)
    return _job_in(sending, requests.post(f"{served.address}/v1/jobs", data=body, headers=headers, timeout=60))


def _job_in(sending: Sending, answer: requests.Response) -> int | None:
    """Return the job that an answer names; None if there is none."""
    if answer.ok and "X-Dropdub-Job" in answer.headers:
        return int(answer.headers["X-Dropdub-Job"])
    _judge(sending, answer.status_code, answer.text)
    return None


# -- what must hold -------------------------------------------------------------------------------------------------


def jobs_of(site: Site, sending: Sending) -> list[dict[str, Any]]:
    return site.rows("SELECT * FROM job WHERE name = ? ORDER BY id", sending.name)


def wrong_jobs(site: Site, sendings: Sequence[Sending]) -> Iterator[str]:
    """Yield what is wrong with the jobs of files, at any moment."""
    for one in sendings:
        told, found = one.job, [job["id"] for job in jobs_of(site, one)]
        most = one.tries if one.way is Way.PLAIN else 1
        if told is not None and told not in found:
            yield f"{one.name} ({one.way}) was answered with job {told}: there are {found}"
        if len(found) > most:
            yield f"{one.name} ({one.way}) was sent {one.tries} times and has the jobs {found}"


def wrong_while_dead(site: Site, sendings: Sequence[Sending]) -> Iterator[str]:
    """Yield what is wrong with files on their way, while no process of the root is alive."""
    yield from wrong_jobs(site, sendings)
    for one in sendings:
        for job in jobs_of(site, one):
            places = filter(Path.is_file, _places(site, job))
            found = {path.stat().st_ino for path in places if _digest(path) == one.digest}
            if len(found) != 1:
                yield f"the original of job {job['id']} ({one.name}, {one.way}) stands {len(found)} times"


def _places(site: Site, job: dict[str, Any]) -> Iterator[Path]:
    """Yield where the original of a job may be."""
    yield Path(job["source"])
    yield site.root / "work" / str(job["id"]) / "source" / job["name"]
    if job["destination"]:
        yield Path(job["destination"])


def wrong_at_rest(site: Site, sendings: Sequence[Sending]) -> Iterator[str]:
    """Yield what is wrong once everything was answered and processed, and the daemon has ended."""
    for one in sendings:
        jobs = jobs_of(site, one)
        if one.job is None:
            yield f"{one.name} ({one.way}) was sent {one.tries} times and never answered"
        if [job["state"] for job in jobs] != ["succeeded"] * len(jobs):
            yield f"{one.name} ({one.way}) has jobs that did not succeed: {[job['reason'] for job in jobs]}"
        if sum(job["dup_of"] is None for job in jobs) != 1:
            yield f"{one.name} ({one.way}) was processed {sum(job['dup_of'] is None for job in jobs)} times"
        yield from one.complaints
    yield from wrong_while_dead(site, sendings)
    yield from broken(site.root, Counter({one.digest: len(jobs_of(site, one)) for one in sendings}))
    yield from _left_after_expiry(site.root / "work" / "uploads")


def _left_after_expiry(folder: Path) -> Iterator[str]:
    """Yield what stays in the folder of uploads when the time of all is over, after removing what expires."""
    later = time.time() + AFTER_EXPIRY_S
    with mock.patch("time.time", lambda: later):
        Uploads(folder, UploadLimits(max_size=1, min_free_disk=0)).expire()
    yield from (f"uploads/{path.relative_to(folder)} belongs to nobody" for path in folder.rglob("*"))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
