"""The names of speakers as clients expect them."""

from __future__ import annotations

import string
from collections.abc import Collection, Iterable, Mapping
from itertools import count

from dropdub.pipeline.artifacts import Segment


def letters(
    segments: Iterable[Segment], known: Mapping[str | None, str], *, taken: Collection[str] = ()
) -> dict[str | None, str]:
    """Return a name for each speaker of `segments`: that of `known`, or A, B … in order of appearance.

    A transcript of one person names no speaker: that is `A`, too. Names that are `taken` stand for somebody else, even
    if that one does not speak.
    """
    free = (letter for letter in map(_letter, count()) if letter not in taken)
    found = dict.fromkeys(segment.speaker for segment in segments)
    return {speaker: known[speaker] if speaker in known else next(free) for speaker in found}


def numbered(segments: Iterable[Segment]) -> dict[str | None, str]:
    """Return a name for each speaker of `segments` as whisperX writes it: `SPEAKER_00`."""
    found = dict.fromkeys(segment.speaker for segment in segments)
    return {speaker: f"SPEAKER_{number:02d}" for number, speaker in enumerate(found)}


def _letter(number: int) -> str:
    """Return A to Z, then AA, AB …"""
    higher, place = divmod(number, len(string.ascii_uppercase))
    return (_letter(higher - 1) if higher else "") + string.ascii_uppercase[place]
