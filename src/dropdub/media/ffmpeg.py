"""ffmpeg: find it, build the arguments for dropped files, run it."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
"""No file needs to allocate more than 1 GB at once: the largest accepted picture takes at most 0.8 GB."""
BITEXACT = ("-fflags", "+bitexact", "-flags:a", "+bitexact")
"""Output options: the same input gives the same bytes, without ffmpeg's version and a timestamp."""
UNTAGGED = ("-map_metadata", "-1", *BITEXACT)
"""Output options: as `BITEXACT`, and without the input's tags."""
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
    """Use the ffmpeg named by the setting `ffmpeg`, in this process and in those that it starts."""
    if chosen:
        os.environ[FFMPEG_VARIABLE] = chosen


def find_ffmpeg() -> Path:
    """Return the ffmpeg to use: $DROPDUB_FFMPEG, else the system's, else that of the imageio-ffmpeg package.

    Workers receive the setting `ffmpeg` through that variable. Raises EngineMissing.
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


def refuse_ffmpeg(chosen: str | None) -> None:
    """Raise EngineMissing if the setting `ffmpeg` names no program that can be run."""
    if chosen:
        _existing(chosen)


def _existing(chosen: str) -> Path:
    found = find_program(str(Path(chosen).expanduser()))
    if found is None:
        raise EngineMissing(
            f"The configured ffmpeg, {chosen}, is not an executable program.",
            remedy=f"Set its full path as ffmpeg in config.yaml or in {FFMPEG_VARIABLE}, or remove the setting. If the "
            "daemon runs, restart it. Then run: `dropdub retry JOB`.",
        )
    return found


def input_arguments(path: Path, *options: str, threads: int | None = None) -> list[str]:
    """Return the arguments that open `path` as a recording and as nothing else; `options` (such as -ss) precede -i.

    `threads` limits the decoder's threads. Only the containers of `containers.py` are allowed: subtitles and images
    that Dropdub itself writes need other input arguments.
    """
    bounded = () if threads is None else ("-threads", str(threads))
    return [*_as_arguments(OPEN_OPTIONS), *bounded, *options, "-i", file_url(path)]


def picture_arguments(path: Path, *, kind: str) -> list[str]:
    """Return the arguments that open `path` as one picture of a `kind` (jpg, png), with the allowed decoders only."""
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
    """Run ffmpeg with inputs, options and outputs as in `arguments`; return the last lines of its stderr.

    `progress` receives the fraction of `duration_s` that is done, 0 to 1. `threads` limits the filters; decoders and
    encoders take `-threads` among the arguments of their file. `folder` is the working directory: filters refer to
    files in it by name, because they accept no path with a colon or a quote. While ffmpeg runs, the total size of its
    outputs is limited to `most_bytes`, its memory to `most_memory`, and some disk space is kept free: see `watch.py`.
    Raises DeadlineExceeded, DiskFull, TooLarge, MediaToolFailed and EngineMissing.
    """
    bounded = () if threads is None else ("-filter_threads", str(threads), "-filter_complex_threads", str(threads))
    command = [str(find_ffmpeg()), *_ALWAYS, *bounded, *arguments]
    report = progress or (lambda _share: None)
    watch = Watch(_outputs(arguments), most_bytes, most_memory)
    on_line = _progress_parser(duration_s, report)
    with start_errors():
        ending = run(Program(command, folder), deadline_s=deadline_s, on_line=on_line, look=watch.look)
    judge(ending, arguments)
    report(1.0)
    return ending.complaints


@contextmanager
def start_errors() -> Iterator[None]:
    """Turn an OSError of starting ffmpeg into MediaToolFailed."""
    try:
        yield
    except OSError as error:
        raise MediaToolFailed(f"ffmpeg could not be started: {error.strerror or error}.") from error


def _progress_parser(duration_s: float | None, report: Callable[[float], None]) -> Callable[[str], None]:
    def parse(line: str) -> None:
        name, _, value = line.partition("=")
        if duration_s and name == "out_time_us" and value.isdigit():
            report(min(int(value) / 1e6 / duration_s, 1.0))

    return parse


def _outputs(arguments: Sequence[str]) -> list[Path]:
    """Return the files that ffmpeg writes: the paths that are not the value of an input option."""
    named = zip(arguments[1:], arguments, strict=False)
    return [Path(argument) for argument, before in named if _is_path(argument) and before not in _TAKES_A_PATH]


def judge(ending: Ending, arguments: Sequence[str]) -> None:
    """Raise DiskFull or MediaToolFailed if ffmpeg, run with `arguments`, failed."""
    # Some versions exit with 0 even though the disk was full when they wrote the trailer.
    if any(full in line for line in ending.complaints for full in _FULL):
        raise DiskFull(f"The disk is full: ffmpeg could not write {Path(arguments[-1]).name}.")
    if ending.returncode != 0:
        raise MediaToolFailed(f"ffmpeg failed: {_reason(ending, arguments)}.")


def _reason(ending: Ending, arguments: Sequence[str]) -> str:
    """Return the last line that is useful to a person, without memory addresses and folders."""
    lines = [_PREFIX.sub("", line) for line in ending.complaints]
    useful = [line for line in lines if not _NOISE.search(line)] or lines
    reason = useful[-1] if useful and ending.returncode >= 0 else _describe_exit(ending.returncode)
    for argument in sorted(filter(_is_path, arguments), key=len, reverse=True):
        reason = reason.replace(argument, Path(argument).name)
    return reason.strip().rstrip(".")


def _is_path(argument: str) -> bool:
    return Path(argument.removeprefix("file:")).is_absolute()


def _describe_exit(returncode: int) -> str:
    if returncode >= 0:
        return f"it exited with code {returncode & 0xFFFFFFFF:#x}"
    known = {member.value: member.name for member in signal.Signals}
    return f"it was killed by {known.get(-returncode, f'signal {-returncode}')}"


@cache
def has_filter(name: str) -> bool:
    """Return whether this build of ffmpeg has a filter. Raises EngineMissing and MediaToolFailed."""
    lines: list[str] = []
    with start_errors():
        listing = Program([str(find_ffmpeg()), "-hide_banner", "-filters"])
        run(listing, deadline_s=_LISTING_S, on_line=lines.append)
    return any(line.split()[1:2] == [name] for line in lines)
