"""Warn of speech in another language than that of the transcript: its words there are not what was said. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dropdub.languages import display_name
from dropdub.pipeline.artifacts import OtherLanguage, Segment, Transcript
from dropdub.units import counted, format_moment

_LEAST_S = 10.0
_LEAST_SHARE = 0.2
"""A shorter stretch, in a longer recording, may be a name or a quotation, or music."""
_TIMES_SHOWN = 3


def other_language_warnings(job_name: str, transcript: Transcript) -> list[str]:
    """Return a warning for each language that is spoken for long beside that of the transcript."""
    found: dict[str, list[OtherLanguage]] = {}
    for one in transcript.others:
        found.setdefault(one.language, []).append(one)
    own = display_name(transcript.language)
    spoken_s = _seconds(transcript.segments) + _seconds(transcript.others)
    return [
        f"In {job_name}, {_seconds(stretches):.0f} s seem to be {display_name(language)}, not {own} "
        f"({_moments(stretches)}): the transcript is not reliable there."
        for language, stretches in found.items()
        if _seconds(stretches) >= min(_LEAST_S, _LEAST_SHARE * spoken_s)
    ]


def _seconds(stretches: Sequence[Segment] | Sequence[OtherLanguage]) -> float:
    return sum(one.end - one.start for one in stretches)


def _moments(stretches: Sequence[OtherLanguage]) -> str:
    shown = [f"at {format_moment(one.start)}" for one in stretches[:_TIMES_SHOWN]]
    more = len(stretches) - len(shown)
    return ", ".join(shown) + (f" and {counted(more, 'more place')}" if more else "")
