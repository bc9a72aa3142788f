"""Load a model of Pocket TTS, let it hear a voice, and let it speak. Import this only where torch may be loaded."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
import soxr
import yaml

from dropdub.engines.base import Samples
from dropdub.engines.devices.precision import first_line, is_out_of_memory, out_of_memory_errors
from dropdub.engines.pocket.geometry import configuration
from dropdub.engines.pocket.languages import PocketLanguage
from dropdub.engines.pocket.states import VoiceState
from dropdub.errors import EngineMissing

if TYPE_CHECKING:
    from pocket_tts import TTSModel

LONGEST_REFERENCE_S = 15.0
"""How much of a recording is heard, as long as the references that are cut from recordings. The makers advise against
more than 30 s, and a state takes 0.6 MB a second.
"""
MOST_TOKENS = 50
"""The most tokens of a text that the library gives to its model at once (`MAX_TOKEN_PER_CHUNK`)."""
_TOKENS_PER_S, _SPARE_S = 3.0, 2.0
"""The library stops a model that has not ended after a second for each three tokens and two more
(`TTSModel._estimate_max_gen_len`).
"""


def read_model(folder: Path, language: PocketLanguage, *, engine: str, threads: int) -> TTSModel:
    """Return the model of a folder, on the processor. Nothing is downloaded.

    Raises EngineMissing for a model that cannot be loaded, or that cannot clone voices, and OutOfMemory if it does not
    fit.
    """
    with out_of_memory_errors(engine):
        try:
            model = _read(folder, language, threads=threads)
        except Exception as error:  # loading may raise anything
            if is_out_of_memory(error):
                raise
            raise EngineMissing(
                f"The model '{folder.name}' of the engine '{engine}' cannot be loaded: {first_line(error)}.",
                remedy="Check its files with: `dropdub models verify`. Then run: `dropdub retry JOB`.",
            ) from error
    if not _clones(model):
        raise EngineMissing(
            f"The model '{folder.name}' of the engine '{engine}' cannot clone voices: it is the public one, without "
            "the part that hears them.",
            remedy=f"Remove the folder {folder}. Then download the version that can, and whose terms must be accepted "
            f"once: `dropdub models pull {language.model}`",
        )
    return model


def import_quietly(threads: int) -> None:
    """Import the library, which sets the number of threads itself, and keep its remarks out of the log."""
    import torch  # noqa: PLC0415

    os.environ["HF_HUB_OFFLINE"] = "1"  # read on import: whatever the library does, it asks no hub
    import pocket_tts  # noqa: F401, PLC0415

    torch.set_num_threads(threads)
    logging.getLogger("pocket_tts").setLevel(logging.CRITICAL)


def hear_voice(model: TTSModel, reference: Path) -> VoiceState:
    """Return the voice of a recording, of which the first seconds are heard."""
    import torch  # noqa: PLC0415

    with soundfile.SoundFile(reference) as recording:
        rate = recording.samplerate
        samples = recording.read(round(LONGEST_REFERENCE_S * rate), dtype="float32", always_2d=True).mean(axis=1)
    sound = soxr.resample(samples, rate, model.sample_rate).astype(np.float32)
    return _on_processor(model.get_state_for_audio_prompt(torch.from_numpy(sound)[None]))


def own_voice(model: TTSModel, file: Path) -> VoiceState:
    """Return a voice that the makers computed for a model, and published as a file."""
    return _on_processor(model.get_state_for_audio_prompt(file))


def any_voice(model: TTSModel) -> VoiceState:
    """Return the state of a silence: an example of what those of voices have to look like."""
    import torch  # noqa: PLC0415

    return _on_processor(model.get_state_for_audio_prompt(torch.zeros(1, model.sample_rate // 10)))


def count_tokens(model: TTSModel, text: str) -> int:
    return len(model.flow_lm.conditioner.tokenizer.encode(text))


def speak(model: TTSModel, voice: VoiceState, text: str, *, seed: int) -> Samples:
    """Return a text of at most `MOST_TOKENS` spoken, at the model's rate; the same seed gives the same samples."""
    import torch  # noqa: PLC0415

    torch.manual_seed(seed)
    sound = model.generate_audio(voice.on(str(model.device)), text, max_tokens=2 * MOST_TOKENS, copy_state=True)
    return np.asarray(sound.detach().cpu(), np.float32).reshape(-1)


def did_not_end(model: TTSModel, sound: Samples, text: str) -> bool:
    """Return whether the library had to stop the model, which only shows by the length of the sound."""
    longest_s = count_tokens(model, text) / _TOKENS_PER_S + _SPARE_S
    return bool(len(sound) >= longest_s * model.sample_rate)


def _read(folder: Path, language: PocketLanguage, *, threads: int) -> TTSModel:
    import_quietly(threads)
    from pocket_tts import TTSModel  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="pocket-tts-") as place:
        config = Path(place) / f"{language.name}.yaml"
        config.write_text(yaml.safe_dump(configuration(folder, language), allow_unicode=True), encoding="utf-8")
        model = TTSModel.load_model(config=config)
    model.max_decoder_frames_per_call = 1  # how many it takes at once depends on the time, and changes the last digits
    return model


def _clones(model: TTSModel) -> bool:
    """Return whether a model can hear voices. In the weights without cloning, that part consists of zeros."""
    heard = any(bool(one.any()) for one in model.mimi.encoder.parameters())
    return bool(model.has_voice_cloning) and heard and bool(model.flow_lm.speaker_proj_weight.any())


def _on_processor(state: Any) -> VoiceState:
    return VoiceState({layer: {name: one.cpu() for name, one in held.items()} for layer, held in state.items()})
