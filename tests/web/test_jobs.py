"""The routes about jobs: lists, details, actions, new jobs. No answer names a path of this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from dropdub.root import Root
from dropdub.store import queries, transitions
from dropdub.store.states import JobState, Priority
from dropdub.store.transitions import AskedJob
from dropdub.web.jobs.shapes import hiding
from tests.factories import NOW, a_queued_job, a_running_job, a_spec, an_ended_job, failed
from tests.web.running import Running, a_published_job, ended, running

SETTINGS = "job:\n  targets: [pt]\nprofiles:\n  lessons:\n    targets: [es]\nlimits:\n  max_text: 10 KB\n"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, SETTINGS) as server:
        yield server


def error_of(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()["error"]
    assert set(found) == {"message", "type", "code", "param"}
    return found


def a_text_to_speak(web: Running) -> int:
    steps = [a_spec("say", pool="synthesize")]
    [asked] = transitions.ask_jobs(web.store, [AskedJob("Olá.", {"what": "say"}, steps, options={})], now=NOW)
    return asked.job_id


def test_the_list_is_read_page_by_page_with_the_counts_of_all(web: Running) -> None:
    for number in range(5):
        an_ended_job(web.store, JobState.FAILED if number % 2 else JobState.SUCCEEDED, name=f"Áudio {number}.mp3")
    said = a_text_to_speak(web)
    first = web.json("GET", "/v1/jobs?limit=3")
    assert ([job["id"] for job in first["jobs"]], first["next"]) == ([5, 4, 3], 3)
    assert (first["counts"]["failed"], first["counts"]["succeeded"], first["counts"]["queued"]) == (2, 3, 0)
    rest = web.json("GET", f"/v1/jobs?limit=3&after={first['next']}")
    assert ([job["id"] for job in rest["jobs"]], rest["next"]) == ([2, 1], None)
    assert [job["id"] for job in web.json("GET", "/v1/jobs?state=failed")["jobs"]] == [4, 2]
    assert [job["id"] for job in web.json("GET", "/v1/jobs?q=áUDIO 3")["jobs"]] == [4]
    assert web.json("GET", "/v1/jobs?requests=true")["jobs"][0]["id"] == said
    assert error_of(web.client.get("/v1/jobs?limit=1000"), 400)["param"] == "limit"


def test_failed_jobs_are_listed_by_their_error(web: Running) -> None:
    claim = a_running_job(web.store)
    failed(web.store, claim)
    ended(web.store, 1, JobState.FAILED)
    assert [job["id"] for job in web.json("GET", "/v1/jobs?error=WorkerDied")["jobs"]] == [1]
    assert web.json("GET", "/v1/jobs?error=NotMedia")["jobs"] == []


def test_a_job_is_shown_with_its_history_and_without_the_paths_of_this_machine(web: Running) -> None:
    job = a_published_job(web, {"clip.srt": b"1"})
    transitions.record_job(web.store, name="b.mp4", source=str(web.root / "inbox" / "b.mp4"), now=NOW)
    found = web.json("GET", f"/v1/jobs/{job}")
    assert found["job"]["outputs"] == ["clip.srt", "manifest.json"]
    assert [event["text"] for event in web.json("GET", "/v1/jobs/2")["events"]] == ["Found: inbox/b.mp4"]
    assert [step["key"] for step in web.json("GET", f"/v1/jobs/{job}/steps")["steps"]] == ["probe"]
    for path in ("", "/steps", "/outputs", "/log"):
        assert str(web.root) not in web.client.get(f"/v1/jobs/{job}{path}").text
    for path in ("", "/steps", "/log", "/quality", "/transcript", "/outputs", "/outputs/1", "/archive.zip", "/events"):
        assert error_of(web.client.get(f"/v1/jobs/99{path}"), 404)["code"] == "NoJob"


def test_the_log_of_a_job_is_shown_from_its_end(web: Running) -> None:
    an_ended_job(web.store)
    log = web.site.place.root.job_log(1)
    log.write_text("one\ntwo\nthree\n", encoding="utf-8")
    assert web.json("GET", "/v1/jobs/1/log?lines=2") == {"lines": ["two", "three"]}


def test_jobs_are_paused_resumed_cancelled_and_retried(web: Running) -> None:
    job = a_queued_job(web.store)
    assert web.json("POST", f"/v1/jobs/{job.id}/pause")["state"] == "waiting"
    assert web.json("POST", f"/v1/jobs/{job.id}/resume")["state"] == "queued"
    refused = error_of(web.client.post(f"/v1/jobs/{job.id}/retry"), 409)
    assert refused["message"] == "Job 1 (clip.mp4) cannot be retried: it has not begun yet."
    web.json("POST", f"/v1/jobs/{job.id}/cancel")
    assert [one.id for one in queries.cancel_requested(web.store)] == [1]
    over = an_ended_job(web.store)
    assert web.json("POST", f"/v1/jobs/{over.id}/retry")["state"] == "claiming"
    assert error_of(web.client.post("/v1/jobs/99/cancel"), 404)["code"] == "NoJob"


def test_many_jobs_are_retried_at_once_by_a_filter_or_by_their_numbers(web: Running) -> None:
    for number in range(5):
        an_ended_job(web.store, JobState.FAILED if number % 2 else JobState.SUCCEEDED)
    retry = {"action": "retry", "filter": {"state": ["failed"]}}
    assert web.json("POST", "/v1/jobs/actions", json=retry) == {
        "action": "retry",
        "matched": 2,
        "changed": 2,
        "refused": 0,
    }
    cancel = {"action": "cancel", "ids": [1, 2, 4, 4, 99]}
    done = web.json("POST", "/v1/jobs/actions", json=cancel)
    assert (done["matched"], done["changed"], done["refused"]) == (4, 2, 2)
    assert error_of(web.client.post("/v1/jobs/actions", json={"action": "retry"}), 400)["message"] == (
        "Send either filter or ids."
    )
    wrong = {"action": "retry", "filter": {"states": ["failed"]}}
    assert error_of(web.client.post("/v1/jobs/actions", json=wrong), 400)["param"] == "filter.states"


def test_an_ended_job_is_forgotten_and_its_outputs_only_if_that_is_wanted(web: Running) -> None:
    kept, gone = a_published_job(web, {"clip.srt": b"1"}), a_published_job(web, {"talk.srt": b"2"}, name="talk.mp4")
    beside = web.root / "outbox" / "talk" / "notes.txt"
    beside.write_text("A person's own file", encoding="utf-8")
    assert web.client.delete(f"/v1/jobs/{kept}").status_code == 204
    assert (web.root / "outbox" / "clip" / "clip.srt").exists()
    assert web.client.delete(f"/v1/jobs/{gone}?outputs=true").status_code == 204
    assert list((web.root / "outbox" / "talk").iterdir()) == [beside]
    assert web.json("GET", "/v1/jobs")["jobs"] == []
    a_queued_job(web.store)
    assert "cannot be forgotten" in error_of(web.client.delete("/v1/jobs/1?outputs=true"), 409)["message"]


def test_a_forgotten_job_leaves_nothing_under_its_number_which_a_later_job_gets(web: Running) -> None:
    root = web.site.place.root
    made = [root.results_dir(1) / "0000.wav", root.kept_dir(1) / "transcript.json", root.job_log(1)]
    for file in made:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"of the earlier job")
    job = an_ended_job(web.store)
    assert job.id is not None
    transitions.retry_job(web.store, job.id, now=NOW)
    assert web.client.delete("/v1/jobs/1").status_code == 409 and all(file.exists() for file in made)
    transitions.vanish_job(web.store, job.id, now=NOW)
    assert web.client.delete("/v1/jobs/1").status_code == 204
    assert not any(file.exists() for file in made)
    assert a_queued_job(web.store).id == 1


def test_the_outputs_of_a_job_that_another_one_shares_are_kept(web: Running) -> None:
    job = a_published_job(web, {"clip.srt": b"1"})
    other = a_running_job(web.store).job
    transitions.claim_outbox(web.store, other.id or 0, choose=lambda _taken: str(web.root / "outbox" / "clip"))
    assert error_of(web.client.delete(f"/v1/jobs/{job}?outputs=true"), 409)["code"] == "SharedFolder"
    assert (web.root / "outbox" / "clip" / "clip.srt").exists()


def test_a_text_becomes_a_job_whose_file_is_private_until_it_is_taken(web: Running) -> None:
    body = {"text": "Olá, mundo!", "name": "saudação", "options": {"targets": ["en"]}, "profile": "lessons"}
    answer = web.client.post("/v1/jobs", json={**body, "priority": "low"})
    assert (answer.status_code, answer.headers["location"]) == (201, "/v1/jobs/1")
    assert answer.headers["x-dropdub-job"] == "1"
    assert (answer.json()["name"], answer.json()["state"]) == ("saudação.txt", "claiming")
    job = queries.job(web.store, 1)
    assert (job.origin, job.profile, job.priority) == ("uploaded", "lessons", Priority.LOW)
    assert job.overrides == {"targets": ["en"]}
    file = Path(job.source)
    assert file.read_text(encoding="utf-8") == "Olá, mundo!"
    assert file.parents[2] == web.site.place.root.uploads_dir
    assert file.stat().st_mode & 0o077 == 0


def test_a_request_that_is_repeated_with_its_key_gets_the_same_job(web: Running) -> None:
    headers = {"Idempotency-Key": "key-1"}
    first = web.client.post("/v1/jobs", json={"text": "One."}, headers=headers)
    again = web.client.post("/v1/jobs", json={"text": "One."}, headers=headers)
    other = web.client.post("/v1/jobs", json={"text": "One."})
    assert [one.status_code for one in (first, again, other)] == [201, 200, 201]
    assert [one.json()["id"] for one in (first, again, other)] == [1, 1, 2]
    assert len(list(web.site.place.root.uploads_dir.iterdir())) == 2


def test_an_upload_has_one_job_however_its_requests_are_called_and_however_many_come_at_once(web: Running) -> None:
    upload = web.site.uploads.create("talk.wav", size=4)
    writing = web.site.uploads.write(upload)
    writing.write([b"RIFF"])
    web.site.uploads.close(writing)

    def ask(number: int) -> httpx2.Response:
        headers = {"Idempotency-Key": str(number)}
        return web.client.post("/v1/jobs", json={"upload": upload.id}, headers=headers)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))
    assert sorted(one.status_code for one in answers) == [200] * 7 + [201]
    assert {one.json()["id"] for one in answers} == {1} and len(web.json("GET", "/v1/jobs")["jobs"]) == 1


def test_requests_with_a_blank_key_have_nothing_in_common(web: Running) -> None:
    """The second text would otherwise be lost: its sender would be shown the job of the first."""
    texts = [web.client.post("/v1/jobs", json={"text": text}, headers={"Idempotency-Key": ""}) for text in "ab"]
    assert [one.status_code for one in texts] == [201, 201]


def test_a_key_that_is_too_long_is_refused(web: Running) -> None:
    headers = {"Idempotency-Key": "k" * 201}
    assert error_of(web.client.post("/v1/jobs", json={"text": "a"}, headers=headers), 400)["param"] == "Idempotency-Key"


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({}, 400, None),
        ({"text": " "}, 400, None),
        ({"text": "a", "upload": "b"}, 400, None),
        ({"text": "a", "txt": "b"}, 400, "txt"),
        ({"text": "a", "options": {"out": "/etc"}}, 400, "options.out"),
        ({"text": "a", "options": {"targets": ["nonsense!"]}}, 400, "options.targets[0]"),
        ({"text": "a", "options": {"subtitles": {"lines": 9}}}, 400, "options.subtitles.lines"),
        ({"text": "a", "options": {"tragets": []}}, 400, "options.tragets"),
        ({"text": "a", "profile": "unknown"}, 400, "profile"),
        ({"text": "a", "priority": "urgent"}, 400, "priority"),
        ({"text": "a" * 11_000}, 413, "text"),
        ({"upload": "nothing"}, 404, "upload"),
        ({"upload": "../../etc"}, 400, "upload"),
        ({"upload": "nothing", "name": "a.txt"}, 400, None),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_recorded(
    web: Running, body: dict[str, Any], status: int, param: str | None
) -> None:
    assert error_of(web.client.post("/v1/jobs", json=body), status)["param"] == param
    assert web.json("GET", "/v1/jobs")["jobs"] == []
    assert not web.site.place.root.uploads_dir.exists()


def test_a_body_that_is_too_large_or_of_another_type_is_refused(web: Running) -> None:
    assert error_of(web.client.post("/v1/jobs", content=b"x", headers={"content-type": "text/plain"}), 415)
    large = json.dumps({"text": "a" * 70_000}).encode()
    assert error_of(web.client.post("/v1/jobs", content=large, headers={"content-type": "application/json"}), 413)


@pytest.mark.parametrize("name", ["../../up.txt", "/etc/passwd", "C:\\a.md", "CON", ".hidden", "a.exe", "ação.srt"])
def test_a_name_is_never_a_path(web: Running, name: str) -> None:
    web.json("POST", "/v1/jobs", json={"text": "a", "name": name})
    file = Path(queries.job(web.store, 1).source)
    assert file.is_file()
    assert file.parents[2] == web.site.place.root.uploads_dir
    assert file.suffix in (".txt", ".md", ".srt")


def test_only_folders_of_the_root_are_replaced_in_messages(tmp_path: Path) -> None:
    hide = hiding(Root.at(tmp_path))
    assert hide(f"{tmp_path}/inbox/a.mp4 and {tmp_path}/b; {tmp_path}.") == "inbox/a.mp4 and b; the root."
    beside = f"{tmp_path}s/file and {tmp_path}-2"
    assert (hide(beside), hide(None), hide("")) == (beside, None, "")
