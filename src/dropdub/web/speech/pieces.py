"""The sound of a text, piece by piece as it is spoken."""

from __future__ import annotations

import json
import wave
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from dropdub.pipeline.artifacts import PIECES, piece_name
from dropdub.web.jobs.outcome import gone, read_answer, refuse_stuck
from dropdub.web.site import Site


@dataclass(frozen=True)
class Piece:
    """Mono sound: 16-bit little-endian samples, `rate` of them per second. `is_last`: no other follows."""

    pcm: bytes
    rate: int
    is_last: bool


async def spoken_pieces(site: Site, job_id: int) -> AsyncGenerator[Piece, None]:
    """Yield the pieces of a job that speaks a text, each as soon as it is complete.

    Raises ApiError if the job fails, is cancelled, has to wait, or is gone.
    """
    folder, done = site.place.root.results_dir(job_id), 0
    async for view in site.watch.views(job_id):
        refuse_stuck(view)
        if not view.has_begun:
            continue
        result = view.result("say")
        made = await read_answer(site, view, _made, folder, done, int(result["pieces"]) if result else None)
        if made.sound is not None:
            yield Piece(*made.sound, is_last=made.total == done + 1)
        for number in range(done + 1, made.ready):
            sound = await read_answer(site, view, _read, folder / piece_name(number))
            yield Piece(*sound, is_last=made.total == number + 1)
        done = made.ready
        if done == made.total:
            return
    raise gone(job_id)


@dataclass(frozen=True)
class _Made:
    """How many pieces are complete, of how many (None if that is not known yet), and the first new one's sound."""

    ready: int
    total: int | None
    sound: tuple[bytes, int] | None


def _made(folder: Path, done: int, total: int | None) -> _Made:
    """Return what is there besides the `done` pieces: each gets its name only when it is complete.

    `total`: the number of all, if the job has ended. The first new piece is read at once, because most texts have only
    one, and each change of the thread costs time on a busy machine.
    """
    ready = total
    if ready is None:
        ready = next(number for number in count(done) if not (folder / piece_name(number)).exists())
        total = _total(folder)
    return _Made(ready, total, _read(folder / piece_name(done)) if done < ready else None)


def _total(folder: Path) -> int | None:
    try:
        return int(json.loads((folder / PIECES).read_bytes())["pieces"])
    except (OSError, ValueError, LookupError, TypeError):  # a power cut has spoiled it, and it will be written again
        return None


def _read(file: Path) -> tuple[bytes, int]:
    with wave.open(str(file), "rb") as sound:
        return sound.readframes(sound.getnframes()), sound.getframerate()
