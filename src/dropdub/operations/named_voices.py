"""Which voices the settings name: without their recordings, what is to be spoken with them would fail."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from dropdub.config import Config
from dropdub.errors import DropdubError, VoiceInUse
from dropdub.operations.voice_files import existing_voice


def refuse_named(voice: Path, config: Config) -> None:
    """Raise VoiceInUse, which says where, if the settings name the voice of this recording."""
    places = places_naming(voice, config)
    if places:
        raise VoiceInUse(
            f"The voice '{voice.stem}' is named in config.yaml ({', '.join(places)}): what it is to speak would fail.",
            remedy="Name another voice there, or none, and then remove this one.",
        )


def places_naming(voice: Path, config: Config) -> list[str]:
    """Return the dotted names of the settings that name the voice of this recording."""
    return [place for place, name in _named(config) if _is_that(voice, name)]


def _named(config: Config) -> Iterator[tuple[str, str | None]]:
    """Yield each setting that names a voice, and the name."""
    yield "job.voice", config.job.voice
    for profile, options in config.profiles.items():
        yield f"profiles.{profile}.voice", options.get("voice")
    for monitor, file in config.monitor.files.items():
        yield f"monitor.files.{monitor}.voice", file.voice
    for name, voice in config.web.voices.items():
        yield f"web.voices.{name}", voice


def _is_that(voice: Path, name: str | None) -> bool:
    """Return whether a name is that of this recording, however it is written on this file system."""
    with contextlib.suppress(DropdubError, OSError):
        return name is not None and existing_voice(voice.parent, name).samefile(voice)
    return False
