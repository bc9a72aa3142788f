"""Which sound track of a recording is worked on. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dropdub.config import JobOptions
from dropdub.errors import NoAudio
from dropdub.languages import display_name, same_language
from dropdub.media.stream_types import AudioStream

_REMEDY = "Set audio_track to a number or a language from that list, or to auto, then: `dropdub retry JOB`."


def chosen_sound(name: str, tracks: Sequence[AudioStream], options: JobOptions) -> AudioStream:
    """Return the track that `audio_track` names by number (from 1) or language.

    `auto` takes one in the language that the options say is spoken, else the file's default, else the first.
    Raises NoAudio where there is none such; its message lists the tracks.
    """
    wanted = options.audio_track
    if isinstance(wanted, int):
        if wanted > len(tracks):
            raise NoAudio(f"{name} has no sound track {wanted}: there {_listed(tracks)}.", remedy=_REMEDY)
        return tracks[wanted - 1]
    if wanted != "auto":
        if (found := _in_language(tracks, wanted)) is None:
            missing = f"{name} has no sound track marked as {display_name(wanted)}"
            raise NoAudio(f"{missing}: there {_listed(tracks)}.", remedy=_REMEDY)
        return found
    spoken = _in_language(tracks, options.language) if options.language != "auto" else None
    return spoken or _first(tracks)


def _in_language(tracks: Sequence[AudioStream], language: str) -> AudioStream | None:
    """Return the track in a language, the file's default before others."""
    alike = [track for track in tracks if track.language and same_language(track.language, language)]
    return _first(alike) if alike else None


def _first(tracks: Sequence[AudioStream]) -> AudioStream:
    return next((track for track in tracks if track.default), tracks[0])


def _listed(tracks: Sequence[AudioStream]) -> str:
    names = [display_name(track.language) if track.language else "no language named" for track in tracks]
    listed = ", ".join(f"{number} ({name})" for number, name in enumerate(names, 1))
    return f"is {listed}" if len(names) == 1 else f"are {listed}"
