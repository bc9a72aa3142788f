"""A small XTTS with random weights: the full model's classes, files and loading code; what it says is noise."""

from __future__ import annotations

import warnings
from pathlib import Path

LETTERS = "abcdefghijklmnopqrstuvwxyz .,!?'áéíóúâêôãõçàüñ-"
WIDTH = 32
STOP = 1025
STOPS_NOW_AND_THEN = 1.6


def make_tiny_xtts(folder: Path) -> Path:
    """Write model.pth (some 90 MB: the vocoder is the full one), config.json and vocab.json."""
    from dropdub.engines.torchaudio_shim import make_importable

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        make_importable()
        import torch
        from TTS.tts.configs.xtts_config import XttsConfig
        from TTS.tts.models.xtts import Xtts

        folder.mkdir(parents=True)
        tokens = _vocabulary(folder / "vocab.json", XttsConfig().languages)
        config = XttsConfig(model_args=_arguments(tokens))
        torch.manual_seed(0)
        model = Xtts(config)
        with torch.no_grad():  # else it never comes to an end
            model.gpt.mel_head.bias[STOP] = STOPS_NOW_AND_THEN
        torch.save({"model": model.state_dict(), "config": config.to_dict()}, folder / "model.pth")
        config.save_json(str(folder / "config.json"))
    return folder


def _vocabulary(path: Path, languages: list[str]) -> dict[str, int]:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    special = ["[STOP]", "[UNK]", "[SPACE]", *(f"[{one}]" for one in languages), "[START]"]
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(vocab_size=120, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator([LETTERS] * 5, trainer)
    tokenizer.save(str(path))
    found: dict[str, int] = tokenizer.get_vocab()
    return found


def _arguments(tokens: dict[str, int]) -> object:
    from TTS.tts.configs.xtts_config import XttsArgs

    return XttsArgs(
        gpt_layers=1,
        gpt_n_model_channels=WIDTH,
        gpt_n_heads=2,
        gpt_num_audio_tokens=1026,
        gpt_start_audio_token=1024,
        gpt_stop_audio_token=STOP,
        gpt_max_audio_tokens=605,
        gpt_max_text_tokens=402,
        decoder_input_dim=WIDTH,
        gpt_use_perceiver_resampler=True,
        gpt_code_stride_len=1024,
        num_chars=255,
        gpt_number_text_tokens=len(tokens),
        gpt_start_text_token=tokens["[START]"],
        gpt_stop_text_token=tokens["[STOP]"],
    )
