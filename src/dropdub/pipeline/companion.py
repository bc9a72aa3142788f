"""The subtitle that accompanies the source of a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Companion:
    """A subtitle that came with the source, or that corrects earlier outputs.

    `film`: the recording's file name, which shows what in the subtitle's name is the title, and what its language.
    In the second case, `before` is the transcript it corrects; if the SHA-256 is no longer `before_sha256`, somebody
    has replaced it. `language` is the film's, as far as it is known without listening. `fps` is the frame rate of the
    source, for subtitles whose times are frames; None if unknown. `speakers`: new names for the speakers of the
    transcript it corrects.
    """

    path: Path
    before: Path | None = None
    before_sha256: str | None = None
    language: str | None = None
    fps: float | None = None
    film: str = ""
    speakers: Mapping[str, str] = field(default_factory=dict)

    @property
    def revises(self) -> bool:
        """Return whether it corrects the outputs of an earlier job."""
        return self.before is not None


@dataclass(frozen=True)
class UserSubtitle:
    """The subtitle that came with a recording.

    `target` is the language it translates into, None if it is the transcript. `revises`: whether it corrects the
    outputs of an earlier job. `language`: that of a transcript, which is the spoken one; else None.
    """

    name: str = ""
    target: str | None = None
    cues: int = 0
    revises: bool = False
    language: str | None = None

    @property
    def is_transcript(self) -> bool:
        """Return whether nothing has to be transcribed: it is the transcript, or an earlier one is reused."""
        return self.target is None or self.revises
