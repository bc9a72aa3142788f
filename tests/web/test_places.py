"""The pages for new work, voices, models, settings, health and help, as a browser without scripts gets them."""

from __future__ import annotations

import json
import re
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlmodel import update

from dropdub.alive import place_of_processes
from dropdub.pipeline.described_engines import DescribedEngine, save_engines
from dropdub.publishing.commercial_use import with_terms
from dropdub.store import transitions
from dropdub.store.tables import JOB
from dropdub.web.pages.operations import operations
from dropdub.web.pages.option_form import ENGINES, options
from tests.factories import a_running_job
from tests.web.running import Running, a_published_job, running

SETTINGS = """\
limits: {min_free_disk: 1 MB}
profiles: {lessons: {targets: [pt]}}
job: {voice: ana}
notify: {webhook: {url: "https://example.org/?key=geheim"}}
"""
SPEECH = Path(__file__).parents[2] / "src/dropdub/samples/jfk.flac"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, SETTINGS) as server:
        yield server


def page(web: Running, path: str, **form: str) -> Any:
    how = {"data": form} if form else {}
    return web.client.request("POST" if form else "GET", path, **how)


def test_a_text_becomes_a_job_with_the_options_of_the_form(web: Running) -> None:
    fields = {"option.targets": "en, es", "option.subtitles.lines": "1", "option.report": "false"}
    answer = page(web, "/new", text="Bom dia.", name="Olá", profile="lessons", **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/jobs/1")
    [job] = web.json("GET", "/v1/jobs")["jobs"]
    assert (job["name"], job["profile"]) == ("Olá.txt", "lessons")
    row = web.store.engine.connect().execute(JOB.select()).mappings().one()
    assert row["overrides"] == {"targets": ["en", "es"], "subtitles": {"lines": 1}, "report": False}


def test_what_is_wrong_is_shown_with_the_form_as_it_was_filled_in(web: Running) -> None:
    answer = page(web, "/new", text="Bom <dia>.", **{"option.subtitles.lines": "9"})
    assert answer.status_code == 400
    assert "subtitles.lines must be at most 4." in answer.text
    assert "Bom &lt;dia&gt;." in answer.text and 'value="9"' in answer.text
    beside = '<p class="bad" id="wrong-subtitles.lines" data-wrong lang="en">subtitles.lines must be at most 4.</p>'
    assert beside in answer.text and answer.text.count('data-wrong lang="en" hidden') == len(options()) - 1
    told = page(web, "/new", text="Bom dia.", **{"option.glossary": "meeting = reunião\nlesson"})
    assert '<p class="hint" id="sidecar-help" hidden' in told.text, "no file does what cannot be read"
    assert told.status_code == 400 and ">meeting = reunião\nlesson</textarea>" in told.text
    assert 'data-wrong lang="en">glossary: &#39;lesson&#39; cannot be read' in told.text
    assert page(web, "/new", text=" ").status_code == 400
    assert web.json("GET", "/v1/jobs")["jobs"] == []


def test_the_file_is_shown_without_making_a_job(web: Running) -> None:
    answer = page(web, "/new", text="x", action="check", **{"option.targets": "es"})
    assert answer.status_code == 200 and "targets: [es]" in answer.text
    found = web.client.post("/new/options", data={"profile": "lessons", "option.mix.original": "mute"}).json()
    assert found["yaml"] == "mix: {original: mute}\n"
    assert (found["profile"], found["usual"]["targets"]) == ("lessons", "pt")
    assert web.json("GET", "/v1/jobs")["jobs"] == []


def test_new_work_can_begin_with_the_options_of_a_job(web: Running) -> None:
    claim = a_running_job(web.store, name="film.mp4")
    options = web.site.config.options_for("lessons", {"speakers": "one"}).model_dump(mode="json")
    with web.store.engine.begin() as connection:
        connection.execute(update(JOB).values(profile="lessons", options=options))
    text = page(web, f"/new?again={claim.job.id}").text
    assert "film.mp4" in text and "speakers: one" in text and "<option selected>lessons</option>" in text
    assert page(web, "/new?again=99").status_code == 200


def test_new_work_keeps_the_voices_and_the_glossary_of_a_job(web: Running) -> None:
    claim = a_running_job(web.store, name="film.mp4")
    tables = {"voices": {"S1": "rui"}, "glossary": {"meeting": {"pt": "reunião", "es": "reunión"}}}
    options = web.site.config.options_for(None, tables).model_dump(mode="json")
    with web.store.engine.begin() as connection:
        connection.execute(update(JOB).values(options=options))
    text = page(web, f"/new?again={claim.job.id}").text
    assert ">S1 = rui</textarea>" in text and ">meeting [pt] = reunião\nmeeting [es] = reunión</textarea>" in text
    fields = {"option.voices": "S1 = rui", "option.glossary": "meeting [pt] = reunião\r\nmeeting [es] = reunión"}
    made = page(web, "/new", text="Good morning.", **fields)
    assert made.status_code == 303
    row = web.store.engine.connect().execute(JOB.select().order_by(JOB.c.id.desc())).mappings().first()
    assert row is not None and row["overrides"] == tables


def test_what_each_option_may_name_is_suggested(web: Running) -> None:
    state_dir = web.site.place.root.state_dir
    for role, names in {"separator": ("demucs", "spleeter"), "translator": ("openai", "nllb")}.items():
        described = [DescribedEngine(name, name != "nllb", ("pt",)) for name in names]
        save_engines(state_dir, role, described)
    text = page(web, "/new").text
    lists = dict(re.findall(r'<datalist id="(\w+)">(.*?)</datalist>', text))
    assert re.findall(r'value="(\w+)"', lists["separator"]) == ["demucs", "spleeter"]
    assert re.findall(r'value="(\w+)"', lists["translator"]) == ["openai"], "the model of the other is missing"
    assert set(ENGINES) <= set(lists) and 'list="separator"' in text


def test_the_navigation_marks_where_a_page_belongs(web: Running) -> None:
    assert '<a href="/live" aria-current="true">' in page(web, "/rooms").text
    assert '<a href="/live" aria-current="page">' in page(web, "/live").text


def test_forms_are_only_accepted_where_a_page_has_one(web: Running) -> None:
    assert page(web, "/v1/daemon/pause", x="1").status_code == 415
    assert page(web, "/v1/synthesize", text="x").status_code == 415
    assert page(web, "/do/jobs", action="cancel", id="1").status_code == 303


def test_a_voice_is_listed_with_what_is_known_of_it_and_removed_after_a_question(web: Running) -> None:
    shutil.copy(SPEECH, web.root / "voices" / "ana.wav")
    shutil.copy(SPEECH, web.root / "voices" / "bob.wav")
    listed = page(web, "/voices").text
    assert "ana" in listed and "bob" in listed and "/v1/voices/bob/sample" in listed
    refused = page(web, "/voices/ana/remove")
    assert "job.voice" in refused.text
    assert web.client.post("/voices/ana/remove").status_code == 409
    claim = a_running_job(web.store, name="film.mp4")
    with web.store.engine.begin() as connection:
        connection.execute(update(JOB).values(options={"voice": "bob"}))
    asked = page(web, "/voices/bob/remove").text
    assert "Remove it" in asked and f'href="/jobs/{claim.job.id}"' in asked
    assert web.client.post("/voices/bob/remove").headers["location"] == "/voices?removed=bob"
    assert not (web.root / "voices" / "bob.wav").exists() and (web.root / "voices" / "ana.wav").exists()


def test_jobs_that_wait_for_a_model_and_downloads_are_with_the_models(web: Running) -> None:
    claim = a_running_job(web.store, name="film.mp4")
    with web.store.engine.begin() as connection:
        waiting = {
            "state": "waiting",
            "waiting_for": "model",
            "reason": "The model 'x' is not installed.",
            "remedy": "Get it.",
        }
        connection.execute(update(JOB).values(**waiting))
    part = web.root / "models" / "whisper-tiny.part"
    part.mkdir(parents=True)
    (part / "model.bin").write_bytes(bytes(1000))
    found = web.json("GET", "/v1/models/status", timeout=60)
    assert found["waiting"] == [
        {"id": claim.job.id, "name": "film.mp4", "reason": "The model 'x' is not installed.", "remedy": "Get it."}
    ]
    assert found["pulls"] == [{"name": "whisper-tiny", "bytes": 1000, "is_running": True}]
    text = page(web, "/models").text
    assert "film.mp4" in text and "models pull" in text and "being downloaded" in text


def test_a_job_says_whether_its_results_may_be_used_commercially_and_whom_to_credit(web: Running) -> None:
    engines = [{"name": "nllb", "details": {"model": "nllb-200-distilled-600M"}}, {"name": "hibari", "details": {}}]
    job = a_published_job(web, {"clip.srt": b""}, **with_terms({"engines": engines}))
    text = page(web, f"/jobs/{job}").text
    assert "May this result be used commercially?" in text
    assert "<strong>No, because of nllb (CC-BY-NC).</strong>" in text
    assert "nllb-200-distilled-600M is by Meta AI" in text


@pytest.mark.parametrize("engines", [7, [7], [{"name": "nllb", "commercial": "no"}], []])
def test_a_job_whose_manifest_was_changed_says_nothing_of_its_use(web: Running, engines: Any) -> None:
    use = {"answer": "no", "engines": ["nllb"]}
    job = a_published_job(web, {"clip.srt": b""}, engines=engines, commercial_use=use)
    answer = page(web, f"/jobs/{job}")
    assert answer.status_code == 200 and "used commercially" not in answer.text


def test_the_models_say_whether_they_may_be_used_commercially(web: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = {"engine": "e", "languages": "", "used": False, "recommended": False, "here": True, "state": "here"}
    shown |= {"compared_with": None, "size": 1, "bytes": 1, "needed": None}
    models = [
        {**shown, "name": name, "licence": licence, "commercial": commercial}
        for name, licence, commercial in (("a", "MIT", "yes"), ("b", "CPML", "no"), ("c", None, None))
    ]

    async def listed() -> Any:
        return {"models": models}

    monkeypatch.setattr(web.site.models, "get", listed)
    text = page(web, "/models").text
    cells = [" ".join(cell.split()) for cell in re.findall(r'data-label="Licence">(.*?)</td>', text, re.DOTALL)]
    assert cells == [
        'MIT <div class="faint">commercial use allowed</div>',
        'CPML <div class="faint">no commercial use</div>',
        '– <div class="faint">commercial use: find out first</div>',
    ]


def test_settings_are_shown_with_their_source_and_can_be_searched(web: Running) -> None:
    found = web.json("GET", "/v1/settings")
    assert found["sources"]["job.voice"] == {"source": "file", "line": 3, "variable": None}
    assert found["after_restart"] == {} and found["problem"] is None
    text = page(web, "/settings").text
    assert "config.yaml, line 3" in text and "geheim" not in text
    few = page(web, "/settings?q=voice+recording").text
    assert "job.voice" in few and "limits.max_size" not in few
    changed = page(web, "/settings?changed=1").text
    assert "job.voice" in changed and "job.language" not in changed
    (web.root / "config.yaml").write_text(f"{SETTINGS}web: {{port: 9000}}\n", encoding="utf-8")
    assert web.json("GET", "/v1/settings")["after_restart"] == {"web.port": 9000}
    assert "9000" in page(web, "/settings").text


def a_daemon_that_runs(web: Running) -> None:
    """Record a run whose process is this one."""
    mine, now = psutil.Process(), time.time()
    where = {"host": socket.gethostname(), "boot_id": place_of_processes()}
    transitions.start_run(web.store, run_id="r", pid=mine.pid, pid_started=mine.create_time(), now=now, **where)


def test_the_daemon_the_steps_and_the_last_starts_are_reported(web: Running) -> None:
    a_running_job(web.store, name="film.mp4")
    a_daemon_that_runs(web)
    found = web.json("GET", "/v1/system")
    assert (found["daemon"]["state"], found["process"]["pid"]) == ("running", psutil.Process().pid)
    [step] = [step for pool in found["pools"] for step in pool["steps"]]
    assert (step["name"], step["stage"]) == ("film.mp4", "probe")
    assert next(run["state"] for run in found["runs"]) == "running"
    text = page(web, "/health/system").text
    assert "film.mp4" in text and "The daemon is running since" in text


def test_what_runs_is_shown_even_if_no_daemon_does(web: Running) -> None:
    found = web.json("GET", "/v1/system")
    assert [pool["pool"] for pool in found["pools"]] == ["media", "transcribe", "translate", "synthesize"]
    assert found["server"]["process"]["memory"] > 0 and found["server"]["uploads"] == 0
    assert all(room["free"] > 0 for room in found["disk"])
    assert "The daemon is not running." in page(web, "/health").text


def test_every_operation_has_examples_that_can_be_used(web: Running) -> None:
    document = web.json("GET", "/openapi.json")
    found = operations(document, "http://127.0.0.1:8760")
    listed = {(one.method, one.path) for group in found.values() for one in group}
    described = {(m.upper(), path) for path, ways in document["paths"].items() for m in ways if m in ("get", "post")}
    assert described <= listed
    for one in (one for group in found.values() for one in group):
        compile(one.python.replace("HEADERS", "{}"), one.path, "exec")
        if "-d '" in one.curl:
            json.loads(one.curl.partition("-d '")[2].rstrip("'"))
    text = page(web, "/docs").text
    assert f"{web.url}/v1" in text and web.url.replace("//", "//x:TOKEN@") in text


def test_an_example_is_accepted_by_the_operation_itself(web: Running) -> None:
    found = operations(web.json("GET", "/openapi.json"), web.url)
    example = next(one for group in found.values() for one in group if (one.method, one.path) == ("POST", "/v1/jobs"))
    body = json.loads(example.curl.partition("-d '")[2].rstrip("'"))
    assert web.client.post("/v1/jobs", json=body).status_code == 201


def test_a_browser_without_scripts_is_led_to_the_sound_of_a_text(web: Running) -> None:
    refused = page(web, "/new/speak", text="Bom dia.")
    assert refused.status_code == 503 and "The daemon is not running" in refused.text and "Bom dia." in refused.text
    a_daemon_that_runs(web)
    wrong = page(web, "/new/speak", text="Bom dia.", language="klingon-")
    assert wrong.status_code == 400 and "language" in wrong.text
    answer = page(web, "/new/speak", text="Bom dia.", voice="", language="pt")
    assert (answer.status_code, answer.headers["location"]) == (303, "/v1/jobs/1/audio?format=mp3")
