"""The committed document of the API, and that the server keeps what it says."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

from dropdub.store.states import JobState
from tests.factories import a_queued_job, an_ended_job
from tests.web.running import Running, a_published_job, running

DOCS = Path(__file__).resolve().parents[2] / "docs"
TESTED = re.compile(r"/(v1/jobs|v1/daemon|v1/settings|v1/info|v1/health|status|metrics|v1/audio/speech).*(?<!/events)")
"""Streams never end, and are tested by themselves; commands take seconds to start."""
EXAMPLES = 8

EMPTY = {("post", "/v1/uploads"), ("head", "/v1/uploads/{upload_id}")}
"""The routes that answer without a body although they succeed: tus wants it so."""


@pytest.fixture(scope="module")
def document() -> str:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None and spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    text: str = generate.api_document()
    return text


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("api")) as server:
        a_published_job(server, {"clip.srt": b"1"})
        an_ended_job(server.store, JobState.FAILED)
        a_queued_job(server.store)
        yield server


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_route_answers_as_its_document_says(web: Running, document: str, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_dict(json.loads(document))
    schema.config.update(base_url=web.url)
    for found in schema.get_all_operations():
        operation = found.ok()
        if TESTED.fullmatch(operation.path) and (mode.is_positive or _can_be_wrong(operation)):
            _try(operation, mode)


def test_no_number_is_too_large_for_any_route(web: Running, document: str) -> None:
    """SQLite has 64 bits, and JSON any number of digits."""
    for path, operations in json.loads(document)["paths"].items():
        for name in (one["name"] for one in operations.get("get", {}).get("parameters", ()) if _is_number(one)):
            asked = re.sub(r"\{(\w+)\}", lambda found: str(10**25) if found[1] == name else "1", path)  # noqa: B023
            asked += "" if f"{{{name}}}" in path else f"?{name}={10**25}"
            assert web.client.get(asked).status_code == 400, asked


def _is_number(parameter: dict[str, Any]) -> bool:
    return any(kind.get("type") == "integer" for kind in parameter["schema"].get("anyOf", [parameter["schema"]]))


def test_the_committed_document_is_that_of_the_program(document: str) -> None:
    assert (DOCS / "openapi.json").read_text(encoding="utf-8") == document, "run docs/generate.py"


def test_every_route_says_what_it_does_and_what_it_is_answered(document: str) -> None:
    for path, operations in json.loads(document)["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"] and not operation["summary"].endswith("."), (method, path)
            good = {status: answer for status, answer in operation["responses"].items() if status < "300"}
            is_empty = (method, path) in EMPTY
            assert is_empty or all("content" in one for status, one in good.items() if status != "204"), (method, path)
            assert good, (method, path)


def _can_be_wrong(operation: Any) -> bool:
    return bool(operation.definition.raw.get("parameters") or operation.definition.raw.get("requestBody"))


def _try(operation: Any, mode: GenerationMode) -> None:
    # A schema cannot say which profiles there are, or that one of two fields must be there.
    excluded = [not_a_server_error, *([positive_data_acceptance] if "requestBody" in operation.definition.raw else [])]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def tried(case: Any) -> None:
        answer = case.call(timeout=60)
        case.validate_response(answer, excluded_checks=excluded)
        assert answer.status_code < 500 or answer.status_code == 503, "only that no daemon runs"

    tried()
