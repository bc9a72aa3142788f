"""What is to be compared, and what came out of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dropdub.engines.licence import Commercial
from dropdub.operations.comparing.contenders import Role
from dropdub.operations.comparing.rows import Row


@dataclass(frozen=True)
class Wish:
    """What is to be compared. `role`: None to infer it from the file; `engines`: empty for the two best usable.

    `language` and `to` are tags; None for what the settings say. `truth` says what is right; None to look beside the
    file. `out`: the folder for what the engines make; None to keep nothing.
    """

    file: Path
    role: Role | None = None
    engines: tuple[str, ...] = ()
    language: str | None = None
    to: str | None = None
    truth: Path | None = None
    out: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """What one engine made, as in `dropdub engines compare --json`.

    `load_s` is how long its process and model took to start, `seconds` how long the work took, and `ratio` the same
    divided by the length of the sound; null for a text. `peak_memory` in bytes. `words` and `errors` are counted
    against the truth; for speech, of what a transcriber understands. Null without any. `chrf`: of a translation, 0 to
    100. `speakers`: how many a diarizer hears; `wrong_speaker`: the share of the speech that it takes for another's,
    0 to 1. `voices_left`: the share of the speech in which voices are still heard after a separator; `sdr_db`: how
    close what it leaves is to the truth. `file`: where it was kept.

    A diarizer or separator is loaded by its work, so its `seconds` include that.
    """

    engine: str
    model: str | None
    licence: str
    commercial: Commercial
    load_s: float
    seconds: float
    ratio: float | None
    peak_memory: int
    text: str
    sound_s: float | None
    words: int | None
    errors: int | None
    chrf: float | None
    warnings: list[str]
    file: str | None
    speakers: int | None = None
    wrong_speaker: float | None = None
    voices_left: float | None = None
    sdr_db: float | None = None


@dataclass(frozen=True)
class Comparison:
    """Two engines on one file, as in `dropdub engines compare --json`.

    `truth` is the name of the file that says what is right, `listener` the transcriber that heard the speech.
    `differing`: the word errors of the second one's text, measured against the first one's, per word; for diarizers,
    the share of the speech that the second one takes for another speaker's; null for separators.
    """

    file: str
    role: Role
    language: str
    target: str | None
    length_s: float | None
    truth: str | None
    listener: str | None
    differing: float | None
    engines: list[Outcome]
    rows: list[Row]
