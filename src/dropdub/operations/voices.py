"""List, add, remove and prepare the voices of a root: reference recordings for dubs."""

from __future__ import annotations

import sys
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dropdub.config import load_config
from dropdub.errors import NotMedia, UsageError, VoiceMissing
from dropdub.files.durable import safe_name, write_whole
from dropdub.files.removal import remove as remove_file
from dropdub.media.ffmpeg import input_arguments, run_ffmpeg, use_ffmpeg
from dropdub.media.probe import probe_media
from dropdub.media.sound import wav
from dropdub.media.sound.voice_check import MOST_S, best_start_s, check_voice, level_db, levelled
from dropdub.media.sound.wav import Samples, WavWriter
from dropdub.operations.place import Place
from dropdub.pasting import marked
from dropdub.process.run import in_foreground

RATE = 24_000
PROBE_S = 10.0
DECODE_S = 300.0
LONG_S = 300.0
SILENT_DB = -120.0
LONGEST_NAME_BYTES = 200


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
    sentences.
    """

    name: str
    seconds: float
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    added: bool


def list_voices(place: Place) -> list[VoiceView]:
    """Return the voices of a root by name, each with what is wrong with its recording."""
    return [_view(path) for path in sorted(place.root.voices.glob("*.wav"))]


def add(
    place: Place, name: str, file: Path, *, replace: bool = False, force: bool = False, report: Callable[[str], None]
) -> CheckedVoice:
    """Check a recording, normalise its level and save it as a voice, unless it fails the checks. `force`: even then.

    `file` is anything that ffmpeg can read; of a long recording, the best 30 s are kept. `report` is called with a line
    about what takes long. Raises UsageError for an unusable name, for one that exists, unless `replace`, and if there
    is no such file; NotMedia without sound.
    """
    use_ffmpeg(load_config(place.root.config_file).ffmpeg)
    target = place.root.voices / f"{_safe(name)}.wav"
    if target.exists() and not replace:
        again = marked("voices", "add", name, str(file), "--replace")
        raise UsageError(
            f"The voice '{name}' already exists.", remedy=f"Choose another name. Or replace it with: {again}"
        )
    samples = _decoded(file, report=report)
    check = check_voice(samples, RATE)
    added = force or not check.problems
    if added:
        _save(samples, target)
    return CheckedVoice(target.stem, check.seconds, check.problems, check.warnings, added)


def remove(place: Place, names: Sequence[str], *, on_removed: Callable[[str], None]) -> None:
    """Delete the recordings of voices, and call `on_removed` with the name of each.

    Raises, with nothing removed, VoiceMissing for the first name that is no voice, and UsageError if it cannot be one.
    """
    for path in [_existing(place, name) for name in names]:
        remove_file(path)
        on_removed(path.stem)


def prepare(root: Path, names: Sequence[str] = (), *, output: IO[str] | None = None) -> bool:
    """Compute the embeddings of voices, or of all, in a separate process: the synthesizer needs much memory.

    Return whether that worked. That process writes its progress and errors to `output`, or to this program's standard
    output.
    """
    command = [sys.executable, "-P", "-m", "dropdub.prewarm", "voices", str(root), *names]
    return in_foreground(command, output=output) == 0


def _decoded(file: Path, *, report: Callable[[str], None]) -> Samples:
    """Return the sound of any recording that ffmpeg can read, as mono at `RATE`: the best 30 s of it.

    Raises UsageError if there is no such file, NotMedia if it has no sound.
    """
    if not file.is_file():
        raise UsageError(f"{file} does not exist, or is not a file.")
    info = probe_media(file, timeout_s=PROBE_S)
    if not info.audio:
        raise NotMedia(f"{file.name} has no sound.", remedy="Choose a recording in which somebody speaks.")
    if info.duration_s > LONG_S:
        report(f"Searching {file.name} for the best 30 seconds …")
    with tempfile.TemporaryDirectory(prefix="dropdub-voice-") as folder:
        plain = Path(folder) / "voice.wav"
        arguments = ["-vn", "-ac", "1", "-ar", str(RATE), "-c:a", "pcm_s16le", "-f", "wav", str(plain)]
        run_ffmpeg([*input_arguments(file), *arguments], deadline_s=DECODE_S)
        return _best_of(plain)


def _best_of(plain: Path) -> Samples:
    """Return the 30 s of a file with the most speech. Reads it in blocks: it may be hours long."""
    start_s = best_start_s([level_db(second) for second in wav.blocks(plain, 1.0)])
    return wav.read_range(plain, start_s, start_s + MOST_S)


def _save(samples: Samples, target: Path) -> None:
    """Write a voice at the standard level. The file appears complete or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dropdub-voice-") as folder:
        made = Path(folder) / "voice.wav"
        with WavWriter(made, RATE) as writer:
            writer.write(levelled(samples))
        write_whole(target, made.read_bytes())


def _safe(name: str) -> str:
    name = unicodedata.normalize("NFC", name)  # as in the job's options, whatever form the terminal used
    fits = len(name.encode("utf-8", "replace")) <= LONGEST_NAME_BYTES
    if not name.strip() or not fits or safe_name(name) != name or name.startswith("."):
        raise UsageError(f"{name!r} cannot be the name of a voice.", remedy="Use letters, digits, spaces and dashes.")
    return name


def _existing(place: Place, name: str) -> Path:
    path = place.root.voices / f"{_safe(name)}.wav"
    if not path.is_file():
        raise VoiceMissing(f"There is no voice '{name}'.", remedy="List the voices with: `dropdub voices list`")
    return path


def _view(path: Path) -> VoiceView:
    try:
        check = check_voice(wav.read_range(path), wav.sample_rate(path))
    except (NotMedia, OSError) as error:
        return VoiceView(path.stem, str(path), 0.0, SILENT_DB, [str(error)], [])
    seconds, level = round(check.seconds, 1), round(check.level_db, 1)
    return VoiceView(path.stem, str(path), seconds, level, list(check.problems), list(check.warnings))
