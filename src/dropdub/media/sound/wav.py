"""Sound files: read ranges, write as a stream, resample. Nothing here holds more than was requested in memory."""

from __future__ import annotations

import contextlib
import wave
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from dropdub.errors import NotMedia
from dropdub.media.sound.length import SoundLength
from dropdub.media.sound.spans import Span

Samples = NDArray[np.float32]
"""Mono audio, shape (samples,), values in [-1, 1]."""

_PLAIN_WAV_BYTES = 4_000_000_000
_BYTES_PER_SAMPLE = 2
_FULL_SCALE = np.float32(1 << 15)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[soundfile.SoundFile]:
    """Open a sound file. Raises OSError if it cannot be opened, NotMedia if it is not a sound file."""
    with path.open("rb"):
        pass
    try:
        with soundfile.SoundFile(path) as file:
            yield file
    except soundfile.LibsndfileError as error:
        raise NotMedia(f"{path.name} is not a sound file that can be read.") from error


def _mono(file: soundfile.SoundFile, count: int) -> Samples:
    frames: Samples = file.read(count, dtype="float32", always_2d=True)
    return frames[:, 0] if frames.shape[1] == 1 else frames.mean(axis=1, dtype=np.float32)


def duration_s(path: Path) -> float:
    """Return the length in seconds. Raises NotMedia and OSError."""
    with _opened(path) as file:
        return float(file.frames / file.samplerate)


def length(path: Path) -> SoundLength:
    """Return the exact length. Raises NotMedia and OSError."""
    with _opened(path) as file:
        return SoundLength(int(file.frames), int(file.samplerate))


def sample_rate(path: Path) -> int:
    """Return the samples per second. Raises NotMedia and OSError."""
    with _opened(path) as file:
        return int(file.samplerate)


def read_range(path: Path, start_s: float = 0.0, end_s: float | None = None) -> Samples:
    """Return the sound between two moments, mixed to mono.

    The bounds are rounded to whole samples, so neighbouring ranges neither share nor miss a sample. The range is
    limited to the file. Raises NotMedia and OSError.
    """
    with _opened(path) as file:
        first = _position(file, start_s)
        last = file.frames if end_s is None else _position(file, end_s)
        file.seek(first)
        return _mono(file, max(last - first, 0))


def frames(path: Path, spans: Iterable[Span]) -> Iterator[Samples]:
    """Yield the sound of each span, shape (frames, channels). Raises NotMedia and OSError."""
    with _opened(path) as file:
        for span in spans:
            first = _position(file, span.start)
            file.seek(first)
            yield file.read(_position(file, span.end) - first, dtype="float32", always_2d=True)


def _position(file: soundfile.SoundFile, moment_s: float) -> int:
    return int(min(max(round(moment_s * file.samplerate), 0), file.frames))


def blocks(path: Path, seconds: float, *, start_s: float = 0.0, end_s: float | None = None) -> Iterator[Samples]:
    """Yield a range in blocks of `seconds` (the last may be shorter), mixed to mono. Raises NotMedia and OSError."""
    with _opened(path) as file:
        position = _position(file, start_s)
        last = file.frames if end_s is None else _position(file, end_s)
        size = max(round(seconds * file.samplerate), 1)
        file.seek(position)
        while position < last:
            block = _mono(file, min(size, last - position))
            if not len(block):
                return  # the header states more than the file holds
            position += len(block)
            yield block


def resample(samples: Samples, from_rate: int, to_rate: int) -> Samples:
    """Return `samples` at another rate."""
    if from_rate == to_rate:
        return samples
    changed: Samples = soxr.resample(samples, from_rate, to_rate).astype(np.float32, copy=False)
    return changed


def write_short(path: Path, samples: Samples, sample_rate: int) -> None:
    """Write a sound of seconds as 16 bit PCM mono WAV. Unlike a `WavWriter`, this flushes nothing to disk."""
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(_BYTES_PER_SAMPLE)
        writer.setframerate(sample_rate)
        writer.writeframes(_to_pcm(samples).tobytes())


def _to_pcm(samples: Samples) -> NDArray[np.int16]:
    """Return samples in 16 bits; values beyond [-1, 1] are clipped."""
    # libsndfile scales by 32767 when it writes, but by 32768 when it reads: what is written again would be quieter.
    scaled = np.rint(samples * _FULL_SCALE)
    np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1, out=scaled)
    finite = scaled if np.isfinite(scaled.sum()) else np.nan_to_num(scaled, copy=False)
    pcm: NDArray[np.int16] = finite.astype(np.int16)
    return pcm


class WavWriter:
    """Writes 16 bit PCM mono WAV as a stream; values beyond [-1, 1] are clipped.

    `expected_s` is the expected length: a file that would exceed 4 GB, the limit of plain WAV, is written as RF64.
    """

    def __init__(self, path: Path, sample_rate: int, *, expected_s: float = 0.0) -> None:
        large = expected_s * sample_rate * _BYTES_PER_SAMPLE > _PLAIN_WAV_BYTES
        self.sample_rate = sample_rate
        self._large = large
        self._file = soundfile.SoundFile(
            path, "w", samplerate=sample_rate, channels=1, subtype="PCM_16", format="RF64" if large else "WAV"
        )

    @property
    def duration_s(self) -> float:
        """The length written so far, in seconds."""
        return float(self._file.frames / self.sample_rate)

    def write(self, samples: Samples) -> None:
        """Append `samples`. Raises ValueError beyond 4 GB unless `expected_s` announced that."""
        if not self._large and (self._file.frames + len(samples)) * _BYTES_PER_SAMPLE > _PLAIN_WAV_BYTES:
            raise ValueError("more than 4 GB in a plain WAV: announce the length with expected_s")
        self._file.write(_to_pcm(samples))

    def __enter__(self) -> WavWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
