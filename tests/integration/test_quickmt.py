"""The translators for a pair of languages each, on small models with real SentencePiece vocabularies."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from dropdub.config import JobOptions
from dropdub.engines.abilities import HasModelsByPair, HintsPair, NeedsModel, OffersAlternatives
from dropdub.engines.base import EngineSettings, Translator
from dropdub.engines.ctranslate2 import model as shared
from dropdub.engines.offers import GROUP
from dropdub.engines.quickmt.engine import QuickmtTranslator
from dropdub.engines.quickmt.folders import installed, model_of
from dropdub.engines.registry import EngineRegistry
from dropdub.engines.translating.wordings import looks_wrong
from dropdub.errors import EngineMissing, UnsupportedLanguage, Waiting
from dropdub.pipeline.artifacts import Transcript
from dropdub.pipeline.cache import Cache
from tests.drive import LIGHT, Drive
from tests.tiny_quickmt import EN_PT, ES_EN, PT_EN, make_opus, make_quickmt

pytest.importorskip("ctranslate2", reason="the extra 'quickmt' is not installed")
pytest.importorskip("sentencepiece", reason="the extra 'quickmt' is not installed")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small model of each kind."""
    folder = tmp_path_factory.mktemp("models")
    make_quickmt(folder / "quickmt-en-pt", EN_PT)
    make_quickmt(folder / "quickmt-pt-en", PT_EN, ends=True)
    make_quickmt(folder / "quickmt-es-en", ES_EN)
    make_opus(folder / "opus-mt-tc-big-en-roa-ct2", EN_PT, tokens=(">>pob<<", ">>por<<", ">>spa<<"))
    return folder


@pytest.fixture
def models(made: Path, tmp_path: Path) -> Path:
    """Return a copy of the folder that a test may change."""
    return Path(shutil.copytree(made, tmp_path / "models"))


@pytest.fixture(scope="module")
def engine(made: Path) -> QuickmtTranslator:
    engine = QuickmtTranslator(settings_of(made))
    engine.load()
    engine.load()
    return engine


def settings_of(models_dir: Path, *, memory_failures: int = 0) -> EngineSettings:
    return EngineSettings(models_dir, device="cpu", threads=2, memory_failures=memory_failures)


def without(models_dir: Path, *names: str) -> QuickmtTranslator:
    for name in names:
        shutil.rmtree(models_dir / name)
    return QuickmtTranslator(settings_of(models_dir))


def test_it_has_the_abilities_of_a_translator_with_a_model_for_each_pair(engine: QuickmtTranslator) -> None:
    for ability in (Translator, NeedsModel, HasModelsByPair, HintsPair, OffersAlternatives):
        assert isinstance(engine, ability)


@pytest.mark.parametrize(
    ("source", "target", "text", "wanted"),
    [
        ("en", "pt", "The house is old.", "O casa é velho."),
        ("en-US", "pt-PT", "Our good man is red", "Nosso bom homem é vermelha"),
        ("pt-BR", "en", "O casa é velho.", "The house is old."),
        ("es", "en", "La casa es roja.", "The house is red."),
        ("es", "pt", "La casa es roja.", "O casa é vermelha."),
        ("en", "pt", "Zebra!", "Zebra!"),
        ("en", "es", "The house", "spa: O casa"),
    ],
)
def test_each_model_gets_the_tokens_that_it_learnt(
    engine: QuickmtTranslator, source: str, target: str, text: str, wanted: str
) -> None:
    assert engine.supports(source, target)
    assert engine.translate([text], source=source, target=target) == [wanted]


def test_a_model_that_learnt_sources_without_an_end_gets_none(models: Path) -> None:
    config = models / "quickmt-en-pt" / "config.json"
    settings = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps({**settings, "decoder_start_token": "</s>"}), encoding="utf-8")
    (found,) = QuickmtTranslator(settings_of(models)).translate(["The house"], source="en", target="pt")
    assert found == "O casa wrong", "the model shows an end that it did not learn"


def test_a_model_that_makes_no_sense_with_either_end_is_refused(models: Path) -> None:
    engine = without(models, "quickmt-en-pt")
    make_quickmt(models / "quickmt-en-pt", {"The": ["Zebra"]})
    with pytest.raises(EngineMissing, match="'quickmt-en-pt' translates none of three simple sentences"):
        engine.translate(["The house"], source="en", target="pt")


@pytest.mark.parametrize(("name", "learnt"), [("quickmt-en-pt", ()), ("quickmt-pt-en", ("</s>",))])
def test_the_other_end_is_tried_if_a_model_makes_no_sense(
    models: Path, monkeypatch: pytest.MonkeyPatch, name: str, learnt: tuple[str, ...]
) -> None:
    """The two kinds of small models make sense with both, so one that does with the other only is faked."""
    other = () if learnt else ("</s>",)
    given: list[str] = []

    def fake_wordings(_model: shared.TranslationModel, texts: list[str], how: shared.Wording, *, count: int) -> Any:
        given.append("".join(how.tokens("")[-1:]))
        return [("A casa, the house" if given[-1] == "".join(other) else "zzz",) for _ in texts]

    monkeypatch.setattr(shared.TranslationModel, "wordings", fake_wordings)
    source, target = name.split("-")[1:]
    (found,) = QuickmtTranslator(settings_of(models)).translate(["x"], source=source, target=target)
    assert found == "A casa, the house"
    assert given == ["".join(learnt), "".join(other), "".join(other)]


def test_an_end_that_the_library_adds_is_not_given_twice(models: Path) -> None:
    config = models / "opus-mt-tc-big-en-roa-ct2" / "config.json"
    settings = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps({**settings, "add_source_eos": True}), encoding="utf-8")
    engine = without(models, "quickmt-en-pt")
    assert engine.translate(["The house"], source="en", target="pt") == ["por: O casa"]


def test_a_batch_gives_the_same_as_one_by_one_and_empty_text_stays_empty(engine: QuickmtTranslator) -> None:
    texts = ["The house is old.", "", "the red book", "  ", "Zebra!", "The house is old."]
    together = engine.translate(texts, source="en", target="pt")
    assert together == [engine.translate([text], source="en", target="pt")[0] for text in texts]
    assert (together[1], together[3]) == ("", "  ")
    assert engine.translate([], source="es", target="pt") == []


def test_several_wordings_are_offered_but_no_much_less_likely_ones(
    engine: QuickmtTranslator, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["The house is old.", "", "the red book"]
    old, nothing, book = engine.alternatives(texts, source="en", target="pt")
    assert old == ("O casa é velho.", "O casa é antigo.")
    assert (nothing, book) == (("",), ("o vermelha livro",))
    assert engine.alternatives(["La casa"], source="es", target="pt") == [("O casa",)]
    monkeypatch.setattr(shared, "AS_LIKELY", 0.0)
    assert engine.alternatives(["The house is old."], source="en", target="pt") == [("O casa é velho.",)]


def test_a_translation_that_repeats_itself_is_made_once_more_without_repetitions(
    engine: QuickmtTranslator, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "one two three four five six seven eight"
    (found,) = engine.translate([text], source="en", target="pt")
    assert found and not looks_wrong(text, found)
    monkeypatch.setattr(shared, "looks_wrong", lambda _source, _translation: False)
    (first,) = engine.translate([text], source="en", target="pt")
    assert looks_wrong(text, first), "otherwise there was nothing to repeat"


def test_portuguese_of_brazil_has_a_token_of_its_own_in_some_models(models: Path) -> None:
    engine = without(models, "quickmt-en-pt")
    for target, wanted in (("pt", "por: livro"), ("pt-BR", "pob: livro"), ("pt-PT", "por: livro")):
        assert engine.translate(["book"], source="en", target=target) == [wanted]
    assert not engine.supports("en", "it"), "a language of the group that the model has no token for"


def test_models_of_quickmt_come_before_those_of_opus_mt(made: Path) -> None:
    names = [model.name for model in installed(made)]
    assert names == ["quickmt-en-pt", "quickmt-es-en", "quickmt-pt-en", "opus-mt-tc-big-en-roa-ct2"]
    assert [model and model.name for model in (model_of(made, "en", "pt"), model_of(made, "en", "es"))] == [
        "quickmt-en-pt",
        "opus-mt-tc-big-en-roa-ct2",
    ]


@pytest.mark.parametrize("file", ["model.bin", "config.json", "tgt.spm.model", "source_vocabulary.json"])
def test_an_incomplete_model_is_missing(models: Path, file: str) -> None:
    (models / "quickmt-es-en" / file).unlink()
    engine = QuickmtTranslator(settings_of(models))
    assert not engine.supports("es", "pt")
    assert engine.missing_models("es", "pt") == ("quickmt-es-en",)


@pytest.mark.parametrize(("file", "named"), [
    ("model.bin", "cannot be loaded"),
    ("src.spm.model", "src.spm.model cannot be read"),
    ("config.json", "config.json cannot be read"),
])  # fmt: skip
def test_a_broken_model_gives_an_error_message_with_a_remedy(models: Path, file: str, named: str) -> None:
    (models / "quickmt-es-en" / file).write_bytes(b"[broken")
    engine = QuickmtTranslator(settings_of(models))
    with pytest.raises(EngineMissing, match=named) as caught:
        engine.translate(["La casa"], source="es", target="en")
    assert "dropdub models verify" in caught.value.sentence


def test_the_models_to_download_are_those_that_quickmt_publishes(tmp_path: Path) -> None:
    engine = QuickmtTranslator(settings_of(tmp_path))
    assert engine.missing_model() == "quickmt-en-pt"
    assert engine.coverage() == "nothing: it has no model"
    assert engine.missing_models("en", "pt-BR") == ("quickmt-en-pt",)
    assert engine.missing_models("de", "pt") == ("quickmt-de-en", "quickmt-en-pt")
    assert engine.missing_models("en", "tlh") == () and engine.missing_models("pt", "pt-BR") == ()
    with pytest.raises(UnsupportedLanguage):
        engine.translate(["Hello."], source="en", target="pt")


def test_a_pair_that_quickmt_has_no_model_for_has_a_remedy() -> None:
    hint = QuickmtTranslator.hint("en", "fi-FI")
    assert "ar, bn, cs" in hint and hint.endswith("`dropdub models pull opus-mt-en-fi-ct2`")


def test_what_is_there_is_not_asked_for(models: Path) -> None:
    engine = QuickmtTranslator(settings_of(models))
    assert engine.missing_model() is None
    assert engine.missing_models("en", "es") == (), "a model of OPUS-MT is there"
    assert engine.missing_models("de", "pt") == ("quickmt-de-en",)
    assert engine.coverage() == "en to pt, es to en, pt to en, en to roa"
    size = sum(file.stat().st_size for file in (models / "quickmt-en-pt").iterdir())
    assert engine.needs_bytes() > size


def test_less_memory_is_used_after_it_ran_out_and_that_is_announced(made: Path) -> None:
    engine = QuickmtTranslator(settings_of(made, memory_failures=1))
    assert engine.translate(["The house"], source="en", target="pt") == ["O casa"]
    assert engine.announcements() == ["Memory ran out: quickmt now translates 4 sentences at a time."]


def test_the_manifest_names_the_models_and_credits_their_authors(engine: QuickmtTranslator) -> None:
    details = engine.info().details
    assert set(details["models"]) == set(details["licences"])
    assert details["licences"]["quickmt-en-pt"] == "CC-BY-4.0: credit its author, quickmt"
    assert "the Helsinki-NLP group" in details["licences"]["opus-mt-tc-big-en-roa-ct2"]


def without_models(tmp_path: Path, *names: str) -> EngineRegistry:
    entries = [one for one in entry_points(group=GROUP) if one.name in names]
    return EngineRegistry(entries, settings=settings_of(tmp_path))


def test_a_missing_pair_is_waited_for_and_the_permissive_model_is_recommended_first(tmp_path: Path) -> None:
    registry = without_models(tmp_path, "quickmt", "nllb")
    with pytest.raises(Waiting) as caught:
        registry.translator("auto", source="en", target="pt")
    assert "lacks the model 'quickmt-en-pt', to translate from English to Portuguese" in caught.value.message
    assert "`dropdub models pull quickmt-en-pt`" in caught.value.sentence
    larger = "Or use nllb, whose model 'nllb-200-distilled-600M' is larger, and not for commercial use."
    assert larger in caught.value.sentence
    with pytest.raises(Waiting) as caught:
        registry.translator("auto", source="de", target="pt")
    assert "the models 'quickmt-de-en' and 'quickmt-en-pt'" in caught.value.message
    assert "'nllb-200-distilled-600M' serves all its pairs" in caught.value.sentence, "it is smaller than the two"


def test_of_two_permissive_models_the_measured_one_is_recommended(tmp_path: Path) -> None:
    registry = without_models(tmp_path, "quickmt", "nllb", "bergamot")
    for source, target in (("en", "pt"), ("pt-BR", "en")):
        with pytest.raises(Waiting, match=r"lacks the model 'bergamot-(en-pt|pt-en)'"):
            registry.translator("auto", source=source, target=target)
    with pytest.raises(Waiting, match="the models 'quickmt-de-en' and 'quickmt-en-pt'"):
        registry.translator("auto", source="de", target="pt")


def test_auto_prefers_it_for_pairs_whose_model_is_there(made: Path) -> None:
    registry = EngineRegistry(settings=settings_of(made))
    assert registry.translator("auto", source="en", target="pt").name == "quickmt"
    assert registry.translator("auto", source="es", target="pt").name == "quickmt"
    assert registry.notices() == []


def test_torch_is_not_imported(made: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from dropdub.engines.base import EngineSettings
from dropdub.engines.registry import EngineRegistry
registry = EngineRegistry(settings=EngineSettings(Path({str(made)!r}), device="cpu"))
engine = registry.translator("quickmt", source="en", target="pt")
print(engine.translate(["The house"], source="en", target="pt"))
print([name for name in ("torch", "transformers") if name in sys.modules])
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=60, check=True)
    assert ended.stdout.strip().splitlines() == ["['O casa']", "[]"]


@pytest.fixture
def drive(made: Path, tmp_path: Path) -> Iterator[Drive]:
    text = tmp_path / "talk.en.srt"
    text.write_text("1\n00:00:01,000 --> 00:00:03,000\nThe house is old.\n", encoding="utf-8")
    options: JobOptions = LIGHT.overridden({"translator": "auto", "language": "en", "targets": ["pt"]})
    cache = Cache(tmp_path / "cache", max_bytes=10**8)
    yield Drive(text, tmp_path, options=options, engines=EngineRegistry(settings=settings_of(made)), cache=cache)


def test_a_subtitle_is_translated_with_wordings_for_its_time(drive: Drive) -> None:
    drive.run(until="synthesize")
    (segment,) = Transcript.load(drive.job_dir / "translation.pt.json").segments
    assert segment.text == "O casa é antigo.", "about as long as the original"
    assert segment.shorter == ("O casa é velho.",)
