"""Speech made faster or slower, its pitch kept: by Rubber Band where this ffmpeg has it, else by ffmpeg's WSOLA."""

from __future__ import annotations

from pathlib import Path

from dropdub.media.ffmpeg import UNTAGGED, has_filter, input_arguments, run_ffmpeg
from dropdub.media.sound.spans import Span


def stretcher() -> str:
    """Return the name of the filter that stretches. Raises EngineMissing and MediaToolFailed."""
    return "rubberband" if has_filter("rubberband") else "atempo"


def stretch(source: Path, target: Path, *, span: Span, speed: float, deadline_s: float) -> None:
    """Write what lies in `span` of a sound file as WAV, `speed` times as fast (0.5 to 2).

    Its length is exact to a sample by Rubber Band, to 20 ms by WSOLA. Raises what `run_ffmpeg` raises.
    """
    options = f"rubberband=tempo={speed:.6f}:pitchq=quality" if stretcher() == "rubberband" else f"atempo={speed:.6f}"
    cut = f"atrim={span.start:.6f}:{span.end:.6f},asetpts=N/SR/TB"
    run_ffmpeg(
        [*input_arguments(source), "-af", f"{cut},{options}", "-c:a", "pcm_s16le", *UNTAGGED, "-f", "wav", str(target)],
        deadline_s=deadline_s,
        threads=1,
    )
