"""A model that carries a program: none of it runs, through the code that loads real models."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from dropdub.engines.base import EngineSettings
from dropdub.engines.transformers import TransformersTranslator
from dropdub.engines.xtts.torchaudio_shim import make_importable
from dropdub.errors import EngineMissing
from tests.spoken import ENGLISH
from tests.tiny_xtts import add_own_voices, make_tiny_xtts, narrow_layers

pytestmark = [
    pytest.mark.skipif(find_spec("TTS") is None, reason="the extra 'quality' is not installed"),
    pytest.mark.filterwarnings("ignore"),  # those of the underlying libraries
]


class Program:
    """A pickle that makes a file when it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "it-ran"


@pytest.fixture(autouse=True, params=["usual", "forced"])
def _environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Load as usual, and with an environment that makes PyTorch unpickle anything."""
    monkeypatch.setenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "0")
    if request.param == "forced":
        monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")


@pytest.fixture
def t5(tmp_path: Path) -> Path:
    """A random T5, as MADLAD-400 is one, with its weights as PyTorch writes them."""
    make_importable()
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

    folder = tmp_path / "madlad-random"
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<pad>", "</s>", "<unk>", "<2pt>"]
    trainer = trainers.BpeTrainer(vocab_size=200, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(ENGLISH, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"d_model": 32, "d_kv": 16, "d_ff": 32, "num_layers": 1, "num_heads": 2}
    model = T5ForConditionalGeneration(T5Config(vocab_size=200, decoder_start_token_id=0, **sizes))
    model.save_pretrained(folder)
    (folder / "model.safetensors").unlink()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return folder


def translated(folder: Path) -> list[str]:
    settings = EngineSettings(models={"transformers": str(folder)}, device="cpu")
    return TransformersTranslator(settings).translate(["Our good man is old."], source="en", target="pt")


def changed(path: Path, **settings: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | settings), encoding="utf-8")


def test_weights_written_by_pytorch_are_read(t5: Path) -> None:
    assert len(translated(t5)) == 1


def _as_torch_writes(path: Path, program: Program) -> None:
    import torch

    torch.save({"encoder.weight": program}, path)


def _as_old_torch_wrote(path: Path, program: Program) -> None:
    import torch

    torch.save({"encoder.weight": program}, path, _use_new_zipfile_serialization=False)


def _as_a_pickle(path: Path, program: Program) -> None:
    path.write_bytes(pickle.dumps(program))


@pytest.mark.parametrize("write", [_as_torch_writes, _as_old_torch_wrote, _as_a_pickle])
def test_a_program_in_the_weights_of_a_translator_does_not_run(
    t5: Path, mark: Path, write: Callable[[Path, Program], None]
) -> None:
    write(t5 / "pytorch_model.bin", Program(mark))
    with pytest.raises(EngineMissing, match="cannot be loaded"):
        translated(t5)
    assert not mark.exists()


def test_code_beside_a_translator_is_not_imported(t5: Path, mark: Path) -> None:
    code = f"import os\nos.mkdir({str(mark)!r})\nclass Evil: pass\n"
    (t5 / "evil.py").write_text(code, encoding="utf-8")
    (t5 / "custom_generate").mkdir()
    (t5 / "custom_generate" / "generate.py").write_text(code + "def generate(*_, **__): pass\n", encoding="utf-8")
    kinds = ("AutoConfig", "AutoModelForSeq2SeqLM", "AutoTokenizer")
    changed(t5 / "config.json", auto_map=dict.fromkeys(kinds, "evil.Evil"), _name_or_path="somebody/else")
    changed(t5 / "tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.Evil", "evil.Evil"]})
    assert len(translated(t5)) == 1
    changed(t5 / "config.json", model_type="evil")
    changed(t5 / "tokenizer_config.json", tokenizer_class="Evil")
    with pytest.raises(EngineMissing, match="cannot be loaded"):
        translated(t5)
    assert not mark.exists()


@pytest.mark.parametrize("name", ["config.json", "generation_config.json", "tokenizer_config.json"])
@pytest.mark.parametrize("key", ["attn_implementation", "_attn_implementation", "custom_generate"])
def test_a_model_that_asks_for_code_from_elsewhere_is_refused(t5: Path, name: str, key: str) -> None:
    changed(t5 / name, **{key: "somebody/kernels:run"})
    with pytest.raises(EngineMissing, match="asks to run code from another repository"):
        translated(t5)


@pytest.mark.parametrize("name", ["model.pth", "speakers_xtts.pth"])
def test_a_program_in_a_voice_model_does_not_run(tmp_path: Path, mark: Path, name: str) -> None:
    from dropdub.engines.xtts.model import own_voices, read_model

    folder = tmp_path / "xtts-random"
    with narrow_layers():
        make_tiny_xtts(folder)
        add_own_voices(folder, "Ana")
        assert own_voices(read_model(folder, engine="xtts", threads=1)) == ["Ana"]
        _as_torch_writes(folder / name, Program(mark))
        with pytest.raises(EngineMissing, match="cannot be loaded"):
            read_model(folder, engine="xtts", threads=1)
    assert not mark.exists()


@pytest.mark.skipif(find_spec("resemblyzer") is None, reason="the extra 'speakers' is not installed")
def test_a_program_in_the_weights_of_the_voice_encoder_does_not_run(
    tmp_path: Path, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dropdub.engines.speakers.resemblyzer import ResemblyzerDiarizer

    make_importable()
    from resemblyzer import voice_encoder

    module = tmp_path / "resemblyzer" / "voice_encoder.py"
    module.parent.mkdir()
    _as_torch_writes(module.parent / "pretrained.pt", Program(mark))
    monkeypatch.setattr(voice_encoder, "__file__", str(module))  # the weights are looked for beside it
    with pytest.raises(pickle.UnpicklingError):
        ResemblyzerDiarizer().load()
    assert not mark.exists()
