"""Which models a configuration requires, by the engines that are installed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dropdub.config import Config
from dropdub.doctor.engines import has_model
from dropdub.engines.base import LAST_RESORT, EngineInfo, EngineSettings
from dropdub.engines.models.candidates import Use
from dropdub.engines.models.uses import uses
from dropdub.engines.offers import Offer
from dropdub.engines.quickmt.engine import QuickmtTranslator

OFFERS = [
    Offer("faster-whisper", "transcriber", 20),
    Offer("pocketsphinx", "transcriber", 10),
    Offer("nllb", "translator", 20, problem="A package is missing."),
    Offer("apertium", "translator", 10),
    Offer("xtts", "synthesizer", 20),
]


COMPACT = [
    Offer("faster-whisper", "transcriber", 20),
    Offer("nllb", "translator", 20),
    Offer("transformers", "translator", 18, problem="A package is missing."),
    Offer("bergamot", "translator", 14),
    Offer("xtts", "synthesizer", 20, problem="A package is missing."),
    Offer("hibari", "synthesizer", 16),
    Offer("kokoro", "synthesizer", 14),
    Offer("espeak-ng", "synthesizer", 10),
]
"""What is installed with the compact kit: the libraries of NLLB come with faster-whisper."""
QUALITY = [Offer(one.name, one.role, one.rank) for one in COMPACT]
WITH_QUICKMT = sorted([*QUALITY, Offer("quickmt", "translator", 22)], key=lambda offer: -offer.rank)
WHISPER = ("faster-whisper", "whisper-small")
SPOKEN_PLAINLY = {"synthesizer": "espeak-ng"}


def used(*, offers: list[Offer] = OFFERS, models_dir: Path = Path("models"), **settings: Any) -> set[tuple[str, str]]:
    return {(use.engine, use.model) for use in uses(Config(**settings), offers, models_dir=models_dir)}


def make_files(folder: Path, *pieces: str) -> None:
    """Make the files of a translation model that CTranslate2 runs, without content."""
    folder.mkdir()
    for name in ("model.bin", "config.json", "shared_vocabulary.json", *pieces):
        (folder / name).write_text("[]", encoding="utf-8")


def used_by_compact(models_dir: Path = Path("models"), **job: Any) -> set[str]:
    """Return the models that such jobs use with the compact engines, besides Whisper's."""
    found = used(offers=COMPACT, models_dir=models_dir, job=job)
    assert WHISPER in found
    return {model for _, model in found - {WHISPER}}


def test_a_root_without_targets_uses_a_transcriber_only() -> None:
    assert used() == {("faster-whisper", "whisper-small")}


def test_auto_takes_the_best_engine_that_can_be_used() -> None:
    assert used(job={"targets": ["pt"]}) == {("faster-whisper", "whisper-small"), ("xtts", "xtts-v2")}


def test_the_best_diarizer_is_used_if_voices_are_compared() -> None:
    offers = [*OFFERS, Offer("campplus", "diarizer", 30), Offer("resemblyzer", "diarizer", 20)]
    voices = ("campplus", "campplus")
    assert voices not in used(offers=offers), "a bare transcript compares none"
    assert voices in used(offers=offers, job={"targets": ["pt"]}) and voices in used(
        offers=offers, job={"speakers": "all"}
    )
    assert voices not in used(offers=offers, job={"speakers": "all", "diarizer": "resemblyzer"})
    assert voices in used(offers=offers[:5], job={"speakers": "all", "diarizer": "campplus"})


def test_named_engines_and_models_are_used_even_in_profiles() -> None:
    profiles = {"lessons": {"translator": "transformers"}}
    models = {
        "use": {"faster-whisper": "whisper-tiny", "transformers": "madlad400-3b-mt", "nllb": "nllb-200-distilled-1.3B"}
    }
    assert used(profiles=profiles, models=models) == {
        ("faster-whisper", "whisper-tiny"),
        ("transformers", "madlad400-3b-mt"),
        ("nllb", "nllb-200-distilled-1.3B"),
    }


def test_a_separator_needs_its_model_only_if_voices_are_removed_from_what_is_heard_under_a_dub() -> None:
    separators = [Offer("demucs", "separator", 20), Offer("spleeter", "separator", 10)]

    def found(**job: Any) -> set[tuple[str, str]]:
        return used(offers=separators, job={"transcriber": "pocketsphinx", **job})

    wanted = {"targets": ["pt"], "mix": {"separate": True}}
    assert found(**wanted) == {("demucs", "htdemucs")}
    assert found(**wanted, separator="spleeter") == {("spleeter", "spleeter-2stems")}
    assert found(targets=["pt"]) == found(mix={"separate": True}) == set()
    assert found(targets=["pt"], mix={"separate": True, "original": "mute"}) == set()


def test_a_light_root_uses_no_model() -> None:
    assert used(job={"transcriber": "pocketsphinx", "translator": "apertium", "synthesizer": "espeak-ng"}) == set()


def test_a_model_may_be_a_folder_elsewhere(tmp_path: Path) -> None:
    elsewhere = str(tmp_path / "mine")
    assert Use("nllb", elsewhere).folder(Path("/models")) == tmp_path / "mine"
    assert Use("nllb", "mine").folder(tmp_path) == tmp_path / "mine"


@pytest.mark.parametrize(("language", "targets", "models"), [
    ("en", ["pt"], {"bergamot-en-pt", "kokoro-82m"}),
    ("pt", ["en"], {"bergamot-pt-en"}),
    ("es", ["pt-BR"], {"bergamot-es-en", "bergamot-en-pt", "kokoro-82m"}),
    ("en", ["pt", "de"], {"bergamot-en-pt", "bergamot-en-de", "kokoro-82m"}),
    ("auto", ["pt"], {"bergamot-en-pt", "kokoro-82m"}),
    ("auto", ["en"], set()),
    ("auto", ["en", "pt-BR"], {"bergamot-en-pt", "bergamot-pt-en", "kokoro-82m"}),
    ("auto", ["de", "fr"], {"bergamot-en-de", "bergamot-en-fr", "bergamot-de-en", "bergamot-fr-en"}),
    ("pt", ["pt"], {"kokoro-82m"}),
    ("en", ["sw"], set()),
    ("en", [], set()),
])  # fmt: skip
def test_the_small_translator_uses_the_models_of_the_pairs_and_kokoro_speaks_its_languages(
    language: str, targets: list[str], models: set[str]
) -> None:
    assert used_by_compact(language=language, targets=targets) == models


def test_a_model_that_only_some_recordings_may_need_names_their_language() -> None:
    job: dict[str, Any] = {"language": "auto", "targets": ["pt-BR", "en"], "translator": "bergamot"}

    def found(**more: Any) -> list[Use]:
        return [use for use in uses(Config(job=job, **more), [], models_dir=Path("models")) if use.engine == "bergamot"]

    assert found() == [Use("bergamot", "bergamot-en-pt"), Use("bergamot", "bergamot-pt-en", only_from="pt")]
    lessons = {"lessons": {"language": "pt", "targets": ["en"]}}
    assert found(profiles=lessons) == [Use("bergamot", "bergamot-en-pt"), Use("bergamot", "bergamot-pt-en")]


def test_without_a_pair_to_translate_no_translator_needs_a_model() -> None:
    assert used(offers=QUALITY, job={"language": "pt", "targets": ["pt-BR"]}) == {WHISPER, ("xtts", "xtts-v2")}
    assert ("nllb", "nllb-200-distilled-600M") in used(offers=QUALITY, job={"language": "auto", "targets": ["en"]})


def test_profiles_have_pairs_of_their_own() -> None:
    profiles = {"lessons": {"targets": ["pt"]}}
    found = used(offers=COMPACT, job={"language": "en"}, profiles=profiles)
    assert found == {WHISPER, ("bergamot", "bergamot-en-pt"), ("kokoro", "kokoro-82m")}


@pytest.mark.parametrize("folder", ["kokoro-82m", "kokoro-voices"])
def test_a_downloaded_voice_makes_kokoro_speak_another_language(tmp_path: Path, folder: str) -> None:
    assert "kokoro-82m" not in used_by_compact(tmp_path, language="en", targets=["it"])
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "if_sara.bin").touch()
    assert "kokoro-82m" in used_by_compact(tmp_path, language="en", targets=["it"])


def test_the_small_translator_by_name_uses_its_pairs_whatever_is_installed() -> None:
    job = {"language": "en", "targets": ["pt"], "translator": "bergamot", "synthesizer": "espeak-ng"}
    assert used(offers=[], job={**job, "transcriber": "pocketsphinx"}) == {("bergamot", "bergamot-en-pt")}


def test_the_quality_engines_come_before_the_small_ones() -> None:
    found = used(offers=QUALITY, job={"language": "en", "targets": ["es"]})
    assert found == {WHISPER, ("nllb", "nllb-200-distilled-600M"), ("xtts", "xtts-v2")}
    named = used(offers=COMPACT, job={"language": "en", "targets": ["sw"], "translator": "nllb"})
    assert ("nllb", "nllb-200-distilled-600M") in named


@pytest.mark.parametrize(("language", "targets", "models"), [
    ("en", ["pt-BR"], {("bergamot", "bergamot-en-pt")}),
    ("pt", ["en"], {("bergamot", "bergamot-pt-en")}),
    ("auto", ["pt"], {("bergamot", "bergamot-en-pt")}),
    ("auto", ["pt", "en"], {("bergamot", "bergamot-en-pt"), ("bergamot", "bergamot-pt-en")}),
    ("en", ["de"], {("quickmt", "quickmt-en-de")}),
    ("es", ["pt"], {("quickmt", "quickmt-es-en"), ("quickmt", "quickmt-en-pt")}),
    ("en", ["sw"], {("nllb", "nllb-200-distilled-600M")}),
    ("en", ["de", "sw"], {("quickmt", "quickmt-en-de"), ("nllb", "nllb-200-distilled-600M")}),
    ("en", ["pt", "sw"], {("bergamot", "bergamot-en-pt"), ("nllb", "nllb-200-distilled-600M")}),
])  # fmt: skip
def test_a_permissive_translator_is_recommended_for_its_pairs_and_nllb_for_the_others(
    language: str, targets: list[str], models: set[tuple[str, str]]
) -> None:
    """With the libraries of the quality kit. For English and Portuguese, it is the one that was measured."""
    found = used(offers=WITH_QUICKMT, job={"language": language, "targets": targets, "synthesizer": "espeak-ng"})
    assert found - {WHISPER} == models


def test_a_better_translator_that_is_ready_is_used_instead_of_the_one_that_was_measured(tmp_path: Path) -> None:
    offers = [replace(one, engine=QuickmtTranslator) if one.name == "quickmt" else one for one in WITH_QUICKMT]
    for pair in ("en-pt", "pt-en"):
        make_files(tmp_path / f"quickmt-{pair}", "src.spm.model", "tgt.spm.model")
    found = used(offers=offers, models_dir=tmp_path, job={"language": "en", "targets": ["pt"], **SPOKEN_PLAINLY})
    assert found - {WHISPER} == {("quickmt", "quickmt-en-pt")}
    assert used(offers=WITH_QUICKMT, job={"language": "en", "targets": ["pt"], "translator": "quickmt"}) >= {
        ("quickmt", "quickmt-en-pt")
    }


def test_with_the_compact_engines_the_other_pairs_are_those_of_the_small_translator() -> None:
    offers = sorted([*COMPACT, Offer("quickmt", "translator", 22)], key=lambda offer: -offer.rank)
    job = {"language": "en", "targets": ["de", "ca"], "synthesizer": "espeak-ng"}
    assert used(offers=offers, job=job) - {WHISPER} == {("quickmt", "quickmt-en-de")}


def test_a_converted_model_that_is_there_is_used_instead_of_one_to_download(tmp_path: Path) -> None:
    make_files(tmp_path / "opus-mt-tc-big-en-pt-ct2", "source.spm", "target.spm")
    job = {"language": "en", "targets": ["pt"], "translator": "quickmt", "synthesizer": "espeak-ng"}
    assert used(offers=[], models_dir=tmp_path, job={**job, "transcriber": "pocketsphinx"}) == {
        ("quickmt", "opus-mt-tc-big-en-pt-ct2")
    }


def test_an_engine_with_a_model_for_each_language_uses_those_of_the_targets(tmp_path: Path) -> None:
    offers = [Offer("pocket-tts", "synthesizer", 22), *QUALITY]
    named = used(offers=offers, job={"synthesizer": "pocket-tts", "targets": ["pt-BR", "en", "ja"]})
    assert {("pocket-tts", "pocket-tts-portuguese"), ("pocket-tts", "pocket-tts-english")} <= named
    assert not any(model.startswith("pocket") for _, model in used(offers=offers, job={"targets": ["pt", "en"]}))
    folder = tmp_path / "pocket-tts-portuguese"
    folder.mkdir()
    for file in ("model.safetensors", "tokenizer.json"):
        (folder / file).write_bytes(b"there")
    found = used(offers=offers, models_dir=tmp_path, job={"targets": ["pt", "fr"]})
    assert {model for engine, model in found if engine == "pocket-tts"} == {"pocket-tts-portuguese"}
    assert has_model("pocket-tts", {}) and not has_model("transformers", {})


class FakeLark:
    """An engine of another package that has all it needs, and knows only English and Spanish."""

    name, clones, sample_rate = "lark", False, 16_000

    def __init__(self, settings: EngineSettings | None = None) -> None:
        """Accept the settings."""

    @classmethod
    def unavailable(cls) -> str | None:
        return None

    def load(self) -> None: ...
    def info(self) -> EngineInfo:
        return EngineInfo("lark", "1")

    def languages(self) -> frozenset[str]:
        return frozenset({"en"})

    def detect_language(self, windows: Any) -> str:
        return "en"

    def transcribe(self, windows: Any, *, language: str) -> Any: ...
    def translate(self, texts: Any, *, source: str, target: str) -> Any: ...
    def speak(self, text: str, **options: Any) -> Any: ...
    def supports(self, *languages: str) -> bool:
        return {*languages} <= {"en", "es"}


def larks(rank: int, package: str = "larks") -> list[Offer]:
    """Return the quality engines, and after them one of another package in each role."""
    kind: Any = FakeLark
    roles = [(role, type("Lark", (kind,), {"role": role, "rank": rank})) for role in ("transcriber", "translator")]
    roles.append(("synthesizer", type("Lark", (kind,), {"role": "synthesizer", "rank": rank})))
    foreign = [Offer(f"lark {role}", role, rank, engine=one, package=package) for role, one in roles]
    return sorted([*QUALITY, *foreign], key=lambda offer: (offer.role, -offer.rank))


ENGLISH_TO_SPANISH = {"language": "en", "targets": ["es"]}
BEST = {WHISPER, ("nllb", "nllb-200-distilled-600M"), ("xtts", "xtts-v2")}


def test_engine_of_another_package_that_can_work_is_used_while_the_best_lack_their_models() -> None:
    assert used(offers=larks(12), job=ENGLISH_TO_SPANISH) == set()


def test_engine_of_another_package_does_not_count_for_what_it_cannot_do() -> None:
    assert used(offers=larks(12), job={"language": "pt", "targets": ["fr"]}) == BEST
    assert used(offers=larks(50), job={"language": "pt", "targets": ["fr"]}) >= {("xtts", "xtts-v2")}


def test_last_resort_of_another_package_only_stands_in() -> None:
    assert used(offers=larks(LAST_RESORT), job=ENGLISH_TO_SPANISH) == BEST


def test_own_engine_that_could_stand_in_does_not_make_the_best_ones_unwanted() -> None:
    assert used(offers=larks(12, package="dropdub"), job=ENGLISH_TO_SPANISH) == BEST
