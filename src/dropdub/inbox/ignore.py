"""Names in the inbox that are never taken: hidden files, unfinished downloads, and other programs' files."""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache

UNFINISHED = """
part partial crdownload download opdownload aria2 filepart ytdl fdmdownload dtapart downloading unfinished incomplete
inprogress !qb !ut !bt bc! az! !sync bts mega xltd td jc! ob! !dl icloud gdownload 360td upload uploading copying dctmp
aria2__temp st lftp-pget-status ffs_tmp kate-swp swp swo dashvideo dashaudio wget wgettmp curltmp
""".split()  # noqa: SIM905
"""Suffixes after the whole name of a file that is still written: `clip.mp4.part`.

They are those of yt-dlp, browsers (Firefox, Chrome, Safari, Opera), aria2, WinSCP, rclone, Free Download Manager,
DownThemAll, Xunlei, FlashGet, Orbit, BitTorrent clients (qBittorrent, µTorrent, BitComet, Vuze), Resilio Sync, MEGA,
iCloud, Google Drive, Telegram, DC++, axel, lftp, FreeFileSync and editors (Kate, Vim).
"""
_COPIES = (
    *("*.tmp", "*.temp", "*.part.met", "*.antifrag", "*.td.cfg", "*.xltd.cfg"),
    *("*.part-frag*", "*.frag[0-9]*", "*.part[-_]*.part", "~syncthing~*", "*___jb_tmp___", "*___jb_old___"),
    *("*.sb-????????-??????", "*~", "#*#", "4913", "~wr[dlac]*", "~tmp*", "~df*.tmp", "*.octransferid*"),
    *("*.~tmp", "*.~[0-9a-f][0-9a-f][0-9a-f][0-9a-f]"),
)
"""Names of unfinished copies, downloads and saves: of eMule, Xunlei, yt-dlp, Syncthing, JetBrains and macOS programs,
editors (Vim, Emacs, gedit), Microsoft Office, OneDrive and ownCloud."""
OTHERS_OWN = (
    *(".*", "~$*", "thumbs.db", "desktop.ini", "ehthumbs*.db", "icon\r", "sync.ffs_db", "sync.ffs_lock"),
    *("@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found"),
)
"""Hidden files, lock files of office programs, and files that desktops, network storage and sync clients create."""


@lru_cache(maxsize=8)
def ignore_pattern(extra: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern that matches the casefolded names to ignore: the usual ones, and `extra` globs (* and ?)."""
    return _any_of((*_unfinished_globs(), *OTHERS_OWN, *extra))


def is_unfinished(name: str) -> bool:
    """Return whether a name is one that other programs give a file while they write it; no hidden name counts."""
    return not name.startswith(".") and _unfinished_pattern().match(name.casefold()) is not None


@lru_cache(maxsize=1)
def _unfinished_pattern() -> re.Pattern[str]:
    return _any_of(_unfinished_globs())


def _unfinished_globs() -> tuple[str, ...]:
    return (*(f"*.{suffix}" for suffix in UNFINISHED), *_COPIES)


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{fnmatch.translate(pattern.casefold())})" for pattern in patterns))
