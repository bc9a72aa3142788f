"""The files of Kokoro's voices: those that come with Dropdub, and those in the model's folder."""

from __future__ import annotations

from pathlib import Path

from dropdub.engines.kokoro.languages import Accent, accent_of

_OWN = Path(__file__).parent / "styles"
"""The voices that come with this package; those in the model's folder are added to them."""


def voice_files(folder: Path) -> dict[str, Path]:
    """Return the file of each voice, by the voice's name. `folder` is the model's, which need not exist."""
    return {file.stem: file for place in (_OWN, folder) for file in place.glob("[a-z][fm]_*.bin")}


def voice_of(accent: Accent, folder: Path) -> str | None:
    """Return the usual voice of an accent, else another of its voices; None if there is none."""
    names = sorted(name for name in voice_files(folder) if name.startswith(accent.letter))
    return accent.voice if accent.voice in names else next(iter(names), None)


def speaks_at_once(language: str) -> bool:
    """Return whether a voice for a language comes with Dropdub, so that only the model must be downloaded."""
    return speaks(language, _OWN)


def speaks(language: str, folder: Path) -> bool:
    """Return whether there is a voice for a language."""
    accent = accent_of(language)
    return accent is not None and voice_of(accent, folder) is not None
