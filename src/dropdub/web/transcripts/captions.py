"""Transcripts as subtitles, laid out like those that Dropdub writes into the outbox."""

from __future__ import annotations

from dropdub.config import SubtitleStyle
from dropdub.pipeline.artifacts import Transcript
from dropdub.subtitles.formats import as_srt, as_vtt
from dropdub.subtitles.layout import Cue, layout

DEFAULT_STYLE = SubtitleStyle()


def srt(transcript: Transcript, style: SubtitleStyle = DEFAULT_STYLE) -> str:
    """Return a transcript as SubRip."""
    return as_srt(_cues(transcript, style))


def vtt(transcript: Transcript, style: SubtitleStyle = DEFAULT_STYLE) -> str:
    """Return a transcript as WebVTT."""
    return as_vtt(_cues(transcript, style))


def _cues(transcript: Transcript, style: SubtitleStyle) -> list[Cue]:
    return layout(transcript.segments, style, language=transcript.language)
