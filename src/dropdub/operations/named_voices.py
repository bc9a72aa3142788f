"""Which voices the settings name: without their recordings, what is to be spoken with them would fail."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
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
    yield from _of_options("job", config.job.voice, config.job.voices)
    for profile, options in config.profiles.items():
        yield from _of_options(f"profiles.{profile}", options.get("voice"), options.get("voices") or {})
    for monitor, file in config.monitor.files.items():
        yield f"monitor.files.{monitor}.voice", file.voice
    for name, voice in config.web.voices.items():
        yield f"web.voices.{name}", voice


def _of_options(section: str, voice: str | None, voices: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    yield f"{section}.voice", voice
    for speaker, name in voices.items():
        yield f"{section}.voices.{speaker}", name


def _is_that(voice: Path, name: str | None) -> bool:
    """Return whether a name is that of this recording, however it is written on this file system."""
    with contextlib.suppress(DropdubError, OSError):
        return name is not None and existing_voice(voice.parent, name).samefile(voice)
    return False
