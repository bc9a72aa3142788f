"""The real daemon with the quality engines on small trained models: known words go in, known words come out."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jiwer
import pytest

from tests.acceptance.site import Site
from tests.spoken import ENGLISH, NLLB, WHISPER, recording
from tests.tiny_pocket import make_tiny_pocket
from tests.tiny_quickmt import EN_PT, make_quickmt
from tests.tiny_xtts import make_tiny_xtts
from tests.waiting import wait_until

pytest.importorskip("faster_whisper", reason="the extra 'quality' is not installed")
WER = 0.05
QUALITY = {"transcriber": "faster-whisper", "translator": "nllb", "synthesizer": "espeak-ng", "speakers": "one"}
USE = {"faster-whisper": "whisper-tiny-en-pt", "nllb": "nllb-tiny-en-pt"}


def bare(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum() or one.isspace())


def settings(**more: Any) -> dict[str, Any]:
    models = {"use": USE, "device": "cpu", **more.pop("models", {})}
    return {"job": {**QUALITY, "targets": ["pt-BR"]}, "models": models, **more}


def put_model(site: Site, source: Path) -> None:
    """Install a model as `dropdub models pull` does: beside its destination first, then one rename."""
    folder = site.root / "models"
    folder.mkdir(exist_ok=True)
    part = folder / f"{source.name}.part"
    shutil.copytree(source, part)
    part.rename(folder / source.name)


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recording(tmp_path_factory.mktemp("talk") / "talk.wav", ENGLISH * 4)


def test_recording_yields_its_known_words_and_their_known_translation(tmp_path: Path, talk: Path) -> None:
    site = Site(tmp_path, **settings(split={"above_duration": 30, "target": 20, "window": 5}))
    put_model(site, WHISPER)
    put_model(site, NLLB)
    site.drop(talk, "fala ção.wav")
    assert site.work_off() == 0, site.output()
    found = site.published("fala ção")
    heard = found["fala ção.txt"].read_text(encoding="utf-8")
    assert jiwer.wer(bare(" ".join(ENGLISH * 4)), bare(heard)) <= WER
    assert "O nosso homem bom é velho." in found["fala ção.pt-BR.txt"].read_text(encoding="utf-8")
    manifest = json.loads(found["manifest.json"].read_text(encoding="utf-8"))
    engines = {engine["name"]: engine["details"] for engine in manifest["engines"]}
    assert engines["faster-whisper"]["model"] == "whisper-tiny-en-pt"
    assert engines["nllb"]["compute_type"] == "int8"
    site.check()


def test_daemon_killed_while_transcribing_resumes_and_gives_same_words(tmp_path: Path, talk: Path) -> None:
    site = Site(tmp_path, **settings(split={"above_duration": 30, "target": 15, "window": 5}))
    put_model(site, WHISPER)
    put_model(site, NLLB)
    site.drop(talk)
    site.start()

    def some_are_done() -> bool:
        return bool(site.rows("SELECT id FROM step WHERE stage = 'transcribe' AND state = 'succeeded'"))

    wait_until(some_are_done, "a chunk to be transcribed")
    site.kill()
    assert site.work_off() == 0, site.output()
    heard = site.published("talk")["talk.txt"].read_text(encoding="utf-8")
    assert jiwer.wer(bare(" ".join(ENGLISH * 4)), bare(heard)) <= WER
    tried = site.rows("SELECT step_id, count(*) AS n FROM attempt WHERE outcome = 'succeeded' GROUP BY step_id")
    assert {row["n"] for row in tried} == {1}, "what was done is not done again"
    site.check()


def test_missing_model_makes_job_wait_until_it_arrives(tmp_path: Path, talk: Path) -> None:
    site = Site(tmp_path, **settings())
    put_model(site, WHISPER)
    site.drop(talk)
    site.start()
    try:
        site.wait_for("talk.wav", "waiting")
        job = site.job("talk.wav")
        assert "model 'nllb-tiny-en-pt'" in job["reason"]
        assert " models pull nllb-tiny-en-pt" in json.dumps(job)
        assert "talk.txt" in site.published("talk"), "what is finished is delivered"
        put_model(site, NLLB)
        site.wait_for("talk.wav", "succeeded")
    finally:
        site.stop()
    assert "O nosso homem bom é velho." in site.published("talk")["talk.pt-BR.txt"].read_text(encoding="utf-8")
    site.check()


def test_light_engine_is_used_as_fallback_if_allowed_and_outputs_say_so(tmp_path: Path, speech: Path) -> None:
    site = Site(tmp_path, **settings(models={"fallback": "any"}, job={**QUALITY, "targets": []}))
    site.drop(speech, "talk.flac")
    assert site.work_off() == 0, site.output()
    sentence = "Used pocketsphinx, because the model 'whisper-tiny-en-pt' of faster-whisper is not installed."
    assert site.job("talk.flac")["warnings"] == [sentence]
    manifest = json.loads(site.published("talk")["manifest.json"].read_text(encoding="utf-8"))
    assert sentence in manifest["warnings"]
    assert [engine["name"] for engine in manifest["engines"]] == ["pocketsphinx"]
    site.check()


@pytest.mark.skipif(find_spec("TTS") is None, reason="the extra 'quality' is not installed")
def test_texts_are_spoken_in_named_voice_while_everything_else_continues(tmp_path: Path, speech: Path) -> None:
    job = {**QUALITY, "translator": "nllb", "synthesizer": "xtts", "targets": [], "voice": "john"}
    site = Site(tmp_path, **settings(job=job, models={"use": {**USE, "xtts": "tiny xtts"}}))
    make_tiny_xtts(tmp_path / "models" / "tiny xtts")
    assert site.jobs("voices", "add", "john", str(speech)).returncode == 0
    names = [f"notes {number}.txt" for number in range(2)]
    for number, name in enumerate(names):
        site.drop_text(" ".join(ENGLISH[number : number + 2]) + f"\n\nSee www.example.org, page {number}.\n", name)
    site.start()
    try:
        site.wait_for(names[0], "running")
        assert site.status()["counts"], "it answers at once while a voice is being made"
        site.drop_text("This one came late, after the others had been begun.", "late.txt")
        for name in (*names, "late.txt"):
            site.wait_for(name, "succeeded")
    finally:
        site.stop()
    assert {"notes 0.en.m4a", "manifest.json"} <= set(site.published("notes 0"))
    manifest = json.loads(site.published("notes 0")["manifest.json"].read_text(encoding="utf-8"))
    assert [engine["name"] for engine in manifest["engines"]] == ["xtts"]
    assert "default voice" not in json.dumps(manifest["warnings"])
    site.check()


def test_idle_worker_exits_and_frees_its_memory(tmp_path: Path, talk: Path) -> None:
    pools = {name: {"idle_exit": 1} for name in ("transcribe", "translate", "synthesize")}
    site = Site(tmp_path, **settings(pools=pools))
    site.forks_workers = False
    put_model(site, WHISPER)
    put_model(site, NLLB)
    site.start()
    try:
        site.drop(talk)
        site.wait_for("talk.wav", "succeeded")

        def engines_gone() -> bool:
            lines = [" ".join(process.cmdline()) for process in site.ours()]
            return bool(lines) and not [
                line for line in lines if line.endswith(("transcribe", "translate", "synthesize"))
            ]

        wait_until(engines_gone, "the idle workers to end")
    finally:
        site.stop()


def test_a_pair_waits_for_its_permissive_model_and_is_then_translated_with_it(tmp_path: Path) -> None:
    pytest.importorskip("sentencepiece", reason="the extra 'quickmt' is not installed")
    site = Site(tmp_path, job={**QUALITY, "translator": "quickmt", "targets": ["pt"]}, models={"device": "cpu"})
    subtitle = tmp_path / "talk.en.srt"
    subtitle.write_text("1\n00:00:01,000 --> 00:00:03,000\nThe house is red.\n", encoding="utf-8")
    site.drop(subtitle)
    site.start()
    try:
        site.wait_for("talk.en.srt", "waiting")
        job = site.job("talk.en.srt")
        assert "lacks the model 'quickmt-en-pt', to translate from English to Portuguese" in job["reason"]
        assert " models pull quickmt-en-pt" in json.dumps(job)
        put_model(site, make_quickmt(tmp_path / "made" / "quickmt-en-pt", EN_PT))
        site.wait_for("talk.en.srt", "succeeded")
    finally:
        site.stop()
    (folder,) = {file.parent for file in (site.root / "outbox").rglob("manifest.json")}
    (translated,) = folder.glob("*.pt.srt")
    assert "O casa é vermelha." in translated.read_text(encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (details,) = [engine["details"] for engine in manifest["engines"] if engine["name"] == "quickmt"]
    assert details["licences"] == {"quickmt-en-pt": "CC-BY-4.0: credit its author, quickmt"}
    site.check()


@pytest.mark.skipif(find_spec("pocket_tts") is None, reason="the extra 'pocket' is not installed")
def test_a_dub_waits_for_the_model_of_its_language_and_then_has_the_speakers_voice(tmp_path: Path) -> None:
    job = {**QUALITY, "synthesizer": "pocket-tts", "targets": ["pt-BR"], "synthesis": {"takes": 1}}
    site = Site(tmp_path, **settings(job=job))
    for model in (WHISPER, NLLB):
        put_model(site, model)
    make_tiny_pocket(tmp_path / "models", "en")
    site.drop(recording(tmp_path / "talk.wav", ENGLISH[:4]))
    site.start()
    try:
        site.wait_for("talk.wav", "waiting")
        waiting = site.job("talk.wav")
        assert "lacks the model 'pocket-tts-portuguese', to speak Portuguese" in waiting["reason"]
        assert " models pull pocket-tts-portuguese" in json.dumps(waiting)
        put_model(site, make_tiny_pocket(tmp_path / "elsewhere", "pt"))
        site.wait_for("talk.wav", "succeeded")
    finally:
        site.stop()
    found = site.published("talk")
    manifest = json.loads(found["manifest.json"].read_text(encoding="utf-8"))
    engines = {engine["name"]: engine["details"] for engine in manifest["engines"]}
    assert set(engines["pocket-tts"]["models"]) == {"pocket-tts-english", "pocket-tts-portuguese"}
    assert engines["pocket-tts"]["device"] == "cpu"
    assert "default voice" not in json.dumps(manifest["warnings"])
    assert {"talk.pt-BR.m4a", "talk.pt-BR.srt"} <= set(found)
    site.check()
