"""`dropdub voices`: manage the reference recordings of voices for dubs."""

from __future__ import annotations

import sys
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dropdub.cli.console import printing, say, say_json
from dropdub.cli.exit_codes import DONE, FELL_SHORT
from dropdub.errors import NotMedia, UsageError, VoiceMissing
from dropdub.operations.place import Place
from dropdub.process.run import in_foreground

if TYPE_CHECKING:
    from dropdub.media.sound.voice_check import Check
    from dropdub.media.sound.wav import Samples

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


def show_list(place: Place, *, as_json: bool) -> int:
    views = [_view(path) for path in sorted(place.root.voices.glob("*.wav"))]
    if as_json:
        say_json(views)
    elif not views:
        say(f"There are no voices in {place.root.voices}. Add one with: `dropdub voices add NAME FILE`")
    else:
        with printing() as screen:
            screen.print(_table(views))
    return DONE


def add(place: Place, name: str, file: Path, *, replace: bool, force: bool) -> int:
    """Check a recording, normalise its level and save it as a voice. Return 1 if it fails the checks, unless `force`.

    Raises UsageError for an unusable name or one that exists, unless `replace`; NotMedia without sound.
    """
    from dropdub.config import load_config
    from dropdub.media.ffmpeg import use_ffmpeg
    from dropdub.media.sound.voice_check import check_voice

    use_ffmpeg(load_config(place.root.config_file).ffmpeg)
    target = place.root.voices / f"{_safe(name)}.wav"
    if target.exists() and not replace:
        raise UsageError(
            f"The voice '{name}' already exists.", remedy="Replace it with --replace, or choose another name."
        )
    samples = _decoded(file)
    check = check_voice(samples, RATE)
    _say_results(check)
    if check.problems and not force:
        say(f"'{name}' was not added. To add it anyway, use --force")
        return FELL_SHORT
    _save(samples, target)
    say(f"Added '{target.stem}' ({check.seconds:.1f} s). Use it with: voice: {target.stem}")
    return DONE


def remove(place: Place, names: Sequence[str]) -> int:
    from dropdub.files.removal import remove as remove_file

    paths = [_existing(place, name) for name in names]
    for path in paths:
        remove_file(path)
        say(f"Removed '{path.stem}'")
    return DONE


def prepare(root: Path, names: Sequence[str]) -> int:
    """Compute the embeddings of voices, in a separate process: the synthesizer needs much memory."""
    say("Loading the synthesizer …")
    command = [sys.executable, "-P", "-m", "dropdub.prewarm", "voices", str(root), *names]
    return FELL_SHORT if in_foreground(command) else DONE


def _decoded(file: Path) -> Samples:
    """Return the sound of any recording that ffmpeg can read, as mono at `RATE`: the best 30 s of it.

    Raises UsageError if there is no such file, NotMedia if it has no sound.
    """
    from dropdub.media.ffmpeg import input_arguments, run_ffmpeg
    from dropdub.media.probe import probe_media

    if not file.is_file():
        raise UsageError(f"{file} does not exist, or is not a file.")
    info = probe_media(file, timeout_s=PROBE_S)
    if not info.audio:
        raise NotMedia(f"{file.name} has no sound.", remedy="Choose a recording in which somebody speaks.")
    if info.duration_s > LONG_S:
        say(f"Searching {file.name} for the best 30 seconds …")
    with tempfile.TemporaryDirectory(prefix="dropdub-voice-") as folder:
        plain = Path(folder) / "voice.wav"
        arguments = ["-vn", "-ac", "1", "-ar", str(RATE), "-c:a", "pcm_s16le", "-f", "wav", str(plain)]
        run_ffmpeg([*input_arguments(file), *arguments], deadline_s=DECODE_S)
        return _best_of(plain)


def _best_of(plain: Path) -> Samples:
    """Return the 30 s of a file with the most speech. Reads it in blocks: it may be hours long."""
    from dropdub.media.sound import wav
    from dropdub.media.sound.voice_check import MOST_S, best_start_s, level_db

    start_s = best_start_s([level_db(second) for second in wav.blocks(plain, 1.0)])
    return wav.read_range(plain, start_s, start_s + MOST_S)


def _save(samples: Samples, target: Path) -> None:
    """Write a voice at the standard level. The file appears complete or not at all."""
    from dropdub.files.durable import write_whole
    from dropdub.media.sound.voice_check import levelled
    from dropdub.media.sound.wav import WavWriter

    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dropdub-voice-") as folder:
        made = Path(folder) / "voice.wav"
        with WavWriter(made, RATE) as writer:
            writer.write(levelled(samples))
        write_whole(target, made.read_bytes())


def _safe(name: str) -> str:
    from dropdub.files.durable import safe_name

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
    from dropdub.media.sound import wav
    from dropdub.media.sound.voice_check import check_voice

    try:
        check = check_voice(wav.read_range(path), wav.sample_rate(path))
    except (NotMedia, OSError) as error:
        return VoiceView(path.stem, str(path), 0.0, SILENT_DB, [str(error)], [])
    seconds, level = round(check.seconds, 1), round(check.level_db, 1)
    return VoiceView(path.stem, str(path), seconds, level, list(check.problems), list(check.warnings))


def _say_results(check: Check) -> None:
    for sentence in (*check.problems, *check.warnings):
        say(sentence)


def _table(views: Sequence[VoiceView]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in ("VOICE", "SECONDS", "LEVEL", ""):
        table.add_column(heading, justify="right" if heading in ("SECONDS", "LEVEL") else "left")
    for view in views:
        remarks = " ".join([*view.problems, *view.warnings]) or "good"
        table.add_row(Text(view.name), f"{view.seconds:.1f}", f"{view.level_db:.0f} dB", Text(remarks))
    return table
