"""Recognize texts in the inbox whose content is subtitles: SubRip or WebVTT that is named `.txt`."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import BinaryIO

from dropdub.inbox.file_identity import Identity
from dropdub.subtitles.recognition import subtitle_format

_HEAD_BYTES = 8_192
_MOST = 20_000
"""Maximum number of files that are remembered; more are looked at again."""
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class TimedTexts:
    """Remembers which texts hold subtitles: each is looked at once, and again when it has changed."""

    def __init__(self) -> None:
        self._known: dict[Identity, bool] = {}

    def __call__(self, seen: Identity, read: Callable[[], BinaryIO]) -> bool:
        """Return whether the file `seen` holds subtitles, judging by its beginning; False if it cannot be read."""
        if seen not in self._known:
            if len(self._known) >= _MOST:
                self._known.clear()
            try:
                self._known[seen] = holds_subtitles(read)
            except OSError:  # it may be readable at the next scan
                return False
        return self._known[seen]


def holds_subtitles(read: Callable[[], BinaryIO]) -> bool:
    """Return whether the file that `read` opens holds subtitles, judging by its beginning. Raises OSError."""
    with read() as reader:
        return holds_cues(reader.read(_HEAD_BYTES))


def holds_cues(head: bytes) -> bool:
    """Return whether a file that begins so holds subtitles. Their times are ASCII, whatever the encoding."""
    encoding = next((name for mark, name in _MARKS.items() if head.startswith(mark)), "latin-1")
    text = head.decode(encoding, errors="replace")
    return "\0" not in text and subtitle_format(text.replace("\r\n", "\n").replace("\r", "\n")) is not None
