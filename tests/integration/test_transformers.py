"""The transformers engine on small random models of each kind: their output is nonsense, but they are used for real."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from dropdub.engines.base import EngineSettings
from dropdub.engines.registry import EngineRegistry
from dropdub.engines.transformers import TransformersTranslator
from dropdub.engines.xtts.torchaudio_shim import make_importable
from dropdub.errors import EngineMissing, UnsupportedLanguage, Waiting
from tests.spoken import ENGLISH, NLLB

pytestmark = [
    pytest.mark.skipif(find_spec("transformers") is None, reason="the extra 'quality' is not installed"),
    pytest.mark.filterwarnings("ignore"),  # those of the underlying libraries
]
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "sentencepiece.bpe.model")
SIZES = {"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2}
SIZES |= {"decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32}


@pytest.fixture(scope="module", autouse=True)
def _torchaudio_imports() -> None:
    make_importable()


@pytest.fixture(scope="module")
def nllb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random M2M-100 with NLLB's tokenizer."""
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizerFast

    folder = tmp_path_factory.mktemp("models") / "nllb-random"
    folder.mkdir()
    for name in TOKENIZER:
        shutil.copy(NLLB / name, folder / name)
    torch.manual_seed(0)
    size = len(NllbTokenizerFast.from_pretrained(str(folder)))
    M2M100ForConditionalGeneration(M2M100Config(vocab_size=size, **SIZES)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def madlad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random T5, as MADLAD-400 is one."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

    folder = tmp_path_factory.mktemp("models") / "madlad-random"
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<pad>", "</s>", "<unk>", "<2pt>"]
    tokenizer.train_from_iterator(
        ENGLISH, trainers.BpeTrainer(vocab_size=200, special_tokens=special, show_progress=False)
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"d_model": 32, "d_kv": 16, "d_ff": 32, "num_layers": 1, "num_heads": 2}
    T5ForConditionalGeneration(T5Config(vocab_size=200, decoder_start_token_id=0, **sizes)).save_pretrained(folder)
    return folder


def engine(folder: Path) -> TransformersTranslator:
    return TransformersTranslator(EngineSettings(models={"transformers": str(folder)}, device="cpu"))


@pytest.mark.parametrize("kind", ["nllb", "madlad"])
def test_each_text_gets_one_translation_in_its_place(kind: str, request: pytest.FixtureRequest) -> None:
    translator = engine(request.getfixturevalue(kind))
    texts = [*ENGLISH[:5], "", ENGLISH[0]]
    found = translator.translate(texts, source="en", target="pt")
    assert len(found) == len(texts)
    assert found[5] == ""
    assert found[0] == found[6]
    assert translator.info().details["model"].endswith("random")


def test_language_unknown_to_the_model_is_refused(nllb: Path) -> None:
    assert engine(nllb).supports("en", "pt")
    assert not engine(nllb).supports("en", "en-GB")
    with pytest.raises(UnsupportedLanguage):
        engine(nllb).translate(["Hello."], source="en", target="tlh")


def test_name_of_single_pair_model_says_which_pair(tmp_path: Path) -> None:
    folder = tmp_path / "opus-mt-en-pt"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "marian"}', encoding="utf-8")
    assert engine(folder).supports("en-GB", "pt-BR")
    assert not engine(folder).supports("pt", "en")


def test_model_of_several_languages_gets_target_language_as_prefix(tmp_path: Path) -> None:
    folder = tmp_path / "opus-mt-en-roa"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "marian"}')
    (folder / "vocab.json").write_text('{"<unk>": 0, ">>por<<": 1, ">>pob<<": 2, ">>spa<<": 3, "house": 4}')
    found = engine(folder)
    assert [found._with_target("Good man.", tag) for tag in ("pt", "pt-BR", "es-MX")] == [
        ">>por<< Good man.",
        ">>pob<< Good man.",
        ">>spa<< Good man.",
    ]
    assert found.supports("en", "pt") and not found.supports("en", "fr") and not found.supports("pt", "es")
    back = tmp_path / "opus-mt-roa-en"
    folder.rename(back)
    (back / "vocab.json").write_text('{"<unk>": 0, "house": 1}')
    assert engine(back).supports("pt", "en") and not engine(back).supports("de", "en")


def test_missing_model_is_waited_for_and_broken_one_gives_error_message(tmp_path: Path) -> None:
    settings = EngineSettings(models_dir=tmp_path, models={"transformers": "opus-mt-en-pt"})
    with pytest.raises(Waiting, match="opus-mt-en-pt"):
        EngineRegistry(settings=settings).translator("transformers", source="en", target="pt")
    (tmp_path / "opus-mt-en-pt").mkdir()
    (tmp_path / "opus-mt-en-pt" / "config.json").write_text('{"model_type": "marian"}', encoding="utf-8")
    with pytest.raises(Waiting, match="opus-mt-en-pt"):  # a copy that is still under way
        EngineRegistry(settings=settings).translator("transformers", source="en", target="pt")
    (tmp_path / "opus-mt-en-pt" / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(EngineMissing, match="cannot be loaded"):
        EngineRegistry(settings=settings).translator("transformers", source="en", target="pt")
