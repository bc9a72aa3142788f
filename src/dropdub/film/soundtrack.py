"""Choose the audio track to dub. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dropdub.config import JobOptions
from dropdub.errors import NoAudio
from dropdub.languages import display_name, same_language
from dropdub.media.stream_types import AudioStream

_REMEDY = "Set audio_track to a number or a language from that list, or to auto, then run: `dropdub retry JOB`."


def chosen_sound(name: str, tracks: Sequence[AudioStream], options: JobOptions) -> AudioStream:
    """Return the track that `audio_track` names by number (from 1) or language.

    `auto` prefers a track in the language set in the options, then the file's default track, then the first.
    Raises NoAudio if there is no such track; its message lists the tracks.
    """
    wanted = options.audio_track
    if isinstance(wanted, int):
        if wanted > len(tracks):
            raise NoAudio(f"{name} has no audio track {wanted}. {_listed(tracks)}", remedy=_REMEDY)
        return tracks[wanted - 1]
    if wanted != "auto":
        if (found := _in_language(tracks, wanted)) is None:
            missing = f"{name} has no audio track marked as {display_name(wanted)}."
            raise NoAudio(f"{missing} {_listed(tracks)}", remedy=_REMEDY)
        return found
    spoken = _in_language(tracks, options.language) if options.language != "auto" else None
    return spoken or _first(tracks)


def _in_language(tracks: Sequence[AudioStream], language: str) -> AudioStream | None:
    """Return the track in a language, preferably the file's default; None if there is none."""
    alike = [track for track in tracks if track.language and same_language(track.language, language)]
    return _first(alike) if alike else None


def _first(tracks: Sequence[AudioStream]) -> AudioStream:
    return next((track for track in tracks if track.default), tracks[0])


def _listed(tracks: Sequence[AudioStream]) -> str:
    names = [display_name(track.language) if track.language else "language not given" for track in tracks]
    listed = ", ".join(f"{number} ({name})" for number, name in enumerate(names, 1))
    return f"It has only track {listed}." if len(names) == 1 else f"It has tracks {listed}."
