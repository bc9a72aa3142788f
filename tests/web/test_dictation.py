"""Dictation over HTTP: a real server with its daemon, whose transcriber is PocketSphinx."""

from __future__ import annotations

import asyncio
import contextlib
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from dropdub.config import Config
from dropdub.operations.place import find_place
from dropdub.store.states import JobState
from dropdub.web.dictation.dictations import ABANDONED_S, Dictations
from dropdub.web.dictation.shapes import DictationRequest
from dropdub.web.dictation.sound import HEADER
from dropdub.web.jobs.uploaded import UploadedFiles
from dropdub.web.site import Site as Application
from dropdub.web.uploads.reception import Reception
from dropdub.web.uploads.upload import META
from tests.acceptance.served import Served
from tests.acceptance.site import Site
from tests.integration.test_dictate import RATE, silence, spoken
from tests.integration.test_engines import usable
from tests.waiting import wait_until
from tests.web.streams import named_events

ENGLISH = {"options": {"language": "en"}}


def pcm(samples: Any) -> bytes:
    return bytes((samples * 32767).astype("<i2").tobytes())


class Dictating(Served):
    """A served root, and a program that dictates."""

    def send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return httpx2.request(method, self.address + path, headers=headers, timeout=60, trust_env=False, **options)

    def begun(self) -> dict[str, Any]:
        answer = self.send("POST", "/v1/dictations", json=ENGLISH)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def add(self, dictation: dict[str, Any], sound: bytes, *, offset: int) -> int:
        headers = {"tus-resumable": "1.0.0", "upload-offset": str(offset)}
        headers["content-type"] = "application/offset+octet-stream"
        answer = self.send("PATCH", dictation["upload_url"], content=sound, headers=headers)
        assert answer.status_code == 204, answer.text
        return int(answer.headers["upload-offset"])

    def look(self, dictation: dict[str, Any]) -> dict[str, Any]:
        return dict(self.send("GET", f"/v1/dictations/{dictation['id']}").json())

    @contextlib.contextmanager
    def reading(self, dictation: dict[str, Any], after: int = 0) -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
        """Yield the events of a dictation, each with its name."""
        headers = {"authorization": f"Bearer {self.token}"}
        address = f"{self.address}{dictation['events_url']}?after={after}"
        with httpx2.stream("GET", address, headers=headers, timeout=60, trust_env=False) as answer:
            yield named_events(answer)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dictating]:
    usable("pocketsphinx")
    made = Dictating(Site(tmp_path_factory.mktemp("dictation") / "root"))
    made.start()
    yield made
    made.close()
    made.site.stop()


def test_what_is_dictated_is_read_while_it_grows_and_is_a_job_in_the_end(served: Dictating) -> None:
    one = served.begun()
    sound = pcm(spoken(0.0, 2.4)) + pcm(silence(1.5))
    middle = RATE * 2
    with served.reading(one) as events:
        offset = served.add(one, sound[:middle], offset=one["offset"])
        kind, first = next(events)
        assert (kind, first["segments"], first["end"]) == ("heard", [], 1.0)
        offset = served.add(one, sound[middle:], offset=offset)
        settled = next(data for _, data in events if data["segments"])
        assert "my fellow" in settled["segments"][0]["text"] and 2.2 < settled["until"] < 3.9
        shown = served.look(one)
        assert shown["segments"] == settled["segments"] and shown["last_event"] == settled["id"]
        assert (shown["seconds"], shown["offset"], shown["job"]) == (pytest.approx(3.9), offset, None)
        job = served.send("POST", f"/v1/dictations/{one['id']}/end").json()["id"]
        assert next(data for kind, data in events if kind == "end") == {"job": job}
    assert served.send("POST", f"/v1/dictations/{one['id']}/end").json()["id"] == job
    wait_until(lambda: served.site.rows("SELECT state FROM job WHERE id = ?", job)[0]["state"] in ("succeeded",), "job")
    said = served.send("GET", f"/v1/jobs/{job}/transcript").text
    assert "my fellow" in said
    with wave.open(str(served.site.root / "archive" / one["name"])) as kept:
        assert (kept.getframerate(), kept.getnframes()) == (RATE, len(sound) // 2)
    assert served.send("GET", "/v1/jobs").json()["jobs"][0]["id"] == job, "windows are not listed as jobs"


def test_a_killed_server_has_kept_what_it_acknowledged_and_the_dictation_continues(served: Dictating) -> None:
    one = served.begun()
    sound = pcm(spoken(0.0, 2.0))
    offset = served.add(one, sound[:RATE], offset=one["offset"])
    before = served.process().pid
    served.process().kill()
    wait_until(lambda: served.answers() and served.process().pid != before, "the next web server answers")
    shown = served.look(one)
    head = served.send("HEAD", one["upload_url"], headers={"tus-resumable": "1.0.0"})
    assert head.headers["upload-offset"] == str(offset) == str(shown["offset"])
    assert head.headers["upload-defer-length"] == "1" and "upload-length" not in head.headers
    assert served.add(one, sound[RATE:], offset=offset) == len(HEADER) + len(sound)
    file = served.site.root / "work" / "uploads" / one["id"] / "part" / one["name"]
    assert file.read_bytes() == HEADER + sound
    assert served.send("DELETE", one["upload_url"], headers={"tus-resumable": "1.0.0"}).status_code == 204


def test_windows_are_asked_for_once_however_many_read(served: Dictating) -> None:
    one = served.begun()
    with served.reading(one) as first, served.reading(one) as second:
        served.add(one, pcm(spoken(0.0, 1.5)), offset=one["offset"])
        assert next(first) == next(second)
    [row] = served.site.rows("SELECT count(*) AS number FROM job WHERE batch = ?", one["id"])
    assert row["number"] == 1


def test_what_cannot_be_done_is_refused_in_a_sentence(served: Dictating) -> None:
    refused = served.send("POST", "/v1/dictations", json={"options": {"speakers": "nobody"}})
    assert refused.status_code == 400 and "speakers" in refused.json()["error"]["param"]
    unknown = served.send("POST", "/v1/dictations", json={"sound": 1})
    assert (unknown.status_code, unknown.json()["error"]["param"]) == (400, "sound")
    silent = served.send("POST", f"/v1/dictations/{served.begun()['id']}/end")
    assert silent.status_code == 422 and "Nothing was recorded" in silent.json()["error"]["message"]
    headers = {"tus-resumable": "1.0.0", "upload-length": "10"}
    upload = served.send("POST", "/v1/uploads", headers=headers).headers["location"].rpartition("/")[2]
    for id_ in (upload, "0" * 32):
        for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/end")):
            assert served.send(method, f"/v1/dictations/{id_}{path}").status_code == 404
    assert served.send("GET", "/v1/dictations/nobody").status_code == 400


def test_an_abandoned_dictation_becomes_a_job_and_one_without_sound_is_removed(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("limits: {min_free_disk: 1000000}", encoding="utf-8")
    place = find_place(tmp_path)
    place.root.create_folders()

    async def abandon(site: Application) -> tuple[list[str], list[str]]:
        reception = Reception(site.uploads, site.threads)
        dictations = Dictations(reception, UploadedFiles(site, reception))
        spoken_in, silent = [await dictations.begin(DictationRequest()) for _ in range(2)]

        async def body() -> Any:
            yield bytes(RATE)

        await reception.append(spoken_in, body())
        for one in (spoken_in, silent):
            known = json.loads((one.folder / META).read_bytes())
            long_ago = known["changed"] - ABANDONED_S - 24 * 3600
            (one.folder / META).write_text(json.dumps({**known, "changed": long_ago}), encoding="utf-8")
        site.uploads.expire()
        await dictations.end_abandoned()
        return [spoken_in.id], [one.name for one in site.uploads.folder.iterdir()]

    with contextlib.closing(Application(place, Config(), None)) as site:
        expected, left = asyncio.run(abandon(site))
        assert left == expected
        [job] = site.reader.status(now=0.0).jobs
        assert job.state == JobState.CLAIMING
