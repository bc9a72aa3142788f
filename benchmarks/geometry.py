"""Models as large as the real ones, with random weights: their cost is realistic, their output is not.

    python benchmarks/geometry.py [--dir DIR]

Whisper small in int8 and float32 and NLLB-200 600M in int8, in CTranslate2's format. The tokenizers are those of the
tests, filled up to the real size. The models are created once and kept in DIR (about 2 GB; by default in the temporary
folder).

A random model never produces an end token. These do: the decoder's position vectors are so strong that they alone
determine the token at each position: a time, words, a time, the end. So every side of a comparison decodes the same
number of tokens (`TOKENS`), whatever engine, batch or option it uses. None falls back to other temperatures, and none
drops a window as silence. The arithmetic of each token is that of the real model.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import string
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

TINY = Path(__file__).parents[1] / "tests" / "models"
PLACE = Path(tempfile.gettempdir()) / "dropdub-benchmarks"
WHISPER_VOCABULARY = 51_865
WHISPER_TEXT_TOKENS = 50_257
TIMESTAMPS = 1_501
NLLB_VOCABULARY = 256_206
TOKENS = {"whisper": 80, "nllb": 30}
"""Words in every window and in every translated text: about as many as in half a minute and in a sentence of speech."""
LAST_TIME_S = 28.0
STRENGTH = 10.0
"""Standard deviation of a position vector: far above what the layers add to it, so that it determines the token."""


def whisper_small(place: Path = PLACE, quantization: str = "int8") -> Path:
    """Return the folder of a model of Whisper small's geometry; create it if it does not exist."""
    return _kept(place, f"whisper-small-{quantization}", "whisper", quantization)


def nllb_600m(place: Path = PLACE) -> Path:
    """Return the folder of a model of NLLB-200 600M's geometry in int8; create it if it does not exist."""
    return _kept(place, "nllb-600m-int8", "nllb", "int8")


def _kept(place: Path, name: str, kind: str, quantization: str) -> Path:
    """Create a model in a separate process, so that torch and gigabytes of weights are gone before the measurement."""
    folder = place / name
    if not folder.exists():
        sys.stderr.write(f"Creating {folder}\n")
        place.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, __file__, "--dir", str(place), "--make", kind, quantization, name]
        subprocess.run(command, check=True, env={**os.environ, "HF_HUB_OFFLINE": "1"}, stdout=subprocess.DEVNULL)
    return folder


def make(place: Path, kind: str, quantization: str, name: str) -> None:
    """Write the model's parts to a temporary folder, convert them, and rename the result."""
    sys.modules["torchaudio"] = None  # type: ignore[assignment]  # a build for another torch fails on import; not needed
    with tempfile.TemporaryDirectory(dir=place) as scratch:
        source, converted = Path(scratch) / "source", Path(scratch) / "converted"
        source.mkdir()
        said, files = _write_whisper(source) if kind == "whisper" else _write_nllb(source)
        _converter(said)(str(source), copy_files=files).convert(str(converted), quantization=quantization)
        converted.rename(place / name)


# Whisper


def _write_whisper(folder: Path) -> tuple[dict[int, int], list[str]]:
    """Write a random Whisper small; return the token for each position, and the files to keep."""
    import torch
    from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration

    tokens = _write_whisper_tokenizer(folder)
    torch.manual_seed(1)
    end = tokens["<|endoftext|>"]
    special = {"bos_token_id": end, "eos_token_id": end, "pad_token_id": end}
    special["decoder_start_token_id"] = tokens["<|startoftranscript|>"]
    config = WhisperConfig(
        vocab_size=WHISPER_VOCABULARY,
        d_model=768,
        encoder_layers=12,
        decoder_layers=12,
        encoder_attention_heads=12,
        decoder_attention_heads=12,
        encoder_ffn_dim=3072,
        decoder_ffn_dim=3072,
        **special,
    )
    model = WhisperForConditionalGeneration(config)
    _strengthen(model.model.decoder.embed_tokens)
    model.generation_config = GenerationConfig(**special, **_whisper_generation(tokens))
    model.save_pretrained(folder)
    return _spoken(tokens), ["tokenizer.json", "preprocessor_config.json"]


def _write_whisper_tokenizer(folder: Path) -> dict[str, int]:
    """Write the tests' tokenizer, filled up to the real number of text tokens; return the ids of the special tokens."""
    data = json.loads((TINY / "whisper-tiny-en-pt" / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = data["model"]["vocab"]
    more = WHISPER_TEXT_TOKENS - len(vocabulary)
    vocabulary |= {word: len(vocabulary) + number for number, word in enumerate(_filler("Ġ", more))}
    for token in data["added_tokens"]:
        token["id"] += more
    (folder / "tokenizer.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    end = "<|endoftext|>"
    names = {"bos_token": end, "eos_token": end, "unk_token": end, "pad_token": end}
    about = {"tokenizer_class": "WhisperTokenizer", "model_max_length": 448, **names}
    (folder / "tokenizer_config.json").write_text(json.dumps(about), encoding="utf-8")
    shutil.copy(TINY / "whisper-tiny-en-pt" / "preprocessor_config.json", folder)
    return {token["content"]: token["id"] for token in data["added_tokens"]}


def _whisper_generation(tokens: dict[str, int]) -> dict[str, Any]:
    tasks = {name: tokens[f"<|{name}|>"] for name in ("transcribe", "translate")}
    start, first_task = tokens["<|startoftranscript|>"], min(tasks.values())
    never = ("startoftranscript", "translate", "transcribe", "startoflm", "startofprev", "nospeech")
    return {
        "suppress_tokens": [tokens[f"<|{name}|>"] for name in never],
        "begin_suppress_tokens": [220, tokens["<|endoftext|>"]],
        "alignment_heads": [[layer, head] for layer in (8, 9, 10) for head in (0, 4, 8)],
        "lang_to_id": {name: number for name, number in tokens.items() if start < number < first_task},
        "task_to_id": tasks,
        "no_timestamps_token_id": tokens["<|notimestamps|>"],
        "is_multilingual": True,
        "max_length": 448,
    }


def _spoken(tokens: dict[str, int]) -> dict[int, int]:
    """Return the token at each position: the language, the first time, the words, the last time, then the end."""
    times = tokens["<|notimestamps|>"] + 1
    words = random.Random(2).sample(range(1_000, WHISPER_TEXT_TOKENS), TOKENS["whisper"])
    says = [tokens["<|en|>"], tokens["<|transcribe|>"], times, *words, times + round(LAST_TIME_S / 0.02)]
    return dict(enumerate([*says, *[tokens["<|endoftext|>"]] * (448 - len(says))]))


# NLLB


def _write_nllb(folder: Path) -> tuple[dict[int, int], list[str]]:
    """Write a random NLLB-200 600M; return the token for each position, and the files to keep."""
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    files = ["tokenizer.json", "tokenizer_config.json", "sentencepiece.bpe.model"]
    ends = _write_nllb_tokenizer(folder, files)
    torch.manual_seed(1)
    config = M2M100Config(
        vocab_size=NLLB_VOCABULARY,
        d_model=1024,
        encoder_layers=12,
        decoder_layers=12,
        encoder_attention_heads=16,
        decoder_attention_heads=16,
        encoder_ffn_dim=4096,
        decoder_ffn_dim=4096,
        decoder_start_token_id=ends,
        eos_token_id=ends,
        max_position_embeddings=1024,
    )
    model = M2M100ForConditionalGeneration(config)
    _strengthen(model.model.shared)
    model.save_pretrained(folder)
    words = random.Random(2).sample(range(1_000, NLLB_VOCABULARY), TOKENS["nllb"])
    says = [ends, *words]
    return dict(enumerate([*says, *[ends] * (1024 - len(says))])), files


def _write_nllb_tokenizer(folder: Path, files: Sequence[str]) -> int:
    """Write the tests' tokenizer, filled up to the real number of pieces; return the id of the end token."""
    for name in files:
        shutil.copy(TINY / "nllb-tiny-en-pt" / name, folder)
    data = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    first = max(token["id"] for token in data["added_tokens"]) + 1
    filler = _filler("▁", NLLB_VOCABULARY - first)
    data["model"]["vocab"] |= {word: first + number for number, word in enumerate(filler)}
    (folder / "tokenizer.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return next(token["id"] for token in data["added_tokens"] if token["content"] == "</s>")


# Both


def _filler(prefix: str, number: int) -> list[str]:
    """Return `number` words of random letters, so that the text does not look repetitive, as a hallucination would."""
    letters = random.Random(3)
    words: dict[str, None] = {}
    while len(words) < number:
        words[prefix + "".join(letters.choices(string.ascii_lowercase, k=letters.randint(5, 9)))] = None
    return list(words)


def _strengthen(embedding: Any) -> None:
    """Make token embeddings differ more than by default, padding included, so that the intended token wins clearly."""
    embedding.weight.data.normal_(std=0.04)


def _converter(said: dict[int, int]) -> Callable[..., Any]:
    """Return CTranslate2's converter, changed so that each position vector is that of the token for the position."""
    import torch
    from ctranslate2.converters import TransformersConverter

    class Converter(TransformersConverter):  # type: ignore[misc]
        def _load(self) -> Any:
            spec = super()._load()
            tokens = torch.tensor([said[place] for place in sorted(said)])
            wanted = torch.as_tensor(_of_decoder(spec.decoder.embeddings).weight).detach()[tokens].float()
            encodings = STRENGTH * wanted / wanted.std(dim=1, keepdim=True)
            spec.decoder.position_encodings.encodings = encodings.numpy()
            return spec

    return Converter


def _of_decoder(embeddings: Any) -> Any:
    return embeddings[0] if isinstance(embeddings, list) else embeddings


def main() -> None:
    parser = argparse.ArgumentParser(description="Create models of real geometry with random weights.")
    parser.add_argument("--dir", type=Path, default=PLACE)
    parser.add_argument("--make", nargs=3, metavar=("KIND", "QUANTIZATION", "NAME"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.make:
        make(asked.dir, *asked.make)
        return
    for folder in (whisper_small(asked.dir), whisper_small(asked.dir, "float32"), nllb_600m(asked.dir)):
        sys.stdout.write(f"{folder}\n")


if __name__ == "__main__":
    main()
