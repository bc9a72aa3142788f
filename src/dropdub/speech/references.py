"""The recordings of known speakers: decoded, checked, and cut into windows whose voice can be compared."""

from __future__ import annotations

from pathlib import Path

from dropdub.errors import DeadlineExceeded, MediaToolFailed, NoAudio, TooLarge
from dropdub.media.ffmpeg import input_arguments, run_ffmpeg
from dropdub.pipeline.artifacts import Segment
from dropdub.speech.diarization import SHORTEST_S, Stretch, stretches
from dropdub.speech.vad import speech_spans
from dropdub.speech.voice_band import SPEECH_RATE_HZ

LONGEST_S = 30.0
"""How much of a recording is read: more speech hardly changes the embedding of a voice."""
DEADLINE_S = 60.0
"""To decode half a minute, which takes a tenth of a second."""
_MOST_BYTES = 2_000_000
"""Half a minute has 960,000."""
_REMEDY = "Send 2 to 10 s in which only this person speaks."


def decode_reference(file: Path, target: Path, *, name: str, deadline_s: float) -> None:
    """Write the sound of a recording of `name` as one channel at 16 kHz.

    Raises NoAudio if no sound can be read, or nobody speaks for 0.6 s, the shortest speech that can be compared.
    """
    sound = ["-vn", "-ac", "1", "-ar", str(SPEECH_RATE_HZ), "-t", f"{LONGEST_S:g}", "-c:a", "pcm_s16le", "-f", "wav"]
    try:
        run_ffmpeg(
            [*input_arguments(file, threads=1), *sound, str(target)],
            deadline_s=min(deadline_s, DEADLINE_S),
            most_bytes=_MOST_BYTES,
        )
    except (MediaToolFailed, DeadlineExceeded, TooLarge) as error:
        if isinstance(error.__cause__, OSError):  # ffmpeg could not be started
            raise
        message = f"No sound can be read from the recording of the known speaker {name}."
        raise NoAudio(message, remedy=_REMEDY) from error
    if not reference_windows(target):
        spoken = f"In the recording of the known speaker {name}, nobody speaks for {SHORTEST_S:g} s"
        raise NoAudio(f"{spoken}, which is needed to recognise a voice.", remedy=_REMEDY)


def reference_windows(file: Path) -> list[Stretch]:
    """Return the windows of speech in a recording that `decode_reference` wrote."""
    spans = speech_spans(file)
    return stretches([Segment(number, span.start, span.end, "") for number, span in enumerate(spans)], spans)
