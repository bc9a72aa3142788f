"""Find the subtitles of recordings in a folder of their own, as releases are packed: `Subs/2_English.srt`.

Their names give only the language, or the recording's name as well; in a folder with several recordings, each may have
one in `Subs` with its name: `Subs/Show.S01E01/2_English.srt`.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dropdub.files.durable import key
from dropdub.files.held import HeldFolder
from dropdub.inbox.companions import is_of_pictures, is_picture_index, is_recording, is_subtitle
from dropdub.inbox.subtitle_names import SubtitleName, name_among, name_as_ending
from dropdub.languages import same_language

_FOLDERS = frozenset(
    """
    sub subs subtitle subtitles srt vtt captions legenda legendas untertitel sottotitoli subtitulos subtítulos
    sous-titres ondertitels undertexter napisy titulky altyazı
    """.split()  # noqa: SIM905
)
_SAMPLE = re.compile(r"(?i)(?:.*[ ._-])?(?:sample|trailer)")
_MOST = 500
"""Maximum number of entries that are looked at in one folder, where anybody may have created thousands."""
_SHORT = 4
"""By how much a partial subtitle is smaller than the whole one, at least: many are not named so."""


@dataclass(frozen=True)
class Packed:
    """A subtitle in a folder of subtitles: the names on its path from there, and its status."""

    place: tuple[str, ...]
    info: os.stat_result
    is_pictures: bool = False
    """Whether it is VobSub, an index and pictures of subtitles, which cannot be read."""


def is_subtitle_folder(name: str) -> bool:
    """Return whether a folder has the name of one for the subtitles of the recordings beside it."""
    return key(name) in _FOLDERS


def with_subtitle_folders(folder: Path) -> Iterator[Path]:
    """Yield a folder, after the folders in it for subtitles and those in them: files are taken from them together."""
    with contextlib.suppress(OSError):
        for inner in (one for one in folder.iterdir() if is_subtitle_folder(one.name) and one.is_dir()):
            yield from (one for one in inner.iterdir() if one.is_dir())
            yield inner
    yield folder


def packed_in(folder: HeldFolder, name: str) -> list[Packed]:
    """Return the subtitles in the subfolder `name`, and in the folders in that. What cannot be read is left out."""
    found: list[Packed] = []
    with contextlib.suppress(OSError), folder.enter(name) as opened:
        for packed, inner in _entries(opened, (name,)):
            found += [packed] if inner is None else [one for one, _ in _entries_of(opened, inner, packed.place)]
    return found


def _entries_of(folder: HeldFolder, name: str, place: tuple[str, ...]) -> list[tuple[Packed, str | None]]:
    with contextlib.suppress(OSError), folder.enter(name) as opened:
        return [(packed, inner) for packed, inner in _entries(opened, place) if inner is None]
    return []


def _entries(folder: HeldFolder, place: tuple[str, ...]) -> Iterator[tuple[Packed, str | None]]:
    """Yield the subtitles in a folder, and the folders in it with their names."""
    names = sorted(folder.names())[:_MOST]
    indexes = {key(Path(name).stem) for name in names if is_picture_index(name)}
    for name in names:
        with contextlib.suppress(OSError):
            info = folder.look(name)
            if stat.S_ISDIR(info.st_mode):
                yield Packed((*place, name), info), name
            elif (
                stat.S_ISREG(info.st_mode)
                and not name.startswith(".")
                and (is_subtitle(name) or is_picture_index(name))
            ):
                yield Packed((*place, name), info, is_of_pictures(name, indexes)), None


def subtitles_of(
    found: Iterable[Packed], recordings: Iterable[str], *, languages: Sequence[str], is_top: bool = False
) -> dict[str, list[Packed]]:
    """Return the packed subtitles of each recording beside their folder, the one to use first.

    That is one of the whole text, in the first of `languages` that there is. `is_top`: whether the recordings are in
    the inbox itself, where what is beside them may be something else.
    """
    named: dict[str, list[tuple[Packed, SubtitleName]]] = {}
    films = _by_stem(recordings)
    for packed in found:
        name = _name_of(packed.place[1:], films, is_top=is_top)
        if name is not None:
            named.setdefault(films[key(name.film)], []).append((packed, name))
    return {film: _ranked(of_film, languages) for film, of_film in named.items()}


def beside_folder(folder: str) -> tuple[str | None, tuple[str, ...]] | None:
    """Divide a place in the inbox, with slashes, into the folder around a folder of subtitles, and the rest.

    `S1/Subs/ep1` is `S1` and `Subs`, `ep1`; None for any other place.
    """
    names = folder.split("/")
    at = next((at for at in (len(names) - 1, len(names) - 2) if at >= 0 and is_subtitle_folder(names[at])), None)
    return None if at is None else ("/".join(names[:at]) or None, tuple(names[at:]))


def is_packed(place: Sequence[str], recording: str) -> bool:
    """Return whether a subtitle may belong to a recording; its path begins with a folder of subtitles beside that."""
    return _name_of(place[1:], _by_stem([recording]), is_top=True) is not None


def _by_stem(recordings: Iterable[str]) -> dict[str, str]:
    return {
        key(Path(name).stem): name
        for name in sorted(recordings, reverse=True)
        if is_recording(name) and not _SAMPLE.fullmatch(Path(name).stem)
    }


def _name_of(place: Sequence[str], films: dict[str, str], *, is_top: bool) -> SubtitleName | None:
    """Return what the name of a subtitle says, with its folder's; None if it is none of the films'."""
    *around, file = place
    stem = Path(file).stem
    named = name_among(stem, films)
    if named is not None:
        outer = name_as_ending(around[0], named.film) if around and named.language is None else None
        return replace(named, language=outer.language, marks=outer.marks) if outer else named
    film = key(around[0]) if around else next(iter(films)) if len(films) == 1 else None
    if film is None or film not in films:
        return None
    own = Path(films[film]).stem
    return name_as_ending(stem, own) or (None if is_top and not around else SubtitleName(own))


def _ranked(found: Sequence[tuple[Packed, SubtitleName]], languages: Sequence[str]) -> list[Packed]:
    largest: dict[str | None, int] = {}
    for packed, name in found:
        largest[name.language] = max(packed.info.st_size, largest.get(name.language, 0))

    def rank(one: tuple[Packed, SubtitleName]) -> tuple[object, ...]:
        packed, name = one
        is_short = packed.info.st_size * _SHORT < largest[name.language]
        preference = next((n for n, tag in enumerate(languages) if _is_in(name, tag)), len(languages))
        number = re.match(r"[0-9]{1,9}", packed.place[-1])
        order = int(number[0]) if number else 0
        return packed.is_pictures, name.is_partial or is_short, preference, "sdh" in name.marks, order, packed.place

    return [packed for packed, _ in sorted(found, key=rank)]


def _is_in(name: SubtitleName, language: str) -> bool:
    return name.language is not None and same_language(name.language, language)
