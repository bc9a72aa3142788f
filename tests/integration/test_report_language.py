"""The report is in one language, whatever its job was begun in; that language comes with the step."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropdub.daemon.steps.scheduler import payload
from tests.drive import LIGHT, Drive
from tests.factories import a_claim, a_context, a_queued_job, a_spec


@pytest.mark.parametrize(("settings", "language"), [("", "pt-BR"), ("web: {language: en}\n", "en")])
def test_a_step_gets_the_language_of_the_settings_or_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str, language: str
) -> None:
    monkeypatch.setenv("LC_ALL", "pt_BR.UTF-8")
    monkeypatch.delenv("LANGUAGE", raising=False)
    with a_context(tmp_path, settings) as context:
        a_queued_job(context.store, steps=[a_spec()])
        assert payload(context, a_claim(context.store), {})["report_language"] == language


def test_a_report_that_is_made_again_is_wholly_in_the_language_of_now(tmp_path: Path) -> None:
    source = tmp_path / "note.txt"
    source.write_text("The house is small.\n", encoding="utf-8")
    options = LIGHT.overridden({"language": "en", "targets": ["es"], "translator": "apertium"})
    job = Drive(source, tmp_path, options, report_language="pt-BR").run()
    portuguese = job.published["report.html"].read_text("utf-8")
    job.report_language = "en"
    job.run_step(job.step("publish/report"))
    english = job.published["report.html"].read_text("utf-8")
    assert '<html lang="pt-BR">' in portuguese and "Inglês → Espanhol" in portuguese
    assert '<html lang="en">' in english and "English → Spanish" in english
    assert "Nenhum transcritor" in portuguese and "Nenhum transcritor" not in english
    manifest = job.published["manifest.json"].read_text("utf-8")
    assert "The words of this dub were not verified" in manifest, "what programs read is English"
