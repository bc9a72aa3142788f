"""Recognise which files in a folder belong to a download that is still under way. Pure.

yt-dlp writes picture and sound one after the other (`talk.f137.mp4`, then `talk.f140.m4a`), joins them in
`talk.temp.mp4`, and renames that to `talk.mp4`. Before, it writes `talk.info.json`, `talk.webp` and `talk.en.vtt`. Each
of these files is complete for a while, but must stay until the download is done. What belongs together has the same
base: `talk`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dropdub.files.durable import key
from dropdub.inbox.companions import is_of_pictures, is_picture_index, is_recording, is_subtitle
from dropdub.inbox.ignore import UNFINISHED
from dropdub.inbox.subtitle_names import name_among

_MARKER = re.compile(
    rf"(?is)(?P<name>.+?)\.(?:{'|'.join(map(re.escape, UNFINISHED))}|part-frag\d+|part\.met|frag\d+)(?:\.part)?"
)
_HIDDEN_MARKER = re.compile(r"(?is)\.(?P<name>.+)\.icloud")
_FORMAT = re.compile(
    r"(?P<base>.+)\.f(?:[0-9]{2,}[0-9a-z]*(?:[-_+.][0-9a-zA-Z=]+)*"
    r"|(?:hls|dash|https?|mpd|m3u8|rtmp|rtsp|video|audio|source|original|fallback|format)(?:[-_=:,.+][-\w=:,.+]*)?)"
)
"""The stem of one of several formats that yt-dlp downloads and joins; the part after `.f` is a site's own."""
_IN_WORK = re.compile(r"(?P<base>.+)\.(?:temp|uncut|orig|merged\.temp)")
"""The stem of a file that yt-dlp and ffmpeg work on, to replace the one without it."""
_DESCRIBING = (".info.json", ".live_chat.json", ".rechat.json", ".comments.json", ".annotations.xml", ".description")
"""Suffixes of what yt-dlp writes about a recording before it downloads it."""
_PICTURES = (".webp", ".jpg", ".jpeg", ".png", ".avif", ".nfo", ".meta", ".url", ".thm", ".lrv", ".bif", ".edl", ".md5")
_OF_FOLDER = re.compile(
    r"(?i)(?:.*[ ._-])?(?:poster|cover|folder|fanart|backdrop|background|banner|(?:clear)?logo|landscape"
    r"|thumb(?:nail)?|disc|front|back|albumart\w*)[0-9]*\.(?:jpe?g|png|webp|gif|bmp)|(?:movie|tvshow|season|album)\.nfo"
    r"|.+\.(?:sfv|torrent|lnk|url|m3u8?|bif|cpi)"
)
"""What players, download programs and cameras put into a folder of recordings, whatever those are named."""
_BROWSER_ID = re.compile(r"(?s)(.+)\.[^.]{8}(\.[^.]+)")


@dataclass(frozen=True)
class Downloads:
    """What the names in one folder say about downloads. All names and bases are keys (`durable.key`)."""

    names: frozenset[str] = frozenset()
    """Names that unfinished downloads will have."""
    bases: frozenset[str] = frozenset()
    wholes: frozenset[str] = field(default=frozenset())
    """Bases of the recordings that are no parts."""
    parts: frozenset[str] = frozenset()
    """Bases of the parts."""
    pictures: frozenset[str] = frozenset()
    """Stems of subtitles that are pictures."""
    is_top: bool = False
    """Whether the folder is the inbox itself."""

    @staticmethod
    def among(names: Sequence[str], *, is_top: bool = False) -> Downloads:
        """Return what the names in a folder say, unfinished and hidden ones included."""
        coming = frozenset(key(name) for unfinished in names for name in _final_names(unfinished))
        recordings = [name for name in names if is_recording(name)]
        return Downloads(
            names=coming,
            bases=frozenset(key(base_of(name)) for name in coming),
            wholes=frozenset(key(base_of(name)) for name in recordings if not is_part(name)),
            parts=frozenset(key(base_of(name)) for name in names if is_part(name)),
            pictures=frozenset(key(Path(name).stem) for name in names if is_picture_index(name)),
            is_top=is_top,
        )

    def awaits(self, name: str) -> bool:
        """Return whether an unfinished download will become this file, or what it belongs to."""
        if key(name) in self.names:
            return True
        return bool(self.bases) and self._base_among(name, self.bases) is not None

    def is_beside_whole(self, name: str) -> bool:
        """Return whether a file describes a recording in the folder, or is of its subtitles that are pictures."""
        if is_of_pictures(name, self.pictures):
            return name_among(Path(name).stem, self.wholes) is not None
        if is_of_folder(name, is_top=self.is_top) and self.wholes:
            return True
        return is_side_file(name) and key(base_of(name)) in self.wholes

    def group_of(self, name: str) -> str | None:
        """Return the base of the files that must settle together with this one; None if it is on its own."""
        found = self._base_among(name, self.parts | self.wholes if is_recording(name) else self.parts)
        is_apart = found in self.wholes and _FORMAT.fullmatch(Path(name).stem)
        return f"{found}\0parts" if is_apart else found

    def _base_among(self, name: str, bases: Collection[str]) -> str | None:
        if is_subtitle(name):
            found = name_among(Path(name).stem, bases)
            return key(found.film) if found is not None else None
        base = key(base_of(name)) if is_recording(name) or is_side_file(name) else None
        return base if base in bases else None


def is_part(name: str) -> bool:
    """Return whether a name is that of a part of a download, or of what is written about one before it begins."""
    stem = Path(name).stem
    return _described(name) is not None or (
        is_recording(name) and bool(_FORMAT.fullmatch(stem) or _IN_WORK.fullmatch(stem))
    )


def is_side_file(name: str) -> bool:
    """Return whether a name is that of a picture or a description, as programs write them beside a recording."""
    return _described(name) is not None or name.casefold().endswith(_PICTURES)


def is_of_folder(name: str, *, is_top: bool) -> bool:
    """Return whether a name is that of a file about all recordings in its folder, such as a cover.

    `is_top`: whether it is in the inbox itself, where files do not belong together.
    """
    return not is_top and _OF_FOLDER.fullmatch(name) is not None


def base_of(name: str) -> str:
    """Return the name of the recording that a file belongs to, without suffix: `talk` of `talk.f137.mp4`."""
    described = _described(name)
    stem = Path(name).stem if described is None else described
    found = _FORMAT.fullmatch(stem) or _IN_WORK.fullmatch(stem)
    return found["base"] if found and is_recording(name) else stem


def _described(name: str) -> str | None:
    suffix = next((suffix for suffix in _DESCRIBING if name.casefold().endswith(suffix)), None)
    return name[: -len(suffix)] if suffix is not None and len(name) > len(suffix) else None


def _final_names(name: str) -> Iterable[str]:
    """Return the names that an unfinished download may get; none for any other file.

    Browsers create an empty `clip.mp4` next to `clip.mp4.part`, newer ones next to `clip.Xy12AbCd.mp4.part`.
    """
    found = _HIDDEN_MARKER.fullmatch(name) or _MARKER.fullmatch(name)
    if found is None:
        return ()
    final = found["name"]
    browser = _BROWSER_ID.fullmatch(final)
    return (final, browser[1] + browser[2]) if browser else (final,)
