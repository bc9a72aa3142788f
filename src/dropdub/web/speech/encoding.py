"""Encode speech while it is being spoken: pieces of sound in, pieces of one file out.

An encoder holds what its codec needs, never the speech as a whole, and shares nothing with other encoders: each request
has its own, in whatever thread. A file has one header, and nothing after the sound.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, cast

from dropdub.web.speech.audio_format import AudioFormat
from dropdub.web.speech.headers import UNKNOWN_LENGTH, mp3_header, wav_header

if TYPE_CHECKING:
    import av.container
    import numpy as np
    from av.audio.stream import AudioStream
    from numpy.typing import NDArray

Pcm: TypeAlias = "NDArray[np.int16]"
"""Mono sound, shape (samples,)."""

_SLOWEST_RATE, _FASTEST_RATE = 4_000, 384_000
_BLOCK = 1 << 16
"""Samples that are converted at once, so that a long piece needs no more memory than a short one."""
_MP3_BITS, _OPUS_BITS, _AAC_BITS = 128_000, 64_000, 96_000


class _Codec(NamedTuple):
    """A container and its codec by ffmpeg's names, bits per second, and options of the container and of the codec."""

    container: str
    name: str
    bits: int | None
    container_options: dict[str, str]
    options: dict[str, str]


# A client waits for the encoder, too. These settings halve its time, and at these rates nobody hears it in speech.
_CODECS = {
    AudioFormat.MP3: _Codec("mp3", "libmp3lame", _MP3_BITS, {"id3v2_version": "0"}, {"compression_level": "7"}),
    AudioFormat.OPUS: _Codec("ogg", "libopus", _OPUS_BITS, {"page_duration": "200000"}, {"compression_level": "5"}),
    AudioFormat.AAC: _Codec("adts", "aac", _AAC_BITS, {}, {"aac_coder": "fast"}),
    AudioFormat.FLAC: _Codec("flac", "flac", None, {}, {}),
}


class Encoder:
    """Encodes 16-bit mono sound of `rate_in` samples per second, piece by piece; use it with `with`.

    One thread at a time may use it. Raises ValueError if `rate_in` is not the rate of a sound.
    """

    def __init__(self, kind: AudioFormat, rate_in: int) -> None:
        self._sound = _Resampler(rate_in, kind.rate)
        self._file = _stream(kind)
        self._ended = False

    def write(self, samples: bytes | Pcm) -> bytes:
        """Append sound, as an array or as little-endian bytes. Return the bytes of the file that are complete.

        Raises ValueError after `finish` or `close`, and for half a sample.
        """
        self._refuse_if_ended()
        return b"".join(self._file.write(block) for block in self._sound.blocks(_pcm(samples)))

    def finish(self) -> bytes:
        """Return the rest of the file. Raises ValueError if it was finished or closed before."""
        self._refuse_if_ended()
        self._ended = True
        last = b"".join(self._file.write(block) for block in self._sound.rest())
        return last + self._file.finish()

    def close(self) -> None:
        """Free the codec, whether or not the file is finished: a client may have left."""
        self._ended = True
        self._file.close()

    def _refuse_if_ended(self) -> None:
        if self._ended:
            raise ValueError("the file is finished: nothing can be appended to it")

    def __enter__(self) -> Encoder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def encoded(samples: bytes | Pcm, rate_in: int, kind: AudioFormat) -> bytes:
    """Return a whole sound as a file whose header states its length."""
    sound = _Resampler(rate_in, kind.rate)
    blocks = [*sound.blocks(_pcm(samples)), *sound.rest()]
    if kind not in _CODECS:
        data = b"".join(block.tobytes() for block in blocks)
        return (wav_header(kind.rate, len(data)) if kind is AudioFormat.WAV else b"") + data
    target = io.BytesIO()
    file = _Container(kind, target)
    try:
        for block in blocks:
            file.encode(block)
        file.end()
    finally:
        file.close()
    return target.getvalue()


class _Resampler:
    """Changes the rate of sound that comes in pieces; its blocks have a bounded length."""

    def __init__(self, rate_in: int, rate_out: int) -> None:
        if not _SLOWEST_RATE <= rate_in <= _FASTEST_RATE:
            raise ValueError(f"no sound has {rate_in} samples per second")
        self._stream: Any = _resampling(rate_in, rate_out) if rate_in != rate_out else None

    def blocks(self, samples: Pcm) -> Iterator[Pcm]:
        for at in range(0, len(samples), _BLOCK):
            block = samples[at : at + _BLOCK]
            yield block if self._stream is None else self._changed(block, last=False)

    def rest(self) -> Iterator[Pcm]:
        """Yield what the filter still holds, at the end."""
        if self._stream is not None:
            yield self._changed(_pcm(b""), last=True)

    def _changed(self, block: Pcm, *, last: bool) -> Pcm:
        import numpy as np  # noqa: PLC0415  (as in `_pcm`)

        changed = self._stream.resample_chunk(block.astype(np.float32), last=last)
        limits = np.iinfo(np.int16)
        found: Pcm = np.clip(np.rint(changed), limits.min, limits.max).astype("<i2")
        return found


def _pcm(samples: bytes | Pcm) -> Pcm:
    import numpy as np  # noqa: PLC0415  (13 MB: only when somebody speaks)

    return np.frombuffer(samples, dtype="<i2")


def _resampling(rate_in: int, rate_out: int) -> Any:
    import soxr  # noqa: PLC0415  (only when somebody speaks: the server starts without it)

    return soxr.ResampleStream(rate_in, rate_out, 1, dtype="float32")


class _File(Protocol):
    """A file that grows: each call returns the bytes that are complete."""

    def write(self, block: Pcm) -> bytes: ...
    def finish(self) -> bytes: ...
    def close(self) -> None: ...


def _stream(kind: AudioFormat) -> _File:
    if kind in _CODECS:
        return _Coded(kind)
    return _Plain(wav_header(kind.rate, UNKNOWN_LENGTH) if kind is AudioFormat.WAV else b"")


class _Plain:
    """Samples as they are, after a header."""

    def __init__(self, header: bytes) -> None:
        self._header = header

    def write(self, block: Pcm) -> bytes:
        header, self._header = self._header, b""
        return header + block.tobytes()

    def finish(self) -> bytes:
        return self._header

    def close(self) -> None:
        """Do nothing: there is no codec."""


class _Waiting:
    """What a container has written, and nobody has taken yet. It cannot seek: what is sent cannot be changed."""

    def __init__(self, start: bytes) -> None:
        self._data = bytearray(start)

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def take(self) -> bytes:
        data = bytes(self._data)
        self._data.clear()
        return data


class _Coded:
    """Sound in a codec and its container."""

    def __init__(self, kind: AudioFormat) -> None:
        self._out = _Waiting(mp3_header(kind.rate, _MP3_BITS) if kind is AudioFormat.MP3 else b"")
        self._container = _Container(kind, self._out)

    def write(self, block: Pcm) -> bytes:
        self._container.encode(block)
        return self._out.take()

    def finish(self) -> bytes:
        self._container.end()
        self._container.close()
        return self._out.take()

    def close(self) -> None:
        self._container.close()


class _Container:
    """A container of PyAV that writes to `target` at once."""

    def __init__(self, kind: AudioFormat, target: io.BytesIO | _Waiting) -> None:
        import av  # noqa: PLC0415  (30 MB: only when somebody speaks)

        codec = _CODECS[kind]
        options = {**codec.container_options, "fflags": "flush_packets"}
        self._frame = av.AudioFrame
        self._file: av.container.OutputContainer = av.open(
            target, "w", format=codec.container, container_options=options
        )
        track = self._file.add_stream(codec.name, rate=kind.rate, layout="mono", options=codec.options)
        self._track = cast("AudioStream", track)
        if codec.bits:
            self._track.bit_rate = codec.bits
        self._rate, self._at = kind.rate, 0

    def encode(self, block: Pcm) -> None:
        if not len(block):
            return
        frame = self._frame.from_ndarray(block.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = self._rate, self._at
        self._at += len(block)
        self._file.mux(self._track.encode(frame))

    def end(self) -> None:
        self._file.mux(self._track.encode(None))

    def close(self) -> None:
        self._file.close()
