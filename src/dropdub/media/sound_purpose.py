"""What a sound track is for: the film's own sound, a description for the blind, a commentary. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from enum import StrEnum

_LONGEST_TITLE = 200


class Purpose(StrEnum):
    """The purpose of a sound track."""

    UNSTATED = "unstated"
    """Nothing is said about it, as in most files: it is the film's own sound."""
    ORIGINAL = "original"
    """The film's own sound in the language that it was made in."""
    DUB = "dub"
    """The film's sound in another language than it was made in."""
    DESCRIPTION = "audio description"
    """With a narrator for the blind, between and over the film's own voices."""
    COMMENTARY = "commentary"
    """Somebody talks about the film."""
    HARD_OF_HEARING = "version for the hard of hearing"
    """The film's sound, changed for people who hear badly."""
    WITHOUT_SPEECH = "version without speech"
    """Music and effects, or songs to sing to."""

    @property
    def is_films_own(self) -> bool:
        """Return whether the track is the film's sound as everyone hears it."""
        return self in (Purpose.UNSTATED, Purpose.ORIGINAL, Purpose.DUB)


_FLAGS = {
    "visual_impaired": Purpose.DESCRIPTION,
    "descriptions": Purpose.DESCRIPTION,
    "dependent": Purpose.DESCRIPTION,
    "comment": Purpose.COMMENTARY,
    "clean_effects": Purpose.WITHOUT_SPEECH,
    "karaoke": Purpose.WITHOUT_SPEECH,
    "lyrics": Purpose.WITHOUT_SPEECH,
    "hearing_impaired": Purpose.HARD_OF_HEARING,
    "dub": Purpose.DUB,
    "original": Purpose.ORIGINAL,
}
"""ffmpeg's names of the flags, the first that is set decides. In MPEG-TS, they come from the track's descriptors."""
_LANGUAGES = {
    "qad": Purpose.DESCRIPTION,
    "nar": Purpose.DESCRIPTION,
    "zxx": Purpose.WITHOUT_SPEECH,
    "qaa": Purpose.ORIGINAL,
}
"""Codes that stations write in place of a language: France qad and qaa, Finland and Britain nar. ISO 639-2: zxx."""
_TITLES = {
    Purpose.DESCRIPTION: (
        *(r"audio[ -]?d[ei]s[ck]r[iy]", r"descri\w+ d[eo] audio", "audiobeschr", r"\bdescri(?:bed|ptive|ption)\b"),
        *(r"\bdescriti[vo]", r"\bdeskription", r"\bcegos\b", r"\bciegos\b", r"\bnon vedenti\b", "deficientes? visua"),
        *(r"\bdvs\b", "visually", r"\bblind", "horfilm", "syntolk", "synstolk", "kuvailutulkk", "betimleme"),
        *("тифло", "аудиодескрип", "аудиоопис", "незряч", "слабовидящ"),
        *("音声解説", "解説音声", "解説放送", "副音声", r"화면\s?해설", "口述影像"),
    ),
    Purpose.COMMENTARY: (
        *("commenta", "comentari", "kommenta[rt]", r"\bcommento\b", "kommentti", "komentar", "комментар", "коментар"),
        *(r"\bcom\. d[oae]\b", r"\byorum", "rifftrax", "コメンタリー", "코멘터리", "評論", "评论"),
    ),
    Purpose.WITHOUT_SPEECH: (
        *("karaoke", "instrumental", r"\bisolated\b", r"\bisolad[oa]\b", r"\baislad[oa]\b", r"\bm ?& ?e\b"),
        *(r"\b(?:music|score|(?:sound )?effects) only",),
        r"\bmusic (?:and|&|\+) (?:effects|sfx)",
    ),
    Purpose.HARD_OF_HEARING: (
        *("hearing[ -]impaired", "hard of hearing", "malentendant"),
        *("clean audio", "clear dialog", "enhanced dialog", r"dialog\w* enhanced"),
    ),
    Purpose.DUB: (
        r"\bdub(?:bed|bing|lad[oa]|lagem|laje)?\b",
        *(r"\bdoublage\b", r"\bdoblad[oa]\b", "doppiat[oa]", "дубляж", "дублир"),
    ),
    Purpose.ORIGINAL: (r"\b(?:original|originalton|originale)\b", "оригинал", "原声", "原聲"),
}
"""What titles say, in small letters and without accents. The first that fits decides: "original commentary"."""
_SHORT = re.compile(r"(?:^|[\s\[(\-_.,/+])AD(?:$|[\s\])\-_.,/+])")
"""The usual abbreviation of "audio description", only in capitals: `ad` is a word in many languages."""


def purpose_of(flags: Collection[str], *, title: str | None, language: str | None) -> Purpose:
    """Return what a track is for, by its flags (ffmpeg's names), or else its language code, or else its title."""
    flagged = next((purpose for flag, purpose in _FLAGS.items() if flag in flags), None)
    coded = _LANGUAGES.get((language or "").lower())
    stated = flagged or coded
    titled = _titled(title or "")
    # A commentary may be flagged as original: what makes a track unfit counts more.
    if stated is None or (stated.is_films_own and titled is not None and not titled.is_films_own):
        return titled or stated or Purpose.UNSTATED
    return stated


def _titled(title: str) -> Purpose | None:
    title = title[:_LONGEST_TITLE]
    if _SHORT.search(title):
        return Purpose.DESCRIPTION
    small = title.casefold()
    # Without accents, but also as it is: taken apart, Korean syllables and Japanese kana are other characters.
    bare = "".join(one for one in unicodedata.normalize("NFKD", small) if not unicodedata.combining(one))
    return next((purpose for purpose, words in _TITLES.items() if re.search("|".join(words), f"{small}\n{bare}")), None)


def is_language(code: str | None) -> bool:
    """Return whether a track's language code names a language, and not a purpose or nothing."""
    return (code or "").lower() not in {"", "und", "unk", "mis", "mul", *_LANGUAGES}
