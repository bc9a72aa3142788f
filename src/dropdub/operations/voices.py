"""List, add, remove and prepare the voices of a root: reference recordings for dubs."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dropdub.config import load_config
from dropdub.engines.base import SoundMeter
from dropdub.errors import NotMedia, UsageError
from dropdub.media.ffmpeg import use_ffmpeg
from dropdub.media.sound import wav
from dropdub.media.sound.voice_check import check_voice
from dropdub.media.sound.wav import Samples
from dropdub.media.voice_recording import RATE, best_part, length_s, save_voice
from dropdub.operations.named_voices import refuse_named
from dropdub.operations.place import Place
from dropdub.operations.voice_files import (
    already_exists,
    existing_voice,
    forget_consent,
    remove_voice,
    voice_file,
    voice_files,
)
from dropdub.pasting import marked
from dropdub.pipeline.sound_quality import SoundQuality
from dropdub.process.run import in_foreground
from dropdub.speech.sound_quality import advice, recording_quality
from dropdub.speech.voice_recordings import check_recording

DECODE_S = 300.0
LONG_S = 300.0
"""The length of a recording from which the search takes so long that it is announced."""
SILENT_DB = -120.0
EXAMINED_S = 300.0
"""How much of a voice is examined: a person may have copied a long recording to the folder."""


@dataclass(frozen=True)
class VoiceView:
    """A voice, as in `dropdub voices list --json`."""

    name: str
    path: str
    seconds: float
    level_db: float
    problems: list[str]
    warnings: list[str]


@dataclass(frozen=True)
class CheckedVoice:
    """A recording that was checked in order to add it as a voice.

    `added`: it was saved; a recording with problems is not, unless the caller insists. `problems` and `warnings` are
    sentences. `sound`: how good it sounds; None if nothing that estimates it is installed, or if it is too short.
    """

    name: str
    seconds: float
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    added: bool
    level_db: float
    sound: SoundQuality | None


def list_voices(place: Place) -> list[VoiceView]:
    """Return the voices of a root by name, each with what is wrong with its recording."""
    return [view(path) for path in voice_files(place.root.voices)]


def add(
    place: Place,
    name: str,
    file: Path,
    *,
    replace: bool = False,
    force: bool = False,
    meter: SoundMeter | None = None,
    report: Callable[[str], None],
) -> CheckedVoice:
    """Check a recording, normalise its level and save it as a voice, unless it fails the checks. `force`: even then.

    `file` is anything that ffmpeg can read; of a long recording, the best 30 s are kept. `report` is called with a line
    about what takes long. `meter` estimates how good it sounds, which leads to warnings at most. Raises UsageError for
    an unusable name, for one that exists, unless `replace`, and if there is no such file; NotMedia without sound.
    """
    use_ffmpeg(load_config(place.root.config_file).ffmpeg)
    target = voice_file(place.root.voices, name)
    if target.exists() and not replace:
        raise already_exists(
            name, remedy=f"Or replace it with: {marked('voices', 'add', name, str(file), '--replace')}"
        )
    with tempfile.TemporaryDirectory(prefix="dropdub-voice-") as folder:
        samples = _best_part(file, Path(folder), report=report)
        check = check_recording(samples, RATE, scratch=Path(folder))
        sound = recording_quality(meter, samples, RATE) if meter else None
        added = force or not check.problems
        if added:
            save_voice(samples, target, scratch=Path(folder))
            forget_consent(target)  # to the voice that it replaces
    warnings = (*check.warnings, *(advice(sound) if sound else ()))
    return CheckedVoice(target.stem, check.seconds, check.problems, warnings, added, round(check.level_db, 1), sound)


def remove(place: Place, names: Sequence[str], *, on_removed: Callable[[str], None]) -> None:
    """Delete the recordings of voices, with the consents to them, and call `on_removed` with the name of each.

    Raises, with nothing removed, VoiceMissing for the first name that is no voice, UsageError if it cannot be one,
    VoiceInUse for a voice that the settings name, and ConfigError if these cannot be read.
    """
    config, paths = load_config(place.root.config_file), [existing_voice(place.root.voices, name) for name in names]
    for path in paths:
        refuse_named(path, config)
    for path in paths:
        remove_voice(path)
        on_removed(path.stem)


def prepare(root: Path, names: Sequence[str] = (), *, output: IO[str] | None = None) -> bool:
    """Compute the embeddings of voices, or of all, in a separate process: the synthesizer needs much memory.

    Return whether that worked. That process writes its progress and errors to `output`, or to this program's standard
    output.
    """
    command = [sys.executable, "-P", "-m", "dropdub.prewarm", "voices", str(root), *names]
    return in_foreground(command, output=output) == 0


def _best_part(file: Path, scratch: Path, *, report: Callable[[str], None]) -> Samples:
    """Return the part of a recording to keep. Raises UsageError if there is no such file, NotMedia without sound."""
    if not file.is_file():
        raise UsageError(f"{file} does not exist, or is not a file.")
    if length_s(file) > LONG_S:
        report(f"Searching {file.name} for the best 30 seconds …")
    return best_part(file, scratch=scratch, deadline_s=DECODE_S)


def view(path: Path) -> VoiceView:
    """Return a voice, examined as it is now."""
    try:
        check = check_voice(wav.read_range(path, 0.0, EXAMINED_S), wav.sample_rate(path))
    except (NotMedia, OSError) as error:
        return VoiceView(path.stem, str(path), 0.0, SILENT_DB, [str(error)], [])
    seconds, level = round(wav.duration_s(path), 1), round(check.level_db, 1)
    return VoiceView(path.stem, str(path), seconds, level, list(check.problems), list(check.warnings))
