"""`jobs voices`: the recordings that dubs take their voices from."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dropdub.cli.console import printing, say, say_json
from dropdub.cli.failures import DONE, FELL_SHORT
from dropdub.cli.place import Place
from dropdub.errors import NotMedia, UsageError, VoiceMissing

if TYPE_CHECKING:
    from dropdub.media.voice_check import Check
    from dropdub.media.wav import Samples

RATE = 24_000
PROBE_S = 10.0
DECODE_S = 300.0


@dataclass(frozen=True)
class VoiceView:
    """A voice as it is shown and given as JSON."""

    name: str
    path: str
    seconds: float
    problems: list[str]
    warnings: list[str]


def show_list(place: Place, *, as_json: bool) -> int:
    views = [_view(path) for path in sorted(place.root.voices.glob("*.wav"))]
    if as_json:
        say_json(views)
    elif not views:
        say(f"There are no voices in {place.root.voices}. Add one with: jobs voices add NAME FILE")
    else:
        with printing() as screen:
            screen.print(_table(views))
    return DONE


def add(place: Place, name: str, file: Path, *, replace: bool, force: bool) -> int:
    """Check a recording, level it and keep it as a voice. What is not good enough is refused, unless `force`."""
    from dropdub.files import written_whole
    from dropdub.media.voice_check import best_stretch, check_voice, levelled
    from dropdub.media.wav import WavWriter

    target = place.root.voices / f"{_safe(name)}.wav"
    if target.exists() and not replace:
        raise UsageError(
            f"There is a voice '{name}' already.", remedy="Replace it with --replace, or choose another name."
        )
    samples = best_stretch(_decoded(file), RATE)
    check = check_voice(samples, RATE)
    _tell(check)
    if check.problems and not force:
        say(f"'{name}' was not added. To add it all the same: --force")
        return FELL_SHORT
    place.root.voices.mkdir(parents=True, exist_ok=True)
    with written_whole(target, scratch=place.root.voices) as part, WavWriter(part, RATE) as writer:
        writer.write(levelled(samples))
    say(f"Added '{target.stem}' ({check.seconds:.1f} s). Use it with: voice: {target.stem}")
    return DONE


def remove(place: Place, names: Sequence[str]) -> int:
    from dropdub.files import remove as remove_file

    paths = [_existing(place, name) for name in names]
    for path in paths:
        remove_file(path)
        say(f"Removed '{path.stem}'")
    return DONE


def prepare(root: Path, names: Sequence[str]) -> int:
    """Have voices reckoned ahead, in a process of its own: this one stays small."""
    say("Loading the synthesizer …")
    command = [sys.executable, "-m", "dropdub.ahead", "voices", str(root), *names]
    return FELL_SHORT if subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode else DONE


def _decoded(file: Path) -> Samples:
    """Return the sound of any recording that ffmpeg can read, mono."""
    from dropdub.media import wav
    from dropdub.media.ffmpeg import input_arguments, run_ffmpeg
    from dropdub.media.probe import probe_media

    if not file.is_file():
        raise UsageError(f"{file} is not there, or is not a file.")
    if probe_media(file, timeout_s=PROBE_S).audio is None:
        raise NotMedia(f"{file.name} has no sound.")
    with tempfile.TemporaryDirectory(prefix="dropdub-voice-") as folder:
        plain = Path(folder) / "voice.wav"
        arguments = ["-vn", "-ac", "1", "-ar", str(RATE), "-c:a", "pcm_s16le", "-f", "wav", str(plain)]
        run_ffmpeg([*input_arguments(file), *arguments], deadline_s=DECODE_S)
        return wav.read_range(plain)


def _safe(name: str) -> str:
    from dropdub.files import safe_name

    if not name.strip() or safe_name(name) != name or name.startswith("."):
        raise UsageError(
            f"{name!r} cannot be the name of a voice.", remedy="Choose letters, digits, spaces and dashes."
        )
    return name


def _existing(place: Place, name: str) -> Path:
    path = place.root.voices / f"{_safe(name)}.wav"
    if not path.is_file():
        raise VoiceMissing(f"There is no voice '{name}'.", remedy="See which there are with: jobs voices list")
    return path


def _view(path: Path) -> VoiceView:
    from dropdub.media import wav
    from dropdub.media.voice_check import check_voice

    try:
        check = check_voice(wav.read_range(path), wav.sample_rate(path))
    except (NotMedia, OSError) as error:
        return VoiceView(path.stem, str(path), 0.0, [str(error)], [])
    return VoiceView(path.stem, str(path), round(check.seconds, 1), list(check.problems), list(check.warnings))


def _tell(check: Check) -> None:
    for sentence in (*check.problems, *check.warnings):
        say(sentence)


def _table(views: Sequence[VoiceView]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in ("VOICE", "SECONDS", ""):
        table.add_column(heading, justify="right" if heading == "SECONDS" else "left")
    for view in views:
        said = " ".join([*view.problems, *view.warnings]) or "good"
        table.add_row(Text(view.name), f"{view.seconds:.1f}", Text(said))
    return table
