"""A local language model translates in the real daemon: jobs wait for its server, and leave nothing but texts there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.site import Site
from tests.fake_openai import MODEL, serving, translated
from tests.receiver import free_port
from tests.waiting import wait_until

KEY = "k3y-0f-th1s-server"
TEXT = "The train leaves at nine.\n\nNobody knew where the old man lived. She closed the window and sat down.\n"
SUBTITLE = """1
00:00:01,000 --> 00:00:03,000
Good evening to all of you.

2
00:00:03,500 --> 00:00:06,000
The train to Lisbon leaves at nine.
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "root")
    yield made
    made.close()


def configure(site: Site, port: int, **values: Any) -> None:
    server = {"address": f"http://127.0.0.1:{port}/v1", "model": MODEL, "key": KEY, **values}
    job = {"language": "en", "targets": ["pt"], "translator": "openai", "synthesizer": "espeak-ng"}
    site.configure(job=job, models={"openai": server})


def everything_written(site: Site) -> str:
    """Return all texts that the daemon has written in its root, without the settings."""
    files = [one for one in site.root.rglob("*") if one.is_file() and one.name != "config.yaml"]
    return "\n".join(one.read_bytes().decode("utf-8", "replace") for one in files)


def test_a_job_waits_for_the_server_and_is_done_once_it_answers(site: Site) -> None:
    port = free_port()
    configure(site, port)
    site.start()
    site.drop_text("glossary: {train: comboio}\n", "story.txt.job.yaml")
    site.drop_text(TEXT, "story.txt")
    site.wait_for("story.txt", "waiting")
    job = site.job("story.txt")
    assert f"127.0.0.1:{port}" in job["reason"] and "resumes automatically" in json.dumps(job)
    assert site.rows("SELECT waiting_for FROM job") == [{"waiting_for": "server"}]
    with serving(port=port, key=KEY) as server:
        server.loading = True
        wait_until(lambda: len(server.paths) > 1, "the daemon to look at the server again")
        assert site.states() == {"story.txt": "waiting"}
        server.loading = False
        site.wait_for("story.txt")
        assert site.states() == {"story.txt": "succeeded"}
        assert "train = comboio" in server.batches[0].prompt
        assert "Nobody knew" in server.batches[0].prompt, "a paragraph is not alone"
    assert site.stop() == 0
    published = site.published("story")
    text = published["story.pt.txt"].read_text(encoding="utf-8")
    assert translated("The train leaves at nine.") in text and translated("Nobody knew where") in text
    engine = json.loads(published["manifest.json"].read_text(encoding="utf-8"))
    assert '"this machine"' in json.dumps(engine) and MODEL in json.dumps(engine)
    assert KEY not in everything_written(site), "the key is in no log, manifest or database"


def test_the_same_text_is_not_asked_for_twice(site: Site) -> None:
    with serving(key=KEY) as server:
        configure(site, server.port)
        site.drop_text(SUBTITLE, "talk.srt")
        assert site.work_off() == 0
        asked = len(server.batches)
        assert asked and site.states() == {"talk.srt": "succeeded"}
        site.drop_text(f"{SUBTITLE}\n", "again.srt")
        assert site.work_off() == 0
        assert len(server.batches) == asked
    lines = site.published("talk")["talk.pt.srt"].read_text(encoding="utf-8")
    assert translated("Good evening to all of you.") in lines.replace("\n", " ")


def test_doctor_and_the_check_of_the_settings_warn_of_another_machine(site: Site) -> None:
    configure(site, 9, address="http://llm.invalid:8000/v1", key=KEY)
    checked = site.jobs("config", "check")
    assert checked.returncode == 0 and "llm.invalid" in checked.stdout + checked.stderr
    assert "another machine" in checked.stdout + checked.stderr
    examined = site.jobs("doctor")
    assert "leave this machine" in examined.stdout and KEY not in examined.stdout
    site.configure(job={"translator": "openai"})
    examined = site.jobs("doctor")
    assert "openai cannot be used" in examined.stdout and "models.openai.model" in examined.stdout
    assert site.jobs("config", "check").returncode == 2
    configure(site, 9, address="http://llm.invalid:8000/v1", key=KEY)
    shown = site.jobs("config", "show")
    assert KEY not in shown.stdout and "llm.invalid" in shown.stdout
