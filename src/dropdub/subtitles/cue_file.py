"""Read the cues of a user's subtitle file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from dropdub.errors import NotText, TooLarge
from dropdub.subtitles.formats import Cue
from dropdub.subtitles.reading import parse_cues
from dropdub.text.reading import decoded
from dropdub.untrusted.characters import as_read


def read_cues(path: Path) -> list[Cue]:
    """Return the cues of a subtitle file.

    Raises NotText if it cannot be read or contains no cues, TooLarge if it contains too much, and OSError.
    """
    try:
        found = parse_cues(decoded(path), kind=path.suffix.lower()[1:])
    except TooLarge as error:
        raise TooLarge(f"{path.name} is too large for a subtitle file. {error.message}", remedy=error.remedy) from error
    cues = [replace(cue, lines=lines) for cue in found if (lines := tuple(_lines(cue)))]
    if not cues:
        remedy = "Correct or remove it, then run: `dropdub retry JOB`."
        raise NotText(f"{path.name} contains no readable subtitles.", remedy=remedy)
    return cues


def _lines(cue: Cue) -> Iterator[str]:
    """Return the lines of a cue as all texts are read; entities may have brought in other characters."""
    return (line for one in cue.lines if (line := " ".join(as_read(one).split())))
