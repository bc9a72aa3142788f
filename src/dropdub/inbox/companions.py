"""Which subtitle in a folder belongs to which film, by name: `clip.srt` or `clip.en.srt` to `clip.mp4`. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from dropdub.files.durable import key, numbered_folder
from dropdub.languages import tag_in_name
from dropdub.media.suffixes import MEDIA_SUFFIXES, SUBTITLE_SUFFIXES


def is_subtitle(name: str) -> bool:
    return Path(name).suffix.casefold() in SUBTITLE_SUFFIXES


def is_film(name: str) -> bool:
    """Return whether a name is that of a recording, with or without a picture."""
    return Path(name).suffix.casefold() in MEDIA_SUFFIXES


def bare_name(name: str) -> str:
    """Return a subtitle's name without its language: `clip.srt` for `clip.en.srt`; another file's as it is."""
    return tag_in_name(Path(name).stem)[0] + Path(name).suffix if is_subtitle(name) else name


def owner_of(subtitle: str, films: Iterable[str]) -> str | None:
    """Return the film that a subtitle belongs to; None where there is none. Capitals make no difference.

    A film of the very name comes before one that only the language parts from it, then the first by name.
    """
    return _owner(subtitle, _by_stem(films))


def companions(names: Iterable[str]) -> dict[str, str]:
    """Return the subtitle of each film that has one, by the film's name; of several, the one that names no language.

    Those that are left over are files of their own.
    """
    known = list(names)
    films = _by_stem(known)
    owned = [(owner, name) for name in sorted(filter(is_subtitle, known)) if (owner := _owner(name, films))]
    found: dict[str, str] = {}
    for owner, name in sorted(owned, key=lambda pair: tag_in_name(Path(pair[1]).stem)[1] is not None):
        found.setdefault(owner, name)
    return found


def companion_name(film: str, subtitle: str) -> str:
    """Return what a subtitle is called beside its film, whatever number that has got: `clip (2).en.srt`."""
    stem, own = Path(film).stem, Path(subtitle).stem
    tag = None if key(own) == key(stem) else tag_in_name(own)[1]
    ending = (f".{tag}" if tag else "") + Path(subtitle).suffix
    return numbered_folder(stem, 1, room=len(ending.encode())) + ending


def _by_stem(names: Iterable[str]) -> dict[str, str]:
    """Return the films by what makes the names of subtitles the same as theirs."""
    found: dict[str, str] = {}
    for name in sorted(filter(is_film, names)):
        found.setdefault(key(Path(name).stem), name)
    return found


def _owner(subtitle: str, films: Mapping[str, str]) -> str | None:
    stem = Path(subtitle).stem
    return films.get(key(stem)) or films.get(key(tag_in_name(stem)[0]))
