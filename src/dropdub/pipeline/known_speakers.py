"""The recordings of known speakers that came with a request: beside its file, until the job ends.

work/uploads/ID/file/NAME    the file to transcribe
work/uploads/ID/speakers/0   the voice of the first known speaker, as it was sent
"""

from __future__ import annotations

from pathlib import Path

FOLDER = "speakers"


def sent_voice(file: Path, number: int) -> Path:
    """Return where the voice of a known speaker is that came with `file`; they count from 0."""
    return file.parent.parent / FOLDER / str(number)
