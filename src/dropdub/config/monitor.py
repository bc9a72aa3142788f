"""The settings of the text monitor: which files are watched, and what becomes of their new lines."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from dropdub.config.fields import Command, LanguageTag, Section, full_path, one_line
from dropdub.files.durable import safe_name

MOST_FILES = 50
LONGEST_NAME = 60


def _file_name(name: str) -> str:
    """Refuse a name that cannot begin the names of saved files. Raises ValueError."""
    if len(name) > LONGEST_NAME or safe_name(name) != name:
        raise ValueError(f"{name!r} cannot begin a file name: use at most {LONGEST_NAME} letters, digits and spaces")
    return name


_FullPath = Annotated[str, Field(max_length=4_096), AfterValidator(one_line), AfterValidator(full_path)]
MonitorName = Annotated[str, Field(min_length=1), AfterValidator(one_line), AfterValidator(_file_name)]


class MonitoredFile(Section):
    """A text file whose new lines are spoken, and how. If `play` is not set, they are played unless they are saved."""

    file: _FullPath
    voice: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(one_line)] | None = None
    language: LanguageTag | None = None
    speed: float = Field(default=1.0, ge=0.25, le=4.0)
    play: bool | None = None
    save: _FullPath | None = None
    format: Literal["wav", "flac", "mp3", "m4a"] = "wav"
    start: Literal["end", "beginning"] = "end"

    @model_validator(mode="after")
    def _has_effect(self) -> MonitoredFile:
        if self.play is False and self.save is None:
            raise ValueError("with play: false, name a folder in which the lines are saved: save: /full/path")
        return self

    @property
    def is_played(self) -> bool:
        """Whether the lines are played."""
        return self.save is None if self.play is None else self.play


class MonitorSettings(Section):
    """The text monitor: files whose new lines are spoken, by the name of each."""

    player: Command = ()
    files: dict[MonitorName, MonitoredFile] = Field(default_factory=dict, max_length=MOST_FILES)
