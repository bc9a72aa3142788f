"""Burn subtitles into the picture: check whether ffmpeg and the fonts can, and return the arguments."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.media.ffmpeg import find_ffmpeg
from dropdub.media.watch import Watch
from dropdub.process.run import Ending, Program, run
from dropdub.subtitles.formats import Cue, write_ass

_TRIAL_S = 60.0
"""Time limit of a trial; the first one on a machine reads all its fonts."""
_TRIAL_SIZE = (1280, 720)
_MISSING_AT_MOST = 0.03
_MISSING = re.compile(r"failed to find any fallback with glyph 0x([0-9A-Fa-f]+)")
_NO_FONT_AT_ALL = 0
_SQUARE = "scale=trunc(iw*sar/2)*2:trunc(ih/2)*2,setsar=1"


@dataclass(frozen=True)
class Burner:
    """An encoder: ffmpeg's name for it, the codec it writes, and its arguments for the picture."""

    encoder: str
    codec: str
    arguments: tuple[str, ...]


# Keep all timestamps, even of uneven frames. MPEG-4 cannot: its time base is coarser than that of some containers.
_EVERY_FRAME = ("-fps_mode:v:0", "passthrough", "-enc_time_base:v:0", "1:90000")
BURNERS = (
    Burner("libx264", "h264", ("-crf:v:0", "18", "-preset:v:0", "fast", *_EVERY_FRAME)),
    Burner("mpeg4", "mpeg4", ("-q:v:0", "3", "-fps_mode:v:0", "cfr")),
)
"""Encoders, best first; the last one is part of every ffmpeg."""


def burn_arguments(burner: Burner, script: str) -> list[str]:
    """Return the arguments that burn the subtitles of `script`, a plain file name, into the first video stream."""
    return ["-filter:v:0", f"{_SQUARE},subtitles={script},format=yuv420p", *burner.arguments]


def find_burner(cues: Sequence[Cue], folder: Path) -> Burner | str:
    """Return an encoder that can burn in the cues, or a sentence that says why none can and what to do.

    As a trial, all characters are drawn once: ffmpeg may lack the filter or the encoder, the machine the font.
    Raises DeadlineExceeded, and OSError if ffmpeg cannot be started.
    """
    letters = Counter(character for cue in cues for character in cue.text if character.isalnum())
    trial = folder / "trial.ass"
    write_ass([Cue(0.0, 1.0, ("".join(letters),))], trial, size=_TRIAL_SIZE)
    for burner in BURNERS:
        ending = _tried(burner, trial)
        if any("No such filter" in line for line in ending.complaints):
            return "This ffmpeg cannot draw subtitles. Install one with libass, then run: `dropdub retry JOB`."
        if ending.returncode == 0:
            return _without_letters(ending.complaints, letters) or burner
    return "This ffmpeg cannot encode video. Install another one, then run: `dropdub retry JOB`."


def _tried(burner: Burner, script: Path) -> Ending:
    width, height = _TRIAL_SIZE
    picture = ("-f", "lavfi", "-i", f"color=black:s={width}x{height}:r=25:d=1")
    output = ("-c:v", burner.encoder, "-frames:v", "1", "-f", "null", "-")
    command = [str(find_ffmpeg()), "-nostdin", "-hide_banner", "-loglevel", "warning", *picture]
    program = Program([*command, *burn_arguments(burner, script.name), *output], script.parent)
    return run(program, deadline_s=_TRIAL_S, look=Watch().look)


def _without_letters(complaints: Sequence[str], letters: Counter[str]) -> str | None:
    """Return a sentence and its remedy if too much of a text could not be drawn, else None."""
    missing = {int(found[1], 16) for line in complaints if (found := _MISSING.search(line))}
    if _NO_FONT_AT_ALL in missing:
        return "No font is installed. Install one (Debian, Ubuntu: fonts-dejavu-core), then run: `dropdub retry JOB`."
    undrawn = [character for character in letters if ord(character) in missing]
    if sum(letters[character] for character in undrawn) <= _MISSING_AT_MOST * letters.total():
        return None
    shown = "".join(undrawn[:5])
    remedy = "Install one that does, such as Noto, then run: `dropdub retry JOB`."
    return f"No installed font has the letters {shown}. {remedy}"
