"""Check Python and ffmpeg: their versions, and whether ffmpeg has every feature that Dropdub uses."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from dropdub.config import Config
from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, ok, problem, warning
from dropdub.errors import DeadlineExceeded, EngineMissing, MediaToolFailed
from dropdub.installation import adding_command
from dropdub.media.ffmpeg import find_ffmpeg, use_ffmpeg
from dropdub.process.run import Program, output

OLDEST_FFMPEG = (4, 0)
OLDEST_BURNING = (5, 1)
"""The first version with -fps_mode."""
ANSWER_WITHIN_S = 20.0
NEEDED = {
    "filters": ("aresample", "ebur128", "alimiter", "atempo"),
    "encoders": ("aac", "pcm_s16le", "mov_text", "srt"),
    "muxers": ("wav", "ipod", "mp4", "matroska"),
}
"""The features of ffmpeg that the stages use, by the option that lists them."""
_GET_ANOTHER = f"Install a complete ffmpeg, or:\n  {adding_command('--force-reinstall', 'imageio-ffmpeg')}"

_BURN_WITH = "Install ffmpeg 5.1 or newer with libass, or set subtitles.mode to soft."


def findings(subject: ExaminedRoot) -> Iterator[Finding]:
    bits = 64 if sys.maxsize > 2**32 else 32
    version = sys.version.split()[0]
    if bits == 64:
        yield ok("Python", f"{version}, {bits}-bit", detail=sys.executable)
    else:
        yield warning("Python", f"{version}, {bits}-bit", "Install a 64-bit Python: large models need it.")
    use_ffmpeg(subject.config.ffmpeg)
    try:
        yield _ffmpeg(find_ffmpeg())
        if burns(subject.config):
            yield _burning(find_ffmpeg())
    except EngineMissing as error:
        yield problem("ffmpeg", "not found", error.remedy, detail=error.message)


def _ffmpeg(program: Path) -> Finding:
    try:
        version = version_in(_output(program, "-version"))
        missing = {
            f"{name} ({kind})"
            for kind, wanted in NEEDED.items()
            for name in missing_from(_output(program, f"-{kind}"), wanted)
        }
    except (OSError, DeadlineExceeded, MediaToolFailed) as error:
        return problem("ffmpeg", "cannot be run", _GET_ANOTHER, detail=f"{program}: {error}")
    if missing:
        text = f"{version}, which lacks {', '.join(sorted(missing))}"
        return problem("ffmpeg", text, _GET_ANOTHER, detail=str(program))
    if is_old(version):
        return warning("ffmpeg", f"{version}, which is old", _GET_ANOTHER, detail=str(program))
    return ok("ffmpeg", f"{version}, with all required features", detail=str(program))


def version_in(text: str) -> str:
    """Return the version in the output of `ffmpeg -version`, or `unknown`."""
    found = re.match(r"ffmpeg version ([\w.:+~-]+)", text)
    return found[1] if found else "unknown"


def is_old(version: str, oldest: tuple[int, int] = OLDEST_FFMPEG) -> bool:
    """Return whether a version is older than `oldest`. A version without a number (a daily build) is not."""
    found = re.match(r"n?(\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) < oldest


def burns(config: Config) -> bool:
    """Return whether the job settings or a profile burn subtitles into the picture."""
    options = [config.job, *(config.options_for(name, {}) for name in config.profiles)]
    return any(one.subtitles.mode == "burn" for one in options)


def _burning(program: Path) -> Finding:
    try:
        version = version_in(_output(program, "-version"))
        missing = missing_from(_output(program, "-filters"), ("subtitles",))
    except (OSError, DeadlineExceeded, MediaToolFailed) as error:
        return warning("Burnt-in subtitles", "ffmpeg cannot be run", _BURN_WITH, detail=f"{program}: {error}")
    if missing or is_old(version, OLDEST_BURNING):
        why = "cannot draw them" if missing else "is too old for them"
        text = f"ffmpeg {version} {why}: they will be added as a track instead"
        return warning("Burnt-in subtitles", text, _BURN_WITH, detail=str(program))
    return ok("Burnt-in subtitles", "supported by ffmpeg", detail=str(program))


def missing_from(listing: str, wanted: tuple[str, ...]) -> list[str]:
    """Return which of `wanted` are missing from ffmpeg's listing: the second word of each line, sometimes `a,b`."""
    rows = (line.split() for line in listing.splitlines())
    there = {name for row in rows if len(row) > 1 for name in row[1].split(",")}
    return [name for name in wanted if name not in there]


def _output(program: Path, option: str) -> str:
    """Return the output of ffmpeg. Raises OSError, DeadlineExceeded and MediaToolFailed."""
    command = [str(program), "-hide_banner", option] if option != "-version" else [str(program), option]
    text, ending = output(Program(command), deadline_s=ANSWER_WITHIN_S)
    if ending.returncode != 0:
        raise MediaToolFailed(f"it ended with exit code {ending.returncode}")
    return text


def encoding() -> str:
    """Return the encodings of file names and of standard output, which differ if the locale is set up badly."""
    return f"{sys.getfilesystemencoding()}, {getattr(sys.stdout, 'encoding', None)}"
