"""Match subtitles to recordings by name: `clip.srt` or `clip.en.srt` belongs to `clip.mp4`. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from dropdub.files.durable import key, numbered_folder
from dropdub.languages import tag_in_name
from dropdub.media.suffixes import MEDIA_SUFFIXES, SUBTITLE_SUFFIXES


def is_subtitle(name: str) -> bool:
    return Path(name).suffix.casefold() in SUBTITLE_SUFFIXES


def is_recording(name: str) -> bool:
    """Return whether a file name is that of an audio or video recording."""
    return Path(name).suffix.casefold() in MEDIA_SUFFIXES


def bare_name(name: str) -> str:
    """Return a subtitle's name without its language: `clip.srt` for `clip.en.srt`; other names unchanged."""
    return tag_in_name(Path(name).stem)[0] + Path(name).suffix if is_subtitle(name) else name


def owner_of(subtitle: str, recordings: Iterable[str]) -> str | None:
    """Return the recording that a subtitle belongs to; None if there is none. Ignores case.

    A recording with exactly the subtitle's stem comes before one that matches without the language tag; of several,
    the first by name is taken.
    """
    return _owner(subtitle, _by_stem(recordings))


def companions(names: Iterable[str]) -> dict[str, str]:
    """Return the subtitle of each recording that has one, by the recording's name.

    Of several subtitles, the one without a language tag is preferred; the others are independent files.
    """
    known = list(names)
    recordings, pictures = _by_stem(known), {key(Path(name).stem) for name in known if _is_picture_index(name)}
    subtitles = (name for name in sorted(filter(is_subtitle, known)) if not _is_of_pictures(name, pictures))
    owned = [(owner, name) for name in subtitles if (owner := _owner(name, recordings))]
    found: dict[str, str] = {}
    for owner, name in sorted(owned, key=lambda pair: tag_in_name(Path(pair[1]).stem)[1] is not None):
        found.setdefault(owner, name)
    return found


def _is_picture_index(name: str) -> bool:
    return Path(name).suffix.casefold() == ".idx"


def _is_of_pictures(name: str, pictures: Collection[str]) -> bool:
    """Return whether a `.sub` is VobSub: pictures of subtitles, with an index of the same name (`pictures`).

    Dropdub cannot read them, and a recording must not fail for that.
    """
    return Path(name).suffix.casefold() == ".sub" and key(Path(name).stem) in pictures


def companion_name(recording: str, subtitle: str) -> str:
    """Return the name of a subtitle next to its recording, which may have been numbered: `clip (2).en.srt`."""
    stem, own = Path(recording).stem, Path(subtitle).stem
    tag = None if key(own) == key(stem) else tag_in_name(own)[1]
    ending = (f".{tag}" if tag else "") + Path(subtitle).suffix
    return numbered_folder(stem, 1, room=len(ending.encode())) + ending


def _by_stem(names: Iterable[str]) -> dict[str, str]:
    """Return the recordings by the key of their stem, which subtitles are matched by."""
    found: dict[str, str] = {}
    for name in sorted(filter(is_recording, names)):
        found.setdefault(key(Path(name).stem), name)
    return found


def _owner(subtitle: str, recordings: Mapping[str, str]) -> str | None:
    stem = Path(subtitle).stem
    return recordings.get(key(stem)) or recordings.get(key(tag_in_name(stem)[0]))
