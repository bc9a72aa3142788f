"""Decode the sound of a recording on the recording's clock, even if its rate, channels or layout change midway.

ffmpeg builds its filters again at each such change. A filter that pads the sound from second 0 then pads it again, by
all that came before. So no filter pads here: ffmpeg passes on the time of each piece of sound, and it is placed there.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import av
import av.container
import av.error
import numpy as np
from numpy.typing import NDArray

from dropdub.media.ffmpeg import QUIET, find_ffmpeg, judge, start_errors
from dropdub.media.sound.length import on_clock
from dropdub.media.watch import Watch
from dropdub.process.run import Program, Stream

Frames = NDArray[np.float32]
"""Sound of one or more channels, shape (samples, channels), values in [-1, 1]."""

_AT_ONCE = 1 << 18
"""Bytes that are read from ffmpeg at once, and samples of silence that are made at once."""
_PIECES_A_SECOND = 20
"""How many pieces ffmpeg makes of its frames: to take one from the pipe costs almost as much as to decode it. Where the
sound changes, a piece that is not full may be lost; of sound without a clock, that would make the rest come early."""
_PAST_END_S = 1.0
"""How far ffmpeg reads beyond the requested end: it cuts the sound before it resamples it."""
_OLD_LAYOUTS = """
mono stereo 2.1 3.0 3.0(back) 4.0 quad quad(side) 3.1 5.0 5.0(side) 4.1 5.1 5.1(side) 6.0 6.0(front) hexagonal 6.1
6.1(back) 6.1(front) 7.0 7.0(front) 7.1 7.1(wide) 7.1(wide-side) octagonal
"""
"""Layouts that every supported ffmpeg knows. Newer ones are read as channels in no particular order."""


@dataclass(frozen=True)
class TimedSound:
    """A sound track to decode: ffmpeg's arguments of its file, and its specifier.

    Raw packet streams have no clock: `has_clock` is False, and the pieces of their sound follow one another. What
    ffmpeg states as their times is computed from the rate of the first piece.
    """

    inputs: Sequence[str]
    stream: str
    has_clock: bool = True


def layout_of(name: str, channels: int) -> str:
    """Return the layout to request from ffmpeg in order to get all channels of a sound as they are."""
    return name if name in _OLD_LAYOUTS.split() else f"{channels}C"


def placed(
    sound: TimedSound,
    *,
    rate: int,
    layout: str,
    until_s: float,
    deadline_s: float,
    filters: Sequence[str] = (),
    watch: Watch | None = None,
) -> Generator[Frames, None, None]:
    """Yield a sound from second 0 to its end, at most to `until_s`, in pieces of any size that follow one another.

    Gaps and the time before a late start are silence; what overlaps is left out. `layout` is ffmpeg's name of the
    channels. ffmpeg is killed at the deadline and when the generator is closed. Raises DeadlineExceeded, EngineMissing,
    MediaToolFailed, and what `watch` raises.
    """
    chain = [on_clock(rate, until_s + _PAST_END_S) if sound.has_clock else f"aresample={rate}", *filters]
    chain += [f"aformat=sample_fmts=flt:channel_layouts={layout}"]
    chain += [f"asetnsamples=n={rate // _PIECES_A_SECOND}:p=0"] if sound.has_clock else []
    output = ["-map", sound.stream, "-af", ",".join(chain), "-c:a", "pcm_f32le", "-f", "nut", "pipe:1"]
    command = [str(find_ffmpeg()), *QUIET, *sound.inputs, *output]
    with start_errors():
        stream = Stream(Program(command), deadline_s=deadline_s, look=(watch or Watch()).look)
    left = round(until_s * rate)
    with stream:
        for piece in _in_order(_packets(stream, has_clock=sound.has_clock)):
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return
        judge(stream.finish(), command)


def joined(frames: Iterable[Frames], size: int) -> Iterator[Frames]:
    """Re-block sound into blocks of `size` samples; the last may be shorter. What is no number becomes silence."""
    waiting: list[Frames] = []
    count = 0
    for more in frames:
        waiting.append(more)
        count += len(more)
        if count >= size:
            whole = _numbers(np.concatenate(waiting))
            end = count - count % size
            yield from (whole[at : at + size] for at in range(0, end, size))
            waiting, count = [whole[end:]], count - end
    if count:
        yield _numbers(np.concatenate(waiting))


def in_blocks(frames: Iterable[Frames], *, size: int, length: int, channels: int) -> Iterator[Frames]:
    """Re-block sound into blocks of `size`, `length` samples in total: cut off, or padded with silence."""
    left = length
    for block in joined(frames, size):
        if not left:
            return
        count = min(size, left)
        left -= count
        yield np.pad(block[:count], ((0, max(count - len(block), 0)), (0, 0)))
    while left:
        count = min(size, left)
        left -= count
        yield np.zeros((count, channels), np.float32)


def _numbers(frames: Frames) -> Frames:
    """Return sound without what is no number: a damaged file may decode to it."""
    return frames if np.isfinite(frames.sum()) else np.nan_to_num(frames, posinf=0.0, neginf=0.0)


def _packets(stream: Stream, *, has_clock: bool) -> Iterator[tuple[int | None, Frames]]:
    """Yield what ffmpeg writes: the sample at which a piece starts, and the piece. Nothing if ffmpeg wrote nothing."""
    pipe: Any = _Pipe(stream)
    try:
        with av.open(pipe, format="nut", buffer_size=_AT_ONCE) as container:
            sound = container.streams.audio[0]
            channels, ticks = sound.codec_context.channels, float(sound.time_base * sound.codec_context.sample_rate)
            for packet in container.demux(sound):
                if packet.size and packet.pts is not None:
                    start = round(packet.pts * ticks) if has_clock else None
                    yield start, np.frombuffer(packet, "<f4").reshape(-1, channels)
    except (av.error.EOFError, av.error.InvalidDataError):
        return  # ffmpeg ended within a piece, or before the first: `judge` says why


@dataclass(frozen=True)
class _Pipe:
    """ffmpeg's output as a file that PyAV can read."""

    stream: Stream

    def read(self, count: int) -> bytes:
        return self.stream.read(count)


def _in_order(packets: Iterable[tuple[int | None, Frames]]) -> Iterator[Frames]:
    at = 0
    for start, frames in packets:
        gap = 0 if start is None else start - at
        for first in range(0, gap, _AT_ONCE):
            yield np.zeros((min(_AT_ONCE, gap - first), frames.shape[1]), np.float32)
        new = frames[max(-gap, 0) :]
        at += max(gap, 0) + len(new)
        yield new
