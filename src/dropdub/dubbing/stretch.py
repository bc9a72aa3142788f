"""Change the speed of speech, not its pitch: with Rubber Band if this ffmpeg has it, else with ffmpeg's WSOLA."""

from __future__ import annotations

from pathlib import Path

from dropdub.media.ffmpeg import UNTAGGED, has_filter, input_arguments, run_ffmpeg
from dropdub.media.sound.spans import Span


def stretcher() -> str:
    """Return the name of ffmpeg's time-stretching filter. Raises EngineMissing and MediaToolFailed."""
    return "rubberband" if has_filter("rubberband") else "atempo"


def stretch(source: Path, target: Path, *, span: Span, speed: float, deadline_s: float) -> None:
    """Write the `span` of a sound file as WAV, `speed` times as fast (0.5 to 2).

    The length is exact to a sample with Rubber Band, to 20 ms with WSOLA. Raises the errors of `run_ffmpeg`.
    """
    options = f"rubberband=tempo={speed:.6f}:pitchq=quality" if stretcher() == "rubberband" else f"atempo={speed:.6f}"
    cut = f"atrim={span.start:.6f}:{span.end:.6f},asetpts=N/SR/TB"
    run_ffmpeg(
        [*input_arguments(source), "-af", f"{cut},{options}", "-c:a", "pcm_s16le", *UNTAGGED, "-f", "wav", str(target)],
        deadline_s=deadline_s,
        threads=1,
    )
