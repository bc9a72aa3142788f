"""Match subtitles to recordings by name: `clip.srt` or `clip.en.srt` belongs to `clip.mp4`. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from dropdub.files.durable import key, numbered_folder
from dropdub.inbox.subtitle_names import ending_beside, name_alone, name_among, name_beside, shortest_film
from dropdub.media.suffixes import MEDIA_SUFFIXES, SUBTITLE_SUFFIXES


def is_subtitle(name: str) -> bool:
    return Path(name).suffix.casefold() in SUBTITLE_SUFFIXES


def is_recording(name: str) -> bool:
    """Return whether a file name is that of an audio or video recording."""
    return Path(name).suffix.casefold() in MEDIA_SUFFIXES


def bare_name(name: str) -> str:
    """Return a subtitle's name without its language: `clip.srt` for `clip.en.srt`; other names unchanged."""
    return name_alone(Path(name).stem).film + Path(name).suffix if is_subtitle(name) else name


def films_begin_with(subtitle: str) -> str:
    """Return what the name of every recording begins with that a subtitle may belong to."""
    return shortest_film(Path(subtitle).stem)


def owner_of(subtitle: str, recordings: Iterable[str]) -> str | None:
    """Return the recording that a subtitle belongs to; None if there is none. Ignores case.

    A recording with exactly the subtitle's stem comes first, then the one with the longest name; of several with one
    stem, the first by name is taken.
    """
    return _owner(subtitle, _by_stem(recordings))


def companions(names: Iterable[str], *, timed: Collection[str] = ()) -> dict[str, str]:
    """Return the subtitle of each recording that has one, by the recording's name.

    Of several subtitles, one of the whole text is preferred, then one without a language, then one without
    descriptions of sounds. The others are independent files, except `spare_subtitles`. `timed`: other names of
    subtitles than those with a suffix of one.
    """
    known = list(names)
    return {owner: found[0] for owner, found in _subtitles_of(known, timed).items()}


def spare_subtitles(names: Iterable[str], *, timed: Collection[str] = ()) -> dict[str, str]:
    """Return the subtitles that are not used, each with the one that goes with the same recording.

    They say the same as another one in other words, for people who do not hear, or hold only a part of the text.
    """
    spare: dict[str, str] = {}
    for owner, found in _subtitles_of(list(names), timed).items():
        for at, name in enumerate(found):
            if any(is_spare(name, beside=better, film=owner) for better in found[:at]):
                spare[name] = found[0]
    return spare


def is_spare(subtitle: str, *, beside: str, film: str) -> bool:
    """Return whether a subtitle of a recording is not used because another one, `beside`, is."""
    one, other = (name_beside(Path(name).stem, Path(film).stem) for name in (subtitle, beside))
    if one is None or other is None or one.marks == other.marks:
        return False
    return one.is_partial or (bool(one.marks) and one.language == other.language)


def is_picture_index(name: str) -> bool:
    """Return whether a name is that of VobSub's index."""
    return Path(name).suffix.casefold() == ".idx"


def is_of_pictures(name: str, pictures: Collection[str]) -> bool:
    """Return whether a file is VobSub: pictures of subtitles, and an index of the same name (stems: `pictures`).

    Dropdub cannot read them, and a recording must not fail for that.
    """
    return Path(name).suffix.casefold() in (".sub", ".idx") and key(Path(name).stem) in pictures


def companion_name(recording: str, subtitle: str) -> str:
    """Return the name of a subtitle next to its recording, which may have been numbered: `clip (2).en.srt`."""
    stem, own = Path(recording).stem, Path(subtitle).stem
    ending = ending_beside(own, stem) + Path(subtitle).suffix
    return numbered_folder(stem, 1, room=len(ending.encode())) + ending


def _by_stem(names: Iterable[str]) -> dict[str, str]:
    """Return the recordings by the key of their stem, which subtitles are matched by."""
    found: dict[str, str] = {}
    for name in sorted(filter(is_recording, names)):
        found.setdefault(key(Path(name).stem), name)
    return found


def _subtitles_of(names: Sequence[str], timed: Collection[str]) -> dict[str, list[str]]:
    """Return the subtitles of each recording that has any, the one to use first."""
    recordings, found = _by_stem(names), dict[str, list[tuple[tuple[bool, bool, bool, bool, str], str]]]()
    pictures = {key(Path(name).stem) for name in names if is_picture_index(name)}
    for subtitle in (name for name in names if is_subtitle(name) or name in timed):
        if is_of_pictures(subtitle, pictures):
            continue
        name = name_among(Path(subtitle).stem, recordings)
        if name is not None:
            has_sounds = bool(name.marks)
            rank = (name.is_partial, name.language is not None, not name.is_default, has_sounds, subtitle)
            found.setdefault(recordings[key(name.film)], []).append((rank, subtitle))
    return {owner: [name for _, name in sorted(ranked)] for owner, ranked in found.items()}


def _owner(subtitle: str, recordings: Mapping[str, str]) -> str | None:
    name = name_among(Path(subtitle).stem, recordings)
    return None if name is None else recordings[key(name.film)]
