"""`dropdub setup`, as a process: starting from nothing, and from a root with a hand-written configuration."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from dropdub.cli import setup as command
from dropdub.cli import setup_questions
from dropdub.config import Config, load_config
from dropdub.pasting import command as command_of
from dropdub.setup import procedure
from dropdub.setup.choices import Choices, SetupOptions, choices_of
from tests import warm

WITHOUT = '''"""Hides the packages of all engines."""
import sys
class Hidden:
    def __init__(self, finder): self.finder = finder
    def __getattr__(self, name): return getattr(self.finder, name)
    def find_spec(self, name, *rest):
        hidden = ("pocketsphinx", "espeakng_loader", "faster_whisper")
        hidden += ("ctranslate2", "transformers", "TTS", "resemblyzer", "fxtranslate", "hibari", "onnxruntime")
        return None if name in hidden else self.finder.find_spec(name, *rest)
sys.meta_path[:] = [Hidden(finder) for finder in sys.meta_path]
'''


@pytest.fixture
def without_engines(tmp_path: Path) -> dict[str, str]:
    """The environment of a Dropdub whose engines' packages are not installed."""
    folder = tmp_path / "without"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(WITHOUT, "utf-8")
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path}


def dropdub(
    *words: str | Path, code: int = 0, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    done = warm.run([*map(str, words)], env=environment)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def result(*words: str | Path, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(dropdub("setup", *words, "--json", **given).stdout)
    return found


def test_root_is_created_as_options_say_and_next_command_is_named(tmp_path: Path) -> None:
    root = tmp_path / "dubs"
    said = dropdub("setup", root, "--engines", "compact", "--language", "en", "--to", "es", "--no-models").stdout
    config = load_config(root / "config.yaml")
    assert (config.job.language, config.job.targets) == ("en", ("es",))
    assert config.models.use == {"faster-whisper": "whisper-base"}
    assert str(root / "inbox") in said and f"dropdub --root {root} watch" in said


def test_second_run_changes_nothing_except_what_its_options_set(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("# mine\njob:\n  transcriber: pocketsphinx # ok\n  voice: anna\n", "utf-8")
    for _ in range(2):
        assert result(tmp_path)["settings"] == {}
    assert (tmp_path / "config.yaml").read_text("utf-8").startswith("# mine\njob:\n  transcriber: pocketsphinx # ok\n")
    assert result(tmp_path, "--to", "pt", "--no-models")["settings"] == {"targets": ["pt"]}
    text = (tmp_path / "config.yaml").read_text("utf-8")
    assert "# mine" in text and "# ok" in text and yaml.safe_load(text)["job"]["targets"] == ["pt"]


def test_a_translator_on_another_machine_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("models: {openai: {address: 'http://llm.invalid:8000/v1'}}\n", "utf-8")
    given = ("--no-install", "--no-models")
    assert any("another machine: llm.invalid:8000" in note for note in result(tmp_path, *given)["notes"])
    (tmp_path / "config.yaml").write_text("models: {openai: {model: qwen3:8b}}\n", "utf-8")
    assert not any("machine" in note for note in result(tmp_path, *given)["notes"])


def test_missing_packages_are_named_with_command_that_installs_them(
    tmp_path: Path, without_engines: dict[str, str]
) -> None:
    shown = result(tmp_path, "--engines", "compact", "--no-install", "--no-models", environment=without_engines)
    note = shown["notes"][0]
    assert "espeak-ng" in note and f"{sys.executable} -m pip install" in note and not shown["installed"]


def test_new_root_gets_the_compact_engines(tmp_path: Path, without_engines: dict[str, str]) -> None:
    given = ("--language", "en", "--to", "pt", "--no-install", "--no-models")
    shown = result(tmp_path, *given, environment=without_engines)
    assert (shown["engines"], shown["settings"]["models.use"]) == ("compact", {"faster-whisper": "whisper-base"})
    config = load_config(tmp_path / "config.yaml")
    assert config.models.use == {"faster-whisper": "whisper-base"} and config.job.transcriber == "auto"
    assert "faster-whisper" in shown["notes"][0] and "fxtranslate" in shown["notes"][0], shown["notes"]


def test_doctor_reports_missing_engines_and_dropped_file_waits(
    tmp_path: Path, without_engines: dict[str, str], speech: Path
) -> None:
    dropdub("init", tmp_path)
    found = json.loads(dropdub("--root", tmp_path, "doctor", "--json", code=1, environment=without_engines).stdout)
    [transcriber] = [one for one in found if one["what"] == "transcriber"]
    assert (transcriber["state"], transcriber["remedy"]) == (
        "problem",
        f"Install one with:\n  {command_of(tmp_path, 'setup')}",
    )
    (tmp_path / "inbox" / "talk.flac").write_bytes(speech.read_bytes())
    dropdub("--root", tmp_path, "watch", "--until-idle", environment=without_engines)
    [job] = json.loads(dropdub("--root", tmp_path, "status", "--json").stdout)["jobs"]
    assert (job["state"], job["reason"]) == ("waiting", "No transcriber is installed.")
    assert job["remedy"] == f"Install it with:\n  {command_of(tmp_path, 'setup')}\nThe job then resumes automatically."


def test_invalid_options_are_refused_before_anything_is_created(tmp_path: Path) -> None:
    assert "compact or quality" in dropdub("setup", tmp_path / "a", "--engines", "best", code=2).stderr
    dropdub("setup", tmp_path / "a", "--to", "not a language", code=2)
    assert not (tmp_path / "a").exists()


def test_questions_are_asked_only_if_no_option_answers_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(question: str, **options: Any) -> Any:
        asked.append(question.split(maxsplit=1)[0])
        return options["value_proc"]({"Languages": "pt, es", "Engines": "quality"}[asked[-1]])

    monkeypatch.setattr("typer.prompt", answer)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    options = setup_questions.ask(tmp_path, SetupOptions(Choices(language="en")), Config())
    assert asked == ["Languages", "Engines"]
    assert (options.choices, options.service) == (Choices("en", ("pt", "es"), "quality"), False)


def test_interrupted_setup_says_how_to_continue(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(procedure, "_install_packages", interrupted)
    options = SetupOptions(choices_of("en", ["pt"], "compact"))
    assert command.setup(tmp_path / "dubs", options, yes=True, as_json=False) == 1
    assert f"To continue:\n  dropdub --root {tmp_path / 'dubs'} setup" in capsys.readouterr().err
    assert load_config(tmp_path / "dubs" / "config.yaml").job.targets == ("pt",)
