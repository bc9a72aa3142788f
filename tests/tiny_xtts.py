"""A small XTTS with random weights: the full model's classes, files and loading code; what it says is noise."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

LETTERS = "abcdefghijklmnopqrstuvwxyz .,!?'áéíóúâêôãõçàüñ-"
WIDTH = 32
STOP = 1025
STOPS_NOW_AND_THEN = 1.6
LOUDNESS = 0.1


@contextmanager
def narrow_layers() -> Iterator[None]:
    """Let models be made and loaded in this process with a narrow vocoder: 3 MB instead of 90, and that much faster.

    Their widths are in no configuration; other processes load only the full ones.
    """
    from dropdub.engines.xtts.torchaudio_shim import make_importable

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        make_importable()
        from TTS.tts.layers.xtts import hifigan_decoder
        from TTS.tts.models import xtts

    vocoder = partial(hifigan_decoder.HifiDecoder, upsample_initial_channel_decoder=32)
    encoder = partial(hifigan_decoder.ResNetSpeakerEncoder, layers=[1, 1, 1, 1], num_filters=[4, 4, 8, 8])
    with patch.object(xtts, "HifiDecoder", vocoder), patch.object(hifigan_decoder, "ResNetSpeakerEncoder", encoder):
        yield


def make_tiny_xtts(folder: Path) -> Path:
    """Write model.pth (some 90 MB: the vocoder is the full one, unless layers are narrow), config.json, vocab.json."""
    from dropdub.engines.xtts.torchaudio_shim import make_importable

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
        with torch.no_grad():  # otherwise it never ends
            model.gpt.mel_head.bias[STOP] = STOPS_NOW_AND_THEN
            _make_heard(model.hifigan_decoder.waveform_decoder)
        torch.save({"model": model.state_dict(), "config": config.to_dict()}, folder / "model.pth")
        config.save_json(str(folder / "config.json"))
    return folder


def _make_heard(vocoder: Any) -> None:
    """Bring a vocoder's noise to the level of speech."""
    import torch

    sound = vocoder(torch.randn(1, WIDTH, 50), g=torch.randn(1, 512, 1))
    vocoder.conv_post.weight *= LOUDNESS / float(sound.std())


def add_own_voices(folder: Path, *names: str) -> None:
    """Give a model voices of its own, each a different random one."""
    import torch

    voices = {
        name: {"gpt_cond_latent": torch.randn(1, 32, WIDTH), "speaker_embedding": torch.randn(1, 512, 1)}
        for name in names
    }
    torch.save(voices, folder / "speakers_xtts.pth")


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
