"""Work done before the first job, in a separate process: voice embeddings and the fastest precision.

`python -m dropdub.prewarm voices ROOT [NAME]...` and `python -m dropdub.prewarm precision ROOT`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from dropdub.config import Config, load_config
from dropdub.dubbing.voices import prepare, recording_of
from dropdub.engines.base import EngineSettings, Synthesizer, Voice, Window, message_and_remedy
from dropdub.engines.devices.precision import ON_CPU, device_of
from dropdub.engines.devices.tuning import keep_choice
from dropdub.engines.models.catalogue import how_to_download
from dropdub.engines.models.folders import model_folder
from dropdub.engines.registry import EngineRegistry
from dropdub.engines.whisper.engine import DEFAULT_MODEL, FasterWhisperTranscriber
from dropdub.errors import DropdubError, EngineMissing, VoiceMissing
from dropdub.language_server.server import Server
from dropdub.media.sound import wav
from dropdub.pasting import with_commands
from dropdub.pipeline.cache import Cache
from dropdub.process import own_temporary_folder
from dropdub.program_search import never_search_current_folder
from dropdub.root import CONFIG_NAME, Root

SAMPLE = Path(__file__).parent / "samples" / "jfk.flac"
ROUNDS = 2


def main(task: str, folder: str, *names: str) -> int:
    """Run one task, print its result on standard output, and return the exit code."""
    never_search_current_folder()
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    config = load_config(Path(folder) / CONFIG_NAME)
    root = Root.at(Path(folder), config.folders.model_dump())
    try:
        with own_temporary_folder(root.run_dir):
            {"voices": prepare_voices, "precision": measure_precision}[task](root, config, names)
    except DropdubError as error:
        _print(with_commands(error.sentence, root=root.path))
        return 1
    return 0


def prepare_voices(root: Root, config: Config, names: Sequence[str]) -> None:
    """Compute the speaker embedding of each voice, and cache it for jobs."""
    references = [_recording(root, name) for name in names or [file.stem for file in sorted(root.voices.glob("*.wav"))]]
    if not references:
        raise VoiceMissing("There are no voices to prepare.", remedy="Add one with: `dropdub voices add NAME FILE`")
    registry = EngineRegistry(settings=settings_of(root, config))
    language = (config.job.targets or ("en",))[0]
    engine: Synthesizer = registry.synthesizer(config.job.synthesizer, language=language)
    if not engine.clones:
        raise EngineMissing(f"The engine '{engine.name}' cannot clone voices, so there is nothing to prepare.")
    cache = Cache(root.cache_dir, max_bytes=int(config.cache.max_size))
    for reference in references:
        prepare(cache, engine, Voice(reference.stem, reference), language=language)
        _print(f"{reference.stem}: prepared for {engine.name}")


def _recording(root: Root, name: str) -> Path:
    found = recording_of(name, root.voices)
    if found is None:
        raise VoiceMissing(
            f"There is no voice '{name}'.", remedy="List the available voices with: `dropdub voices list`"
        )
    return found


def measure_precision(root: Root, config: Config, _names: Sequence[str]) -> None:
    """Time each precision of the transcriber on a real recording, and save the fastest as the choice."""
    settings = settings_of(root, config)
    window = Window(0.0, wav.resample(wav.read_range(SAMPLE), wav.sample_rate(SAMPLE), 16_000))
    device = device_of(settings)
    choices = ("float16", "int8_float16") if device == "cuda" else tuple(name for _, name in ON_CPU)
    times: dict[str, float] = {}
    announced: list[str] = []
    for compute_type in choices:
        engine = FasterWhisperTranscriber(_with(settings, compute_type))
        _require(engine)
        engine.load()
        announced += engine.announcements()
        if engine.info().details["compute_type"] == compute_type:
            times[compute_type] = min(_seconds(engine, window) for _ in range(ROUNDS))
            _print(f"{compute_type} on {device}: {times[compute_type]:.2f} s for 11 s of speech")
    if not times:
        raise EngineMissing(
            f"No precision works on this machine. {' '.join(announced)}", remedy="Find the cause with: `dropdub doctor`"
        )
    fastest = min(times, key=lambda name: times[name])
    model = model_folder(settings, FasterWhisperTranscriber.name, DEFAULT_MODEL)
    keep_choice(root.state_dir, model, device=device, compute_type=fastest)
    _print(f"{model.name} now runs with precision {fastest}.")


def settings_of(root: Root, config: Config) -> EngineSettings:
    """Return the engine settings for one process that has the machine to itself."""
    models = config.models
    return EngineSettings(
        models_dir=root.models_dir(models.dir),
        models=models.use,
        device=models.device,
        compute_type=models.compute_type,
        state_dir=root.state_dir,
        server=Server.of(models.openai),
    )


def _with(settings: EngineSettings, compute_type: str) -> EngineSettings:
    return EngineSettings(settings.models_dir, settings.models, settings.device, compute_type, settings.threads)


def _require(engine: FasterWhisperTranscriber) -> None:
    if problem := engine.unavailable():
        message, remedy = message_and_remedy(problem)
        raise EngineMissing(message, remedy=remedy)
    if model := engine.missing_model():
        raise EngineMissing(f"The model '{model}' is not installed.", remedy=how_to_download(model))


def _seconds(engine: FasterWhisperTranscriber, window: Window) -> float:
    began = time.perf_counter()
    list(engine.transcribe([window], language="en"))
    return time.perf_counter() - began


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
