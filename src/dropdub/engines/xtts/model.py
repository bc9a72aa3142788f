"""Load the XTTS model and get voices from it. Import this only in processes that may load torch."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dropdub.engines.devices.precision import is_out_of_memory, out_of_memory_errors
from dropdub.engines.models.weights import allow_numbers_only
from dropdub.engines.xtts.latents import Latents, from_tensors
from dropdub.errors import EngineMissing

if TYPE_CHECKING:
    from TTS.tts.models.xtts import Xtts


def read_model(folder: Path, *, engine: str, threads: int) -> Xtts:
    """Return the model of a folder, and silence the libraries' warnings about each other's versions.

    Raises EngineMissing, and OutOfMemory if it does not fit.
    """
    with warnings.catch_warnings(), out_of_memory_errors(engine):
        warnings.simplefilter("ignore")
        _import_quietly(threads)
        try:
            return _read(folder)
        except Exception as error:  # loading may raise anything
            if is_out_of_memory(error):
                raise
            raise EngineMissing(
                f"The model of the engine '{engine}' cannot be loaded: {error}.",
                remedy="Check its files with: `dropdub models verify`. Then run: `dropdub retry JOB`.",
            ) from error


def hear_voice(model: Xtts, reference: Path) -> Latents:
    """Compute the voice of a recording."""
    config = model.config
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = model.get_conditioning_latents(
            audio_path=[str(reference)],
            max_ref_length=config.max_ref_len,
            gpt_cond_len=config.gpt_cond_len,
            gpt_cond_chunk_len=config.gpt_cond_chunk_len,
        )
    return from_tensors(*found)


def own_voices(model: Xtts) -> list[str]:
    """Return the names of the model's built-in voices, its default first; empty without their file."""
    return list(_speakers(model))


def own_voice(model: Xtts, name: str) -> Latents:
    found = _speakers(model)[name]
    return from_tensors(found["gpt_cond_latent"], found["speaker_embedding"])


def _speakers(model: Xtts) -> dict[str, Any]:
    return getattr(getattr(model, "speaker_manager", None), "speakers", None) or {}


def _import_quietly(threads: int) -> None:
    """Import the model's libraries, and keep their remarks out of the log."""
    import torch  # noqa: PLC0415

    from dropdub.engines.xtts.torchaudio_shim import make_importable  # noqa: PLC0415

    allow_numbers_only()
    torch.set_num_threads(threads)
    make_importable()
    from transformers.utils import logging  # noqa: PLC0415

    quiet: Any = logging
    quiet.set_verbosity_error()


def _read(folder: Path) -> Xtts:
    from TTS.tts.configs.xtts_config import XttsConfig  # noqa: PLC0415
    from TTS.tts.models.xtts import Xtts  # noqa: PLC0415

    _let_cache_through()
    config = XttsConfig()
    config.load_json(str(folder / "config.json"))
    model = Xtts(config)
    model.load_checkpoint(config, checkpoint_dir=str(folder), eval=True)
    return model


def _let_cache_through() -> None:
    """Pass what transformers calls `cache` since 5.24 to coqui-tts 0.28, which calls it `past_key_values`."""
    from TTS.tts.layers.xtts.gpt_inference import GPT2InferenceModel  # noqa: PLC0415

    kind: Any = GPT2InferenceModel
    given = kind.forward
    if getattr(given, "takes_cache", False) or "cache" in inspect.signature(given).parameters:
        return

    def forward(self: Any, *args: Any, cache: Any = None, **options: Any) -> Any:
        return given(self, *args, **(options if cache is None else {**options, "past_key_values": cache}))

    forward.takes_cache = True  # type: ignore[attr-defined]
    kind.forward = forward
