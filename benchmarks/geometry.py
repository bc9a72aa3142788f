"""Models of the real sizes with random weights: they compute as the full ones do, and say nonsense.

    python benchmarks/geometry.py [FOLDER]

Writes whisper-small (int8, vocabulary of 51,865) and nllb-600M (int8, 256,206) in CTranslate2's format into FOLDER, by
default a folder beside the system's temporary ones, where the other benchmarks look for them. The vocabularies are
those of the tests' small models with fillers in between, the special tokens where the libraries look for them.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

MODELS = Path(__file__).parents[1] / "tests" / "models"
FOLDER = Path(tempfile.gettempdir()) / "dropdub-geometry"
WHISPER_VOCABULARY, NLLB_VOCABULARY = 51_865, 256_206
TIMESTAMPS = 1_501


def whisper_small(folder: Path) -> Path:
    """Return the folder of a Whisper with the sizes of `small`, made if it is not there."""
    target = folder / "whisper-small"
    if not (target / "model.bin").exists():
        with tempfile.TemporaryDirectory() as made:
            source = MODELS / "whisper-tiny-en-pt"
            shift = _widened_tokenizer(source, Path(made))
            _save_whisper(Path(made))
            _convert(Path(made), target, ["tokenizer.json", "preprocessor_config.json"])
        _shifted_settings(source, target, shift)
    return target


def nllb_600m(folder: Path) -> Path:
    """Return the folder of an NLLB with the sizes of `600M`, made if it is not there."""
    target = folder / "nllb-600M"
    if not (target / "model.bin").exists():
        with tempfile.TemporaryDirectory() as made:
            for name in ("tokenizer.json", "tokenizer_config.json", "sentencepiece.bpe.model"):
                shutil.copy(MODELS / "nllb-tiny-en-pt" / name, made)
            _save_nllb(Path(made))
            _convert(Path(made), target, ["tokenizer.json"])
    return target


def _widened_tokenizer(source: Path, made: Path) -> int:
    """Write the tests' tokenizer with fillers before its special tokens; return by how much those moved."""
    tokenizer = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    words: dict[str, int] = tokenizer["model"]["vocab"]
    shift = WHISPER_VOCABULARY - TIMESTAMPS - len(words) - len(tokenizer["added_tokens"])
    words |= {f"Ġfiller{number}": number for number in range(len(words), len(words) + shift)}
    for token in tokenizer["added_tokens"]:
        token["id"] += shift
    (made / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    shutil.copy(source / "preprocessor_config.json", made)
    end = "<|endoftext|>"
    settings = {"tokenizer_class": "WhisperTokenizer", "bos_token": end, "eos_token": end, "unk_token": end}
    (made / "tokenizer_config.json").write_text(json.dumps({**settings, "pad_token": end}), encoding="utf-8")
    return shift


def _shifted_settings(source: Path, target: Path, shift: int) -> None:
    settings = json.loads((source / "config.json").read_text(encoding="utf-8"))
    first_special = min(settings["lang_ids"]) - 2
    for name in ("lang_ids", "suppress_ids", "suppress_ids_begin"):
        settings[name] = [one + shift if one >= first_special else one for one in settings[name]]
    settings["alignment_heads"] = [[layer, 0] for layer in range(6, 12)]
    (target / "config.json").write_text(json.dumps(settings), encoding="utf-8")


def _save_whisper(made: Path) -> None:
    transformers = _transformers()
    config = transformers.WhisperConfig(
        vocab_size=WHISPER_VOCABULARY,
        d_model=768,
        encoder_layers=12,
        decoder_layers=12,
        encoder_attention_heads=12,
        decoder_attention_heads=12,
        encoder_ffn_dim=3072,
        decoder_ffn_dim=3072,
    )
    model = transformers.WhisperForConditionalGeneration(config)
    settings = {"suppress_tokens": [], "begin_suppress_tokens": [], "lang_to_id": {}, "alignment_heads": [[6, 0]]}
    for name, value in settings.items():
        setattr(model.generation_config, name, value)
    model.save_pretrained(made)


def _save_nllb(made: Path) -> None:
    transformers = _transformers()
    config = transformers.M2M100Config(
        vocab_size=NLLB_VOCABULARY,
        d_model=1024,
        encoder_layers=12,
        decoder_layers=12,
        encoder_attention_heads=16,
        decoder_attention_heads=16,
        encoder_ffn_dim=4096,
        decoder_ffn_dim=4096,
        decoder_start_token_id=2,
    )
    transformers.M2M100ForConditionalGeneration(config).save_pretrained(made)


def _convert(made: Path, target: Path, files: list[str]) -> None:
    from ctranslate2.converters import TransformersConverter

    target.parent.mkdir(parents=True, exist_ok=True)
    converter = TransformersConverter(str(made), copy_files=files)
    converter.convert(str(target), quantization="int8", force=True)


def _transformers() -> Any:
    from dropdub.engines.torchaudio_shim import make_importable

    warnings.simplefilter("ignore")
    make_importable()
    import torch
    import transformers

    torch.manual_seed(0)
    transformers.utils.logging.set_verbosity_error()
    return transformers


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for make in (whisper_small, nllb_600m):
        sys.stdout.write(f"{make(place)}\n")
