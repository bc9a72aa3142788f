"""Two real engines on one file: what they make, their errors, their cost, and that nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from dropdub.errors import NotMedia, OutOfMemory, UsageError
from dropdub.media.sound import wav
from dropdub.operations.comparing import contenders
from dropdub.operations.comparing.comparison import compare
from dropdub.operations.comparing.values import Comparison, Wish
from tests import warm
from tests.integration.test_engines import JFK, usable
from tests.spoken import ENGLISH, MODELS, PORTUGUESE, recording
from tests.waiting import wait_until

SETTINGS = f"""\
models:
  dir: {MODELS.as_posix()}
  use: {{faster-whisper: whisper-tiny-en-pt, nllb: nllb-tiny-en-pt}}
"""
SAID = ENGLISH[:3]
MEANT = ("O nosso homem bom é velho.", "Nós vemos o meu carro vermelho.")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "config.yaml").write_text(SETTINGS, encoding="utf-8")
    return folder


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the temporary files of this process, to see what is left there."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def a_text(path: Path, lines: Sequence[str]) -> Path:
    path.write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    return path


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_two_transcribers_are_compared_with_the_text_beside_the_recording(
    root: Path, temporary: Path, tmp_path: Path
) -> None:
    usable("pocketsphinx")
    talk = recording(tmp_path / "talk.wav", SAID)
    a_text(tmp_path / "talk.txt", SAID)
    progress: list[tuple[str, float]] = []
    wish = Wish(talk, engines=("faster-whisper", "pocketsphinx"), language="en")
    found = compare(root, wish, report=lambda what, share: progress.append((what, share)))
    assert (found.role, found.language, found.truth) == ("transcriber", "en", "talk.txt")
    assert found.length_s == pytest.approx(wav.duration_s(talk), abs=0.1)
    whisper, sphinx = found.engines
    words = len(" ".join(SAID).split())
    assert (whisper.words, whisper.errors) == (words, 0), "the small model was trained on this voice"
    assert sphinx.errors is not None and sphinx.errors > 0, "it was not"
    assert whisper.ratio == pytest.approx(whisper.seconds / found.length_s, abs=0.01)
    assert whisper.peak_memory > 30_000_000 and whisper.load_s > 0
    assert (whisper.commercial, sphinx.commercial) == ("ask", "yes"), "the small model is not in the catalogue"
    assert " ".join(row.texts[0] for row in found.rows).split() == " ".join(SAID).split()
    assert [row.at for row in found.rows] == sorted(row.at or 0.0 for row in found.rows)
    assert {what for what, share in progress if share == 1.0} >= {"faster-whisper transcribes", "reading talk.wav"}
    assert everything_in(root) == ["config.yaml"] and everything_in(temporary) == []


def test_two_translators_are_compared_line_by_line(root: Path, temporary: Path, tmp_path: Path) -> None:
    usable("apertium")
    text = a_text(tmp_path / "talk.en.txt", SAID[:2])
    a_text(tmp_path / "talk.pt.txt", MEANT)
    found = compare(root, Wish(text, engines=("nllb", "apertium"), language="en", to="pt"))
    nllb, apertium = found.engines
    assert (found.role, found.target, found.truth) == ("translator", "pt", "talk.pt.txt")
    assert (nllb.errors, nllb.chrf) == (0, 100.0), "the small model knows these sentences"
    assert apertium.chrf is not None and 10 < apertium.chrf < 100
    assert [row.source for row in found.rows] == list(SAID[:2])
    assert [row.texts[0] for row in found.rows] == list(MEANT)
    assert nllb.ratio is None and nllb.seconds > 0, "a text has no length"
    assert found.differing is not None and found.differing > 0
    assert everything_in(root) == ["config.yaml"] and everything_in(temporary) == []


def test_what_two_synthesizers_speak_is_transcribed_and_compared(root: Path, temporary: Path, tmp_path: Path) -> None:
    usable("hibari")
    text, out = a_text(tmp_path / "talk.txt", SAID[:1]), tmp_path / "out"
    wish = Wish(text, "synthesizer", ("hibari", "espeak-ng"), language="en", out=out)
    found = compare(root, wish)
    hibari, espeak = found.engines
    assert found.listener == "faster-whisper (whisper-tiny-en-pt)"
    assert hibari.words == espeak.words == len(SAID[0].split())
    assert espeak.errors is not None and hibari.errors is not None and espeak.errors < hibari.errors, (
        "the small model was trained on the voice of espeak-ng"
    )
    assert everything_in(out) == ["talk.espeak-ng.wav", "talk.hibari.wav"]
    assert wav.duration_s(out / "talk.hibari.wav") == pytest.approx(hibari.sound_s, abs=0.01)
    assert hibari.ratio is not None and hibari.ratio == pytest.approx(hibari.seconds / (hibari.sound_s or 1), abs=0.01)
    assert everything_in(root) == ["config.yaml"] and everything_in(temporary) == []
    with pytest.raises(UsageError, match="exists already"):
        compare(root, wish)


def test_two_models_of_one_engine_are_compared_by_the_command(root: Path, tmp_path: Path) -> None:
    talk, other = recording(tmp_path / "fala.wav", PORTUGUESE[:1], voice="pt-br"), tmp_path / "same-model"
    other.symlink_to(MODELS / "whisper-tiny-en-pt", target_is_directory=True)
    engines = f"faster-whisper,faster-whisper:{other}"
    command = ["--root", str(root), "engines", "compare", str(talk), "--language", "pt", "--engines", engines]
    answer = warm.run([*command, "--json"], env={**os.environ, **warm.forking_workers()})
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert [one["engine"] for one in found["engines"]] == ["faster-whisper", f"faster-whisper ({other})"]
    assert found["differing"] == 0 and found["truth"] is None
    assert "reading fala.wav …" in answer.stderr.splitlines()


def refused(root: Path, wish: Wish, error: type[Exception] = UsageError) -> str:
    with pytest.raises(error) as caught:
        compare(root, wish)
    return f"{caught.value} {getattr(caught.value, 'remedy', '')}"


def test_what_cannot_be_compared_is_refused_with_a_remedy(root: Path, tmp_path: Path) -> None:
    text, talk = a_text(tmp_path / "talk.txt", SAID), tmp_path / "talk.flac"
    talk.write_bytes(JFK.read_bytes())
    cases: list[tuple[Wish, str]] = [
        (Wish(tmp_path / "nothing.wav"), "does not exist"),
        (Wish(talk, "translator"), "name a text or a subtitle: talk.flac is none"),
        (Wish(text, "transcriber"), "name a recording"),
        (Wish(text, language="en"), "--to LANG"),
        (Wish(text, language="en", to="no language"), "no language"),
        (Wish(talk, engines=("faster-whisper",)), "Two different engines are compared"),
        (Wish(talk, engines=("faster-whisper", "faster-whisper")), "Two different engines are compared"),
        (Wish(talk, engines=("faster-whisper", "nobody")), "The engine 'nobody' is not installed. Installed transcr"),
        (Wish(talk, engines=("faster-whisper", "nllb")), "The engine 'nllb' is no transcriber"),
        (Wish(talk, engines=("faster-whisper", "parakeet")), "models pull parakeet-tdt-0.6b-v3"),
        (Wish(talk, engines=("faster-whisper:whisper-small", "parakeet")), "models pull whisper-small"),
        (Wish(talk, engines=("faster-whisper:whisper-smal", "parakeet")), "Did you mean whisper-small?"),
        (Wish(talk, engines=("faster-whisper:xtts-v2", "parakeet")), "xtts-v2 is a model of xtts, not of faster-wh"),
        (Wish(text, "synthesizer", ("hibari", "espeak-ng"), language="pt"), "'hibari' does not speak Portuguese"),
        (Wish(text, language="en", to="pt", engines=("nllb", "apertium"), out=talk), "talk.flac is not a folder"),
        (Wish(text, language="en", to="ja", engines=("nllb", "apertium")), "does not translate from English to Japan"),
        (Wish(text, "synthesizer", language="tlh"), "No engine can be used here as synthesizer"),
    ]
    for wish, said in cases:
        assert said in refused(root, wish), wish
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"\x00\x01\x02" * 100)
    assert "broken.wav" in refused(
        root, Wish(broken, language="en", engines=("faster-whisper", "pocketsphinx")), NotMedia
    )
    assert everything_in(root) == ["config.yaml"]


def test_an_engine_for_which_too_little_memory_is_free_is_not_started(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = psutil.virtual_memory()
    monkeypatch.setattr(contenders.psutil, "virtual_memory", lambda: memory._replace(available=200_000_000))
    text = a_text(tmp_path / "talk.txt", SAID)
    said = refused(root, Wish(text, language="en", to="pt", engines=("nllb", "apertium")), OutOfMemory)
    assert "nllb needs about" in said and "200.0 MB are free" in said and "--engines" in said


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent in another way there")
def test_ctrl_c_leaves_nothing_behind(root: Path, tmp_path: Path) -> None:
    usable("pocketsphinx")
    temporary, talk = tmp_path / "temporary", recording(tmp_path / "talk.wav", ENGLISH * 4)
    temporary.mkdir()
    command = [sys.executable, "-m", "dropdub", "--root", str(root), "engines", "compare", str(talk)]
    started = subprocess.Popen(
        [*command, "--language", "en", "--engines", "pocketsphinx,faster-whisper"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    with started as process:
        assert process.stderr is not None
        while b"pocketsphinx transcribes" not in (line := process.stderr.readline()):
            assert line, "it ended before the engine was started"
        me = psutil.Process(process.pid)
        wait_until(lambda: bool(me.children(recursive=True)), "a worker")
        children = me.children(recursive=True)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) != 0
    wait_until(lambda: not any(child.is_running() for child in children), "the end of the workers")
    assert everything_in(temporary) == [] and everything_in(root) == ["config.yaml"]


def test_a_comparison_is_shown_in_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], root: Path, a_comparison: Comparison
) -> None:
    from dropdub.cli import engines

    def made(_root: Path, _wish: Wish, *, report: Callable[[str, float], None]) -> Comparison:
        report("one transcribes", 0.5)
        return a_comparison

    monkeypatch.setattr(engines, "compare_engines", made)
    assert engines.compare(root, Wish(Path("talk.wav")), as_json=False) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "transcribers on talk.wav: English, 65 s"
    assert any("0.25 x its length (16.2 s)" in line for line in lines)
    assert any(line.startswith("wrong words (talk.srt)") and "1 of 8 (12.5 %)" in line for line in lines)
    assert any("a row of the first" in line and "a row of the second" in line for line in lines)
    assert "\N{REPLACEMENT CHARACTER}" in shown.out and "\x1b" not in shown.out
    assert "one transcribes …" in shown.err


@pytest.fixture
def a_comparison() -> Comparison:
    from dropdub.operations.comparing.rows import Row
    from dropdub.operations.comparing.values import Outcome

    one = Outcome(
        *("faster-whisper", "whisper-base", "MIT", "yes"),
        *(1.5, 16.2, 0.25, 400_000_000, "the text", None, 8, 1, None),
        warnings=["A warning."],
        file=None,
    )
    other = replace(one, engine="parakeet", errors=0, warnings=[])
    rows = [
        Row(0.0, None, ["a row of the first", "a row of the second"]),
        Row(61.5, None, ["many words " * 20, "with a \x1b[31m sign"]),
    ]
    named: dict[str, Any] = {"truth": "talk.srt", "listener": None, "differing": 0.125}
    return Comparison("talk.wav", "transcriber", "en", None, 65.0, engines=[one, other], rows=rows, **named)


def test_the_engines_are_listed_with_what_they_allow_and_lack(root: Path) -> None:
    answer = warm.run(["--root", str(root), "engines", "list"])
    assert answer.returncode == 0 and max(map(len, answer.stdout.split("\n\n")[0].splitlines())) <= 80
    [xtts] = [line for line in answer.stdout.splitlines() if line.startswith("xtts ")]
    assert xtts.split()[:4] == ["xtts", "synthesizer", "CPML", "no"]
    assert "models pull kokoro-82m" in answer.stdout
    [openai] = [line for line in answer.stdout.splitlines() if line.startswith("openai ")]
    assert openai.split()[1:] == ["translator", "your", "own", "ask", "not", "set", "up", "-"]
    listed = json.loads(warm.run(["--root", str(root), "engines", "list", "--json"]).stdout)
    whisper = next(one for one in listed if one["name"] == "faster-whisper")
    assert whisper["model"] == "whisper-tiny-en-pt" and whisper["state"] == "usable" and whisper["commercial"] == "ask"


def test_the_guide_is_about_this_machine_or_about_all(root: Path) -> None:
    answer = warm.run(["--root", str(root), "engines", "guide"])
    assert answer.returncode == 0 and max(map(len, answer.stdout.splitlines())) <= 80
    assert answer.stdout.count("(this computer)") == 1 and "(measured:" in answer.stdout and "(claim:" in answer.stdout
    found = json.loads(warm.run(["--root", str(root), "engines", "guide", "--all", "--json"]).stdout)
    assert len({row["machine"] for row in found["rows"]}) == 3 and found["machine"] in answer.stdout
