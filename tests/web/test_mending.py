"""The routes that mend the lines of a job: drafts, revisions and previews."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from dropdub.config import JobOptions
from dropdub.pipeline.artifacts import Segment, TimedWord, Transcript
from dropdub.store import queries
from dropdub.store.states import JobState, StepState
from dropdub.store.tables import JOB, Step
from dropdub.subtitles.formats import Cue, as_srt
from dropdub.web.answering.errors import ApiError
from dropdub.web.lines.drafts import Drafts
from dropdub.web.lines.previews import PreviewRequest, granted_preview
from tests.factories import a_queued_job
from tests.web.running import Running, a_published_job, running

LINES = ("Good morning.", "How are you?", "Fine, thanks.")
SPEAKERS = ("S1", "S2", "S1")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as server:
        yield server


def a_dubbed_job(web: Running) -> int:
    """Make the ended job of a recording of three lines, with its translation into Portuguese; return its id."""
    segments = tuple(
        Segment(n, 2.0 * n, 2.0 * n + 1.5, text, (TimedWord(2.0 * n, 2.0 * n + 1, text, 0.9),), speaker)
        for n, (text, speaker) in enumerate(zip(LINES, SPEAKERS, strict=True))
    )
    texts = ("Bom dia.", "Como está?", "Bem, obrigado.")
    cues = [Cue(one.start, one.end, (text,)) for one, text in zip(segments, texts, strict=True)]
    files = {"clip.json": Transcript("en", 6.0, segments, {}).to_json().encode(), "clip.pt.srt": as_srt(cues).encode()}
    job = a_published_job(web, files)
    film = web.root / "archive" / "clip.mp4"
    film.write_bytes(b"film")
    changed(web, job, source=str(film), kind="media", language="en", options=JobOptions().model_dump(mode="json"))
    return job


def changed(web: Running, job: int, **values: Any) -> None:
    with web.store.transaction() as session:
        session.connection().execute(JOB.update().where(JOB.c.id == job).values(**values))


def line(n: int, text: str, *, before: str | None = None) -> dict[str, Any]:
    return {"n": n, "before": LINES[n - 1] if before is None else before, "text": text}


def refused(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_lines_are_numbered_as_they_are_named_in_a_draft(web: Running) -> None:
    job = a_dubbed_job(web)
    for target in ("", "?target=pt"):
        lines = web.json("GET", f"/v1/jobs/{job}/transcript{target}")["lines"]
        assert [one["n"] for one in lines] == [1, 2, 3]


def test_a_draft_is_kept_on_the_disk_and_goes_with_its_job(web: Running) -> None:
    job = a_dubbed_job(web)
    empty = web.json("GET", f"/v1/jobs/{job}/draft")
    assert (empty["version"], empty["lines"], empty["revision"]) == (0, [], None)
    asked = {"version": 0, "lines": [line(2, "How do you do?")], "speakers": {"S1": "Ana"}}
    saved = web.json("PUT", f"/v1/jobs/{job}/draft", json=asked)
    assert (saved["version"], saved["lines"], saved["speakers"]) == (1, asked["lines"], {"S1": "Ana"})
    assert web.json("GET", f"/v1/jobs/{job}/draft") == saved
    assert web.json("GET", f"/v1/jobs/{job}/draft?target=pt")["version"] == 0
    file = web.root / "work" / "drafts" / str(job) / "lines.json"
    assert json.loads(file.read_bytes())["version"] == 1
    assert asdict(Drafts(web.site.place.root).read(job, None)) == saved, "it outlives the server"
    assert web.client.delete(f"/v1/jobs/{job}").status_code == 204
    assert not file.parent.exists()


def test_the_second_of_two_tabs_is_answered_what_the_first_has_saved(web: Running) -> None:
    job = a_dubbed_job(web)
    first = {"version": 0, "lines": [line(1, "Hello.")]}
    saved = web.json("PUT", f"/v1/jobs/{job}/draft", json=first)
    second = web.client.put(f"/v1/jobs/{job}/draft", json={"version": 0, "lines": [line(1, "Hi.")]})
    assert refused(second, 409)["draft"] == saved
    assert web.json("PUT", f"/v1/jobs/{job}/draft", json=first) == saved, "its answer may have been lost"
    again = web.json("PUT", f"/v1/jobs/{job}/draft", json={"version": 1, "lines": []})
    assert (again["version"], again["lines"]) == (2, [])


def test_what_a_draft_may_hold_is_limited_and_a_damaged_one_is_said_to_be(web: Running) -> None:
    job = a_dubbed_job(web)
    path = f"/v1/jobs/{job}/draft"
    for lines in ([line(1, "a"), line(1, "b")], [line(1, "x" * 5_001)], [line(1, "\x00")], [{"n": 0}]):
        refused(web.client.put(path, json={"lines": lines}), 400)
    refused(web.client.put(path, json={"lines": [], "extra": 1}), 400)
    assert refused(web.client.put(f"{path}?target=de", json={"lines": []}), 404)["error"]["param"] == "target"
    refused(web.client.get("/v1/jobs/99/draft"), 404)
    file = web.root / "work" / "drafts" / str(job) / "lines.json"
    file.parent.mkdir(parents=True)
    file.write_text("no JSON", encoding="utf-8")
    assert refused(web.client.get(path), 500)["error"]["code"] == "DraftDamaged"


def test_a_revision_is_a_corrected_subtitle_and_a_job_that_names_the_earlier_one(web: Running) -> None:
    job = a_dubbed_job(web)
    asked = {"lines": [line(2, "How do you do?\n\n"), line(3, "")], "speakers": {"S1": "Ana"}}
    saved = web.json("PUT", f"/v1/jobs/{job}/draft", json=asked)
    answers = [web.client.post(f"/v1/jobs/{job}/revisions", json=asked, headers={"idempotency-key": "a"}) for _ in "ab"]
    assert [one.status_code for one in answers] == [201, 200]
    made = answers[0].json()["id"]
    assert answers[1].json()["id"] == made and answers[0].headers["location"] == f"/v1/jobs/{made}"
    row = queries.job(web.store, made)
    assert (row.name, row.origin, row.state) == ("clip.srt", "uploaded", JobState.CLAIMING)
    assert row.revision is not None
    assert {name: row.revision[name] for name in ("job", "name", "asked", "speakers")} == {
        "job": job, "name": "clip.mp4", "asked": True, "speakers": {"S1": "Ana"},
    }  # fmt: skip
    subtitle = Path(row.source).read_text(encoding="utf-8")
    assert "Good morning." in subtitle and "How do you do?" in subtitle and "Fine" not in subtitle
    draft = web.json("GET", f"/v1/jobs/{job}/draft")
    assert draft == {**saved, "revision": {"job": made, "version": 1}}


def test_a_corrected_translation_is_named_by_its_language(web: Running) -> None:
    job = a_dubbed_job(web)
    asked = {"target": "pt", "lines": [line(1, "Olá.", before="Bom dia.")]}
    assert web.json("POST", f"/v1/jobs/{job}/revisions", json=asked)["name"] == "clip.pt.srt"
    refused(web.client.post(f"/v1/jobs/{job}/revisions", json={"target": "pt", "speakers": {"S1": "Ana"}}), 400)


def test_a_revision_is_refused_if_the_lines_are_others_or_there_is_nothing_to_make(web: Running) -> None:
    job = a_dubbed_job(web)
    path = f"/v1/jobs/{job}/revisions"
    for lines in (
        [line(1, "Hello.", before="Good evening.")],
        [line(1, "Hello."), {"n": 4, "before": "", "text": "x"}],
    ):
        assert refused(web.client.post(path, json={"lines": lines}), 409)["lines"] == [lines[-1]["n"]]
    refused(web.client.post(path, json={}), 400)
    refused(web.client.post(path, json={"speakers": {"S3": "Ana"}}), 400)
    refused(web.client.post(path, json={"lines": [line(n, "") for n in (1, 2, 3)]}), 400)
    (web.root / "archive" / "clip.mp4").unlink()
    assert refused(web.client.post(path, json={"lines": [line(1, "Hello.")]}), 409)["error"]["code"] == "NotRevisable"
    waiting = a_queued_job(web.store, name="other.mp4").id
    refused(web.client.post(f"/v1/jobs/{waiting}/revisions", json={"lines": [line(1, "Hello.")]}), 409)


def test_a_preview_has_the_voice_of_the_speaker_in_the_dub(web: Running) -> None:
    job = a_dubbed_job(web)
    cast = [
        {"speaker": "S1", "name": None, "reference": "ab" * 32},
        {"speaker": "S2", "name": "ana", "reference": None},
    ]
    with web.store.transaction() as session:
        for key, result in (("translate/pt", {}), ("synthesize/pt", {"cast": cast})):
            stage = key.partition("/")[0]
            session.add(
                Step(job_id=job, key=key, stage=stage, phase=60, pool=stage, state=StepState.SUCCEEDED, result=result)
            )
    view = web.site.reader.find([str(job)])[0]
    for n, voice, reference in ((1, None, "ab" * 32), (2, "ana", None)):
        for target in (None, "pt"):
            asked = PreviewRequest(text=f"Hello {n}.", target=target)
            [step] = granted_preview(web.site, view, n, asked, None).job.steps
            assert (step.params["voice"], step.params["reference"]) == (voice, reference)
            assert (step.params["speaker"], step.params["language"]) == (SPEAKERS[n - 1], target or "en")
    with pytest.raises(ApiError) as error:
        granted_preview(web.site, view, 4, asked, None)
    assert error.value.status == 404
