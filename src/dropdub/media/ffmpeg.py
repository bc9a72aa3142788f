"""ffmpeg: where it is, how a dropped file is given to it, and one run of it."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

import imageio_ffmpeg

from dropdub.errors import DiskFull, EngineMissing, MediaToolFailed
from dropdub.installation import adding_command
from dropdub.media.containers import OPEN_OPTIONS, file_url
from dropdub.media.decoders import DECODING_OPTIONS
from dropdub.media.watch import MOST_MEMORY, Watch
from dropdub.process import find_program
from dropdub.process.run import Ending, Program, run

FFMPEG_VARIABLE = "DROPDUB_FFMPEG"
QUIET = ("-nostdin", "-hide_banner", "-loglevel", "error", "-max_alloc", "1000000000")
"""No file needs a block of memory of over 1 GB: the largest picture that is taken has 0.8 GB in its largest form."""
BITEXACT = ("-fflags", "+bitexact", "-flags:a", "+bitexact")
"""Output options: the same input gives the same bytes, without ffmpeg's version and the time of writing."""
UNTAGGED = ("-map_metadata", "-1", *BITEXACT)
"""Output options: the same, and none of the input's tags."""
_ALWAYS = (*QUIET, "-y", "-progress", "pipe:1")
_LISTING_S = 30.0
_PICTURES = {"jpg": "mjpeg", "png": "png_pipe"}
_TAKES_A_PATH = frozenset({"-i", "-attach"})
_FULL = ("No space left on device", "Disk quota exceeded")
_PREFIX = re.compile(r"^(\[[^\]]* @ [^\]]*\] ?)+")
_NOISE = re.compile(
    r"Conversion failed!|Nothing was written|Error opening (in|out)put files?\b|Last message repeated"
    r"|Task finished with error|Terminating thread|Error while (decoding|filtering|processing)"
    r"|Error reinitializing filters|Failed to inject frame|Error splitting the argument list|^\s*$"
)


def use_ffmpeg(chosen: str | None) -> None:
    """Take the ffmpeg that `ffmpeg` in the settings names, in this process and in those that it starts."""
    if chosen:
        os.environ[FFMPEG_VARIABLE] = chosen


def find_ffmpeg() -> Path:
    """Return the ffmpeg to use: $DROPDUB_FFMPEG, else the system's, else the one of the imageio-ffmpeg package.

    Workers get the setting `ffmpeg` by that variable.
    Raises EngineMissing.
    """
    if chosen := os.environ.get(FFMPEG_VARIABLE):
        return _existing(chosen)
    if found := find_program("ffmpeg"):
        return found
    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise EngineMissing(
            "ffmpeg is not installed.",
            remedy=f"Install ffmpeg, or:\n  {adding_command('--force-reinstall', 'imageio-ffmpeg')}",
        ) from error


def _existing(chosen: str) -> Path:
    found = find_program(str(Path(chosen).expanduser()))
    if found is None:
        raise EngineMissing(
            f"The ffmpeg that is set, {chosen}, is not a program.",
            remedy=f"Give its full path in config.yaml (ffmpeg) or in {FFMPEG_VARIABLE}, or leave it out.",
        )
    return found


def input_arguments(path: Path, *options: str, threads: int | None = None) -> list[str]:
    """Return the arguments that open `path` as a recording and nothing else; `options` (such as -ss) go before -i.

    `threads` bounds the decoder's threads. The containers are those of `containers.py`: for a recording, not for
    the subtitles and images of Dropdub's own making, which need their own input arguments.
    """
    bounded = () if threads is None else ("-threads", str(threads))
    return [*_as_arguments(OPEN_OPTIONS), *bounded, *options, "-i", file_url(path)]


def picture_arguments(path: Path, *, kind: str) -> list[str]:
    """Return the arguments that open `path` as one picture of a `kind` (jpg, png), by the decoders of a recording."""
    return ["-f", _PICTURES[kind], *_as_arguments(DECODING_OPTIONS), "-i", str(path)]


def _as_arguments(options: Mapping[str, str]) -> list[str]:
    return [part for option, value in options.items() for part in (f"-{option}", value)]


def run_ffmpeg(
    arguments: Sequence[str],
    *,
    deadline_s: float,
    duration_s: float | None = None,
    progress: Callable[[float], None] | None = None,
    threads: int | None = None,
    folder: Path | None = None,
    most_bytes: int | None = None,
    most_memory: int | None = MOST_MEMORY,
) -> tuple[str, ...]:
    """Run ffmpeg with inputs, options and outputs as in `arguments`; return the last lines that it told.

    `progress` takes the done share of `duration_s`, 0 to 1. `threads` bounds the filters; decoders and encoders
    take `-threads` among the arguments of their file. `folder` is where names without a folder are looked up: a filter
    takes no path that has a colon or a quote in it. While it runs, the size of its outputs together is held to
    `most_bytes`, its memory to `most_memory`, and some of the disk is left free: see `watch.py`.
    Raises DeadlineExceeded, DiskFull, TooLarge, MediaToolFailed and EngineMissing.
    """
    bounded = () if threads is None else ("-filter_threads", str(threads), "-filter_complex_threads", str(threads))
    command = [str(find_ffmpeg()), *_ALWAYS, *bounded, *arguments]
    report = progress or (lambda _share: None)
    watch = Watch(_outputs(arguments), most_bytes, most_memory)
    told = _progress_teller(duration_s, report)
    try:
        ending = run(Program(command, folder), deadline_s=deadline_s, on_line=told, look=watch.look)
    except OSError as error:
        raise MediaToolFailed(f"ffmpeg could not be started: {error.strerror or error}.") from error
    _judge(ending, arguments)
    report(1.0)
    return ending.complaints


def _progress_teller(duration_s: float | None, report: Callable[[float], None]) -> Callable[[str], None]:
    def told(line: str) -> None:
        name, _, value = line.partition("=")
        if duration_s and name == "out_time_us" and value.isdigit():
            report(min(int(value) / 1e6 / duration_s, 1.0))

    return told


def _outputs(arguments: Sequence[str]) -> list[Path]:
    """Return the files that are written: those that no option takes."""
    named = zip(arguments[1:], arguments, strict=False)
    return [Path(argument) for argument, before in named if _is_path(argument) and before not in _TAKES_A_PATH]


def _judge(ending: Ending, arguments: Sequence[str]) -> None:
    # Some versions end with status 0 although the disk was full when they wrote the trailer.
    if any(full in line for line in ending.complaints for full in _FULL):
        raise DiskFull(f"The disk is full: ffmpeg could not write {Path(arguments[-1]).name}.")
    if ending.returncode != 0:
        raise MediaToolFailed(f"ffmpeg failed: {_reason(ending, arguments)}.")


def _reason(ending: Ending, arguments: Sequence[str]) -> str:
    """Return the last line that says something to a person, without addresses and folders."""
    lines = [_PREFIX.sub("", line) for line in ending.complaints]
    telling = [line for line in lines if not _NOISE.search(line)] or lines
    reason = telling[-1] if telling and ending.returncode >= 0 else _exit_words(ending.returncode)
    for argument in sorted(filter(_is_path, arguments), key=len, reverse=True):
        reason = reason.replace(argument, Path(argument).name)
    return reason.strip().rstrip(".")


def _is_path(argument: str) -> bool:
    return Path(argument.removeprefix("file:")).is_absolute()


def _exit_words(returncode: int) -> str:
    if returncode >= 0:
        return f"it ended with exit code {returncode & 0xFFFFFFFF:#x}"
    known = {member.value: member.name for member in signal.Signals}
    return f"it was ended by {known.get(-returncode, f'signal {-returncode}')}"


@cache
def has_filter(name: str) -> bool:
    """Return whether this ffmpeg has a filter: builds differ. Raises EngineMissing and MediaToolFailed."""
    told: list[str] = []
    try:
        listing = Program([str(find_ffmpeg()), "-hide_banner", "-filters"])
        run(listing, deadline_s=_LISTING_S, on_line=told.append)
    except OSError as error:
        raise MediaToolFailed(f"ffmpeg could not be started: {error.strerror or error}.") from error
    return any(line.split()[1:2] == [name] for line in told)
