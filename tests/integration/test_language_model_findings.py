"""What `dropdub doctor` says of the server with the language model: a real HTTP server answers."""

from __future__ import annotations

from pathlib import Path

import yaml

from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Verdict
from dropdub.doctor.language_model import findings
from tests.fake_openai import MODEL, FakeOpenAiServer


def found(root: Path, **settings: str) -> list[tuple[Verdict, str]]:
    """Return the findings for a root with these settings of the server."""
    (root / "config.yaml").write_text(yaml.safe_dump({"models": {"openai": settings}}), encoding="utf-8")
    return [(one.state, one.text) for one in findings(ExaminedRoot.at(root))]


def test_a_server_that_answers_is_well_and_one_that_nobody_named_is_not_asked(
    tmp_path: Path, server: FakeOpenAiServer
) -> None:
    assert found(tmp_path) == []
    assert found(tmp_path, address=server.address) == [(Verdict.OK, "its server answers")]


def test_jobs_wait_for_a_server_that_is_away_and_fail_if_it_refuses(tmp_path: Path, server: FakeOpenAiServer) -> None:
    server.loading = True
    [(state, text)] = found(tmp_path, address=server.address, model=MODEL)
    assert state == Verdict.PROBLEM and "jobs wait" in text
    server.loading, server.key = False, "k3y"
    [(state, text)] = found(tmp_path, address=server.address, model=MODEL)
    assert state == Verdict.PROBLEM and "jobs fail" in text


def test_a_model_that_ollama_runs_elsewhere_is_named_beside_what_else_is_found(
    tmp_path: Path, server: FakeOpenAiServer
) -> None:
    server.models = ["big-cloud"]
    leaves, answers = "the texts that are translated leave this machine", "its server answers"
    for settings in ({"model": "big-cloud"}, {}):
        states = found(tmp_path, address=server.address, **settings)
        assert states == [(Verdict.WARNING, leaves), (Verdict.OK, answers)]
