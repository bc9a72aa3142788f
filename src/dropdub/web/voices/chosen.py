"""Names of voices in requests: those of the root, those of the engines, and the names that OpenAI's clients send."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dropdub.config import Config

OPENAI_VOICES = frozenset(
    ("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse")
)
"""The voices that OpenAI's API offers (2026-11). A client that has no other choice sends one of them."""
DEFAULT_NAMES = frozenset(("", "default", "auto"))


@dataclass(frozen=True)
class Chosen:
    """The voice that a request is spoken with; None is the default. `warnings` are sentences for the client."""

    name: str | None
    warnings: tuple[str, ...] = ()


def chosen_voice(asked: str | None, config: Config, voices: Path) -> Chosen:
    """Return the voice for the name in a request. `voices` is the folder of the root's voices.

    A name of the root or of the settings (`web.voices`) comes before one of OpenAI's, for which the default voice
    stands in. Any other name is left to the engine, which knows its own.
    """
    name = (asked or "").strip()
    known = config.web.voices.get(name, name)
    if known.lower() in DEFAULT_NAMES:
        return Chosen(config.job.voice)
    if known == name and name.lower() in OPENAI_VOICES and not _is_file(voices, name):
        text = f"The default voice speaks: {name!r} is a voice of OpenAI. Name one of yours for it in web.voices."
        return Chosen(config.job.voice, (text,))
    return Chosen(known)


def stamp(voices: Path, name: str | None) -> str:
    """Return a text that changes when the recording of a voice is replaced."""
    if name is None:
        return ""
    try:
        status = (voices / f"{name}.wav").stat()
    except (OSError, ValueError):
        return ""
    return f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"


def _is_file(voices: Path, name: str) -> bool:
    return bool(stamp(voices, name))
