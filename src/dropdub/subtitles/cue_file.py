"""Read the cues of a user's subtitle file."""

from __future__ import annotations

from pathlib import Path

from dropdub.errors import NotText, TooLarge
from dropdub.subtitles.formats import Cue
from dropdub.subtitles.reading import parse_cues
from dropdub.text.reading import read_text


def read_cues(path: Path, *, language: str | None = None) -> list[Cue]:
    """Return the cues of a subtitle file, which is probably in `language`.

    Raises NotText if it cannot be read or contains no cues, TooLarge if it contains too much, and OSError.
    """
    try:
        cues = parse_cues(read_text(path, language=language), kind=path.suffix.lower()[1:])
    except TooLarge as error:
        raise TooLarge(f"{path.name} is too large for a subtitle file. {error.message}", remedy=error.remedy) from error
    if not cues:
        remedy = "Correct or remove it, then run: `dropdub retry JOB`."
        raise NotText(f"{path.name} contains no readable subtitles.", remedy=remedy)
    return cues
