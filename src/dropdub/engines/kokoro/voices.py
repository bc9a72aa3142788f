"""The files of Kokoro's voices: those that come with Dropdub, and those in the folders of models."""

from __future__ import annotations

from pathlib import Path

from dropdub.engines.kokoro.languages import Accent, accent_of

VOICES_MODEL = "kokoro-voices"
"""The model that is all other voices for the languages of the engine."""
_OWN = Path(__file__).parent / "styles"
"""The voices that come with this package; those in the models' folders are added to them."""


def voice_files(*folders: Path) -> dict[str, Path]:
    """Return the file of each voice, by the voice's name: of the last folder that has it. A folder need not exist."""
    return {file.stem: file for place in (_OWN, *folders) for file in place.glob("[a-z][fm]_*.bin")}


def voices_of(accent: Accent, *folders: Path) -> list[str]:
    """Return the voices of an accent, its usual one first if that is there."""
    names = (name for name in voice_files(*folders) if name.startswith(accent.letter))
    return sorted(names, key=lambda name: (name != accent.voice, name))


def is_deep(voice: str) -> bool:
    """Return whether a voice is a man's, as the second letter of its name says."""
    return voice[1:2] == "m"


def speaks(language: str, *folders: Path) -> bool:
    """Return whether there is a voice for a language: in these folders, or one that comes with Dropdub."""
    accent = accent_of(language)
    return accent is not None and bool(voices_of(accent, *folders))
