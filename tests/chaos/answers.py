"""Answers of engines and media tools, kept after the first time: 500 lives of one job need them computed only once.

Everything that Dropdub itself does before and after an answer is done each time. The answers are those of the real
tools, keyed by what they were asked: the command without the root's path, and the content of the files it names.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from dropdub.dubbing import background
from dropdub.engines.espeak.library import EspeakLibrary
from dropdub.media import ffmpeg
from dropdub.media.sound import pcm, timed
from dropdub.media.sound.timed import Frames, TimedSound
from dropdub.process.run import Ending, Program, run
from dropdub.speech import extraction
from dropdub.stages import mix
from dropdub.subtitles import burning
from dropdub_light import apertium
from dropdub_light.pocketsphinx import PocketsphinxTranscriber

_OWN_NAMES = re.compile(r"/\S*/(work|inbox|outbox)/|(?<=/)[0-9a-f]{8}-")
"""What differs from root to root, and from run to run: folders, and the random prefixes of temporary names."""
_kept: dict[str, Any] = {}
asked_for: set[str] = set()
"""Kinds of questions that were asked: what is not asked in a warm-up is not answered from memory later."""
A = TypeVar("A")


def keep_answers() -> None:
    """Let engines and tools of this process, and of its forks, answer from memory what they answered before."""
    for module in (ffmpeg, burning):
        module.run = _remembered_run  # type: ignore[attr-defined]
    _keep(PocketsphinxTranscriber, "_words", lambda _self, window: (window.start, window.samples.tobytes()))
    _keep(EspeakLibrary, "speak", lambda _self, text, **how: (text, sorted(how.items())))
    _keep(apertium, "_run", lambda command, text, **_how: (list(command), text))
    for module in (mix, background):
        module.decoded = _decoded  # type: ignore[attr-defined]
    extraction.placed = _placed  # type: ignore[attr-defined]


def _decoded(sound: TimedSound, **how: Any) -> Iterator[Frames]:
    asked = ("decoded", _asked(sound.inputs), sound.stream, how["channels"], how["length"])
    yield from (block.copy() for block in _answer(asked, lambda: list(pcm.decoded(sound, **how))))


def _placed(sound: TimedSound, **how: Any) -> Iterator[Frames]:
    asked = ("placed", _asked(sound.inputs), sound.stream, how["rate"], how["layout"], how["until_s"])
    yield from (piece.copy() for piece in _answer(asked, lambda: list(timed.placed(sound, **how))))


def _keep(where: Any, name: str, asked: Callable[..., object]) -> None:
    real = getattr(where, name)
    setattr(where, name, lambda *one, **how: _answer((name, asked(*one, **how)), lambda: real(*one, **how)))


def _answer(asked: tuple[object, ...], work: Callable[[], A]) -> A:
    asked_for.add(str(asked[0]))
    key = hashlib.sha256(pickle.dumps(asked)).hexdigest()
    if key not in _kept:
        _kept[key] = work()
    answer: A = _kept[key]
    return answer


def _asked(command: Sequence[str]) -> object:
    """Return what a tool is asked: its arguments without what differs from root to root, and what it would read."""
    read = [hashlib.sha256(path.read_bytes()).hexdigest() for path in _paths(command) if path.is_file()]
    return [_OWN_NAMES.sub("", part) for part in command], read


def _paths(command: Sequence[str]) -> list[Path]:
    paths = (Path(part.removeprefix("file:")) for part in command)
    return [path for path in paths if path.is_absolute() and not os.access(path, os.X_OK)]


def _remembered_run(program: Program, *, on_line: Callable[[str], None] | None = None, **how: Any) -> Ending:
    written = [path for path in _paths(program.command) if not path.is_file()]

    def really() -> tuple[Ending, list[str], list[bytes | None]]:
        lines: list[str] = []
        ending = run(program, on_line=lines.append, **how)
        return ending, lines, [path.read_bytes() if path.is_file() else None for path in written]

    ending, lines, files = _answer(("run", _asked(program.command), program.given), really)
    for path, content in zip(written, files, strict=True):
        if content is not None:
            path.write_bytes(content)
    for line in lines if on_line else ():
        on_line(line)
    return ending
