"""Read the cues of a user's subtitle file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from dropdub.errors import NotText, TooLarge, TooLong
from dropdub.languages import NO_HINT, Hint
from dropdub.subtitles.ebu_stl import ebu_stl_cues, is_ebu_stl
from dropdub.subtitles.formats import Cue
from dropdub.subtitles.json_cues import JSON_STARTS
from dropdub.subtitles.reading import ReadCues, as_shown, read_subtitle
from dropdub.subtitles.recognition import subtitle_format, unread_format, unread_text_format
from dropdub.subtitles.timed_xml import PICTURES_REMEDY
from dropdub.text.encoding import Decoded
from dropdub.text.reading import HEAD_BYTES, damage_warnings, text_of_head, written_text
from dropdub.untrusted.characters import as_read

_CONVERT = "Convert it to .srt with a program such as Subtitle Edit, then drop that file."


def is_subtitle_file(path: Path) -> bool:
    """Return whether a file's content is subtitles that can be read, whatever its name. Raises NotText, and OSError.

    NotText names the format of subtitles that cannot be read.
    """
    head = _head(path)
    if is_ebu_stl(head):
        return True
    text = text_of_head(head)
    if text is None:
        return False
    if len(head) == HEAD_BYTES and text.lstrip("\ufeff \n\t").startswith(
        JSON_STARTS
    ):  # what JSON is shows only as a whole
        text = written_text(path).text
    _refuse_unread(path, unread_text_format(text), _CONVERT)
    return subtitle_format(text) is not None


def _head(path: Path) -> bytes:
    """Return the first bytes of a file. Raises NotText if they are those of subtitles that are pictures."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    _refuse_unread(path, unread_format(head, suffix=path.suffix.lower()), PICTURES_REMEDY)
    return head


def _text(path: Path, hint: Hint) -> Decoded:
    found = written_text(path, hint=hint)
    _refuse_unread(path, unread_text_format(found.text), _CONVERT)
    return found


def read_cues(path: Path, *, hint: Hint = NO_HINT, fps: float | None = None) -> list[Cue]:
    """Return the cues of a subtitle file. Arguments and errors as in `read_subtitles`."""
    return list(read_subtitles(path, hint=hint, fps=fps).cues)


def read_subtitles(path: Path, *, hint: Hint = NO_HINT, fps: float | None = None) -> ReadCues:
    """Return the cues of a subtitle file, and warnings that name what of it could not be read, or is damaged.

    `hint` helps to find the encoding. `fps`: the film's frame rate, for times in frames.
    Raises NotText if it cannot be read or contains no cues, TooLarge if it contains too much, TooLong for times after
    99 hours, and OSError.
    """
    try:
        found, damage = _read(path, hint, fps)
    except TooLarge as error:
        raise TooLarge(f"{path.name} is too large for a subtitle file. {error.message}", remedy=error.remedy) from error
    except TooLong as error:
        raise TooLong(f"{path.name} is too long. {error.message}", remedy=error.remedy) from error
    cues = tuple(replace(cue, lines=lines) for cue in found.cues if (lines := tuple(_lines(cue))))
    if not cues:
        remedy = "Correct or remove it, then run: `dropdub retry JOB`."
        raise NotText(f"{path.name} contains no readable subtitles.{_what_was_lost(found)}", remedy=remedy)
    return ReadCues(cues, (*(f"In {path.name}: {warning}" for warning in found.warnings), *damage))


def _read(path: Path, hint: Hint, fps: float | None) -> tuple[ReadCues, list[str]]:
    """Return the cues, and a warning if the letters of the file are damaged."""
    is_binary = is_ebu_stl(_head(path))
    try:
        if is_binary:
            return as_shown(ebu_stl_cues(path.read_bytes()), "stl"), []
        written = _text(path, hint)
        cues = read_subtitle(written.text, suffix=path.suffix.lower(), fps=fps)
        return cues, damage_warnings(written, name=path.name)
    except NotText as error:
        if path.name in error.message:
            raise
        raise NotText(f"{path.name} cannot be read as subtitles. {error.message}", remedy=error.remedy) from error


def _what_was_lost(found: ReadCues) -> str:
    return f" {found.warnings[0]}" if found.warnings else ""


def _refuse_unread(path: Path, name: str | None, remedy: str) -> None:
    """Refuse a format by its name. VobSub's index, which is text, belongs to pictures too."""
    if name is not None:
        remedy = PICTURES_REMEDY if name.startswith("VobSub") else remedy
        raise NotText(f"{path.name} is {name}, a subtitle format that Dropdub cannot read.", remedy=remedy)


def _lines(cue: Cue) -> Iterator[str]:
    """Return the lines of a cue as all texts are read; entities may have brought in other characters."""
    return (line for one in cue.lines if (line := " ".join(as_read(one).split())))
