"""The language of the files beside a text, which the daemon knows, helps to read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dropdub.daemon.steps.nearby import BESIDE_S, language_nearby
from dropdub.daemon.steps.scheduler import payload
from dropdub.pipeline.artifacts import TRANSCRIPT, Transcript
from dropdub.store import transitions
from dropdub.store.database import Store
from dropdub.store.tables import Job
from tests.drive import LIGHT, Drive
from tests.factories import NOW, RUN, a_claim, a_context, a_queued_job, a_running_job, a_spec, completed


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(f"sqlite:///{tmp_path / 'jobs.db'}")) as found:
        transitions.start_run(found, run_id=RUN, pid=1, pid_started=1.0, host="here", boot_id="1", now=NOW)
        yield found


def _read(store: Store, language: str, *, stage: str = "extract", is_certain: bool = True, **values: Any) -> None:
    """Make a job whose language was found."""
    claim = a_running_job(store, steps=[a_spec(stage)], **values)
    completed(store, claim, result={"language": language, "is_certain": is_certain})


def _new(store: Store, **values: Any) -> Job:
    return a_queued_job(store, **values)


def test_most_files_of_the_folder_decide(store: Store) -> None:
    for language in ("ro", "ro", "en"):
        _read(store, language, folder="S1")
    assert language_nearby(store, _new(store, folder="S1")) == "ro"
    _read(store, "en", stage="merge", folder="S1")
    assert language_nearby(store, _new(store, folder="S1")) is None


def test_other_folders_and_owners_and_yesterdays_files_do_not_count(store: Store) -> None:
    _read(store, "ro", folder="S1", owner="1000")
    _read(store, "cs", folder="S2", owner="1000")
    _read(store, "pl", folder="S1", owner="1001")
    assert language_nearby(store, _new(store, folder="S1", owner="1000")) == "ro"
    assert language_nearby(store, _new(store, owner="1000")) is None
    assert language_nearby(store, _new(store, folder="S1", owner="1000", now=NOW + BESIDE_S + 1)) is None


def test_a_guess_is_no_hint_for_others(store: Store) -> None:
    _read(store, "sl", is_certain=False)
    _read(store, "und")
    assert language_nearby(store, _new(store)) is None


def test_the_step_that_looks_at_a_file_gets_the_hint_and_no_other(tmp_path: Path) -> None:
    with a_context(tmp_path, "") as context:
        options = context.config.job.model_dump(mode="json")
        _read(context.store, "pt-BR", options=options)
        _new(context.store, steps=[a_spec(), a_spec("extract", phase=10)], options=options)
        claim = a_claim(context.store)
        assert payload(context, claim, {})["nearby"] == "pt"
        completed(context.store, claim)
        assert payload(context, a_claim(context.store), {})["nearby"] is None


def test_a_short_old_subtitle_is_read_in_the_language_of_its_neighbours(tmp_path: Path) -> None:
    source = tmp_path / "film.srt"
    source.write_bytes("1\n00:00:01,000 --> 00:00:02,000\nŢin la ea\n".encode("cp1250"))
    options = LIGHT.overridden({"targets": ["en"], "translator": "auto"})
    drive = Drive(source, tmp_path, options, nearby="ro").run(until="translate")
    transcript = Transcript.load(drive.job_dir / TRANSCRIPT)
    assert (transcript.language, transcript.segments[0].text) == ("ro", "Ţin la ea")
    assert "too short to be certain" in drive.warnings[-1]
