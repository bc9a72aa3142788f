"""The cues of a subtitle file that a person brought."""

from __future__ import annotations

from pathlib import Path

from dropdub.errors import NotText, TooLarge
from dropdub.subtitles.formats import Cue
from dropdub.subtitles.reading import parse_cues
from dropdub.text.reading import read_text


def read_cues(path: Path) -> list[Cue]:
    """Return the cues of a subtitle file.

    Raises NotText where it cannot be read or shows nothing, TooLarge where it holds too much, and OSError.
    """
    try:
        cues = parse_cues(read_text(path), kind=path.suffix.lower()[1:])
    except TooLarge as error:
        raise TooLarge(f"{path.name} is no subtitle that people made. {error.message}", remedy=error.remedy) from error
    if not cues:
        remedy = "Correct it, or take it away, then: `dropdub retry JOB`."
        raise NotText(f"{path.name} holds no subtitles that can be read.", remedy=remedy)
    return cues
