"""Read the names of subtitles as players and subtitle managers write them: `clip.en.hi.srt`, `clip.English.SDH.srt`.

What follows the film's name is its ending: a language, marks such as `forced` or `sdh`, and numbers, in any order. The
conventions are those of Bazarr, Radarr, Sonarr, Plex, Jellyfin, Emby, Kodi, VLC, FileBot, yt-dlp and MKVToolNix. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from dropdub.files.durable import key
from dropdub.inbox.subtitle_words import ALIASES, FILLERS, HEARING, MARKS, PARTIAL, REGIONS, TITLE_WORDS
from dropdub.language_names import tag_named
from dropdub.languages import is_known, primary, standard_tag

_Part = tuple[str, str]
"""The character before a word of the ending, and the word."""
_SEPARATORS = "._- [({"
_PART = re.compile(r"([\s._\-\[\](){},&+#]?)([^\s._\-\[\](){},&+#]+)")
_PREFIX = re.compile(
    r"(?s)(?:\[(?P<square>[^\]]{2,40})\][ ._-]*|\((?P<round>[^)]{2,40})\)[ ._-]*|(?P<word>\w[^\[\]]{1,38}?) - "
    r"|(?P<code>[a-z]{2,3}(?:-[A-Za-z]{2,4})?|[A-Z]{2,3}(?:-[A-Z]{2})?)_)(?P<film>.+)"
)
"""An ending in front: of sites that save the subtitles of YouTube (`[English] clip`), and of people (`EN_clip`)."""
_SITE = re.compile(r"(?i)[ ._-]*\[(?:www\.)?[a-z0-9]{3,20}\.(?:com|net|org)\]")
_NUMBER = re.compile(r"(?:track)?[0-9]{1,3}")
_OF_YOUTUBE = re.compile(r"\.([a-z]{2,3}(?:-[A-Za-z]{2,4}){0,2})-(?:[A-Za-z0-9_-]{11}|orig)$")
"""yt-dlp adds the track's id to the language of subtitles that somebody named: `clip.en-j3PyPqV-e1s.vtt`."""
_COPY = re.compile(r" \([0-9]+\)")
_LONGEST = 64
"""Longest ending, in characters."""
_MOST_WORDS = 4


@dataclass(frozen=True)
class SubtitleName:
    """A subtitle's name without its suffix: the film's name, and what the ending says."""

    film: str
    ending: str = ""
    language: str | None = None
    marks: frozenset[str] = frozenset()
    """What distinguishes it from other subtitles of the same film and language: `sdh`, `partial`, a number."""
    is_default: bool = False
    is_doubtful: bool = False
    """Whether the language may be a word of the title, or `hi` the mark for people who do not hear."""

    @property
    def is_partial(self) -> bool:
        """Return whether it holds only a part of what is said, such as the lines in a foreign language."""
        return "partial" in self.marks


def name_among(stem: str, films: Container[str]) -> SubtitleName | None:
    """Return what a subtitle's stem says beside films with these keys (see `durable.key`); None if it is no film's.

    A film of exactly its name comes first, then the one with the longest name.
    """
    if key(stem) in films:
        return SubtitleName(stem)
    found = (_split(stem, at) for at in _splits(stem) if key(stem[:at]) in films)
    first = next((name for name in found if name is not None), None)
    return first or next((name for name in _prefixed(stem) if key(name.film) in films), None)


def shortest_film(stem: str) -> str:
    """Return the shortest name that the film of a subtitle can have, so that each film it may be of begins with it."""
    films = [name.film for at in _splits(stem) if (name := _split(stem, at)) is not None]
    return min(films, key=len, default=next((name.film for name in _prefixed(stem)), stem))


def name_beside(stem: str, film: str) -> SubtitleName | None:
    """Return what a subtitle's stem says beside the film with this stem; None if it is not its subtitle's."""
    return name_among(stem, {key(film)})


def name_alone(stem: str) -> SubtitleName:
    """Return what a subtitle's stem says if its film is unknown: only what can hardly be a word of a title counts."""
    for at in reversed(list(_splits(stem))):
        name = _split(stem, at) if stem[at] in ".[(" or stem[at : at + 2] in (" [", " (") else None
        if name is not None and not _may_be_title(name.ending) and (name.language or _is_marked(name.ending)):
            return replace(name, is_doubtful=_is_word(name))
    return SubtitleName(stem)


def name_as_ending(stem: str, film: str) -> SubtitleName | None:
    """Return what a stem says that is only the ending of a film's subtitle: `2_English`; None if it is something else.

    The ending in the result begins with a dot.
    """
    return _split(f"{film}.{stem}", len(film)) if len(stem) < _LONGEST else None


def ending_beside(stem: str, film: str) -> str:
    """Return the ending of a subtitle of a film, either of which may have been numbered: `.en` for `clip (2).en`."""
    for one in (film, _COPY.sub("", film) if film.endswith(")") else film):
        name = name_beside(stem, one)
        if name is not None:
            return _COPY.sub("", name.ending, count=1) if _COPY.match(name.ending) else name.ending
    alone = name_alone(stem).ending or name_as_ending(stem, film)
    return alone.ending if isinstance(alone, SubtitleName) else alone or ""


def _splits(stem: str) -> Iterator[int]:
    """Yield the positions at which an ending may begin, the last one first."""
    for at in range(len(stem) - 1, max(0, len(stem) - _LONGEST), -1):
        if stem[at] in _SEPARATORS and stem[:at].strip(_SEPARATORS):
            yield at - 1 if at > 1 and stem[at] in "[({-" and stem[at - 1] == " " else at


def _prefixed(stem: str) -> Iterator[SubtitleName]:
    """Yield what a stem says if its language is in front of the film's name."""
    found = _PREFIX.fullmatch(stem)
    if found is None or key(found["code"] or "") in TITLE_WORDS:
        return
    words = next(filter(None, found.group("square", "round", "word", "code")))
    for film in (found["film"], _SITE.sub("", found["film"])):
        name = _split(f"{film}.{words}", len(film))
        if name is not None and name.language is not None:
            yield name


def _split(stem: str, at: int) -> SubtitleName | None:
    film, ending = stem[:at], stem[at:]
    youtube = _OF_YOUTUBE.fullmatch(ending)
    parts = _PART.findall(youtube[1] if youtube else ending)
    if not parts or _is_of_title(film, ending, parts):
        return None
    read = _read(parts)
    if read is None:
        return None
    language, marks, is_doubtful = read
    return SubtitleName(film, ending, language, marks, "default" in key(ending), is_doubtful)


def _is_of_title(film: str, ending: str, parts: Sequence[_Part]) -> bool:
    """Return whether an ending rather continues the film's name: `clip 2.en`, `What is it`, `Let.It.Be`."""
    before, word = parts[0]
    if before not in ("", ".") and word.isdigit():
        return True
    if len(parts) > 1 or key(word) not in TITLE_WORDS:
        return False
    if word.istitle():
        return True
    return ending[0] in " -" and ending[1:2] not in tuple("[({-") and not (word.isupper() and not film.isupper())


def _read(parts: Sequence[_Part]) -> tuple[str | None, frozenset[str], bool] | None:
    """Return language, marks, and whether the language is doubtful; None if a part is none of these."""
    words = [key(word) for _, word in parts]
    languages: list[str] = []
    marks: set[str] = set()
    has_mark, at = False, 0
    while at < len(words):
        word = words[at]
        is_mark = word in MARKS and (word != "hi" or bool(languages))
        tag, used = (None, 1) if is_mark else _language(parts, at)
        if tag is not None:
            languages.append(tag)
        elif is_mark:
            has_mark = True
            marks |= _kind(word)
        elif _NUMBER.fullmatch(word):
            marks.add(word)
        elif word not in FILLERS:
            return None
        at += used
    return _judged(languages, marks, has_mark=has_mark, is_short="hi" in words)


def _judged(
    languages: Sequence[str], marks: set[str], *, has_mark: bool, is_short: bool
) -> tuple[str | None, frozenset[str], bool] | None:
    """Decide which language counts: `hi` beside another language is the mark; of `pt` and `pt-BR`, the second."""
    others = [tag for tag in languages if tag != "hi"]
    if others and len(others) < len(languages):
        marks = marks | {"sdh"}
    if len({primary(tag) for tag in others}) > 1 or not (languages or has_mark):
        return None
    chosen = max(others or languages, key=lambda tag: tag.count("-"), default=None)
    return chosen, frozenset(marks), chosen == "hi" and is_short and not has_mark


def _kind(word: str) -> set[str]:
    if word in HEARING:
        return {"sdh"}
    return {"partial"} if word in PARTIAL else set()


def _language(parts: Sequence[_Part], at: int) -> tuple[str | None, int]:
    """Return the language that begins with a part, and how many parts it takes; None if there is none."""
    for count in range(min(_MOST_WORDS, len(parts) - at), 0, -1):
        tag = _tag(parts[at : at + count])
        if tag is not None:
            return tag, count
    return None, 1


def _tag(parts: Sequence[_Part]) -> str | None:
    first, *others = (key(word) for _, word in parts)
    named = tag_named((first, *others)) or ALIASES.get("-".join((first, *others)))
    if named is not None:
        return named
    is_code = 2 <= len(first) <= 3 and first.isascii() and first.isalpha() and is_known(first)
    if not is_code or not all(_is_attached(part, to=parts[0][1]) for part in parts[1:]):
        return None
    regions = list(takewhile(REGIONS.__contains__, others))
    if len(regions) < len(others) and not is_known(others[len(regions)]):
        return None
    return "-".join([primary(first), *map(_cased, regions or standard_tag(first).split("-")[1:])])


def _is_attached(part: _Part, *, to: str) -> bool:
    """Return whether a part can belong `to` a language's code: after a dot only if written so, as in `pt.BR`."""
    before, word = part
    if key(word) in MARKS:
        return False
    is_script = len(word) == 4 and key(word) in REGIONS
    return before in ("-", "_") or is_script or (word.isupper() and to.islower() and key(word) in REGIONS)


def _cased(region: str) -> str:
    return region.upper() if len(region) == 2 else region.title() if len(region) == 4 else region


def _is_marked(ending: str) -> bool:
    return any(key(word) in ("forced", "sdh", "cc") for _, word in _PART.findall(ending))


def _may_be_title(ending: str) -> bool:
    """Return whether an ending may begin with words of a title, or of what follows it: `.Is.It`, `.5.en`, `.1080p.en`.

    No program writes a short code so.
    """
    parts = _PART.findall(ending)
    words = [word for _, word in parts if word.istitle()]
    if any(len(word) == 2 or key(word) in TITLE_WORDS for word in words):
        return True
    first = key(parts[0][1])
    return first in FILLERS or (first.isdigit() and parts[1][0] != "_")


def _is_word(name: SubtitleName) -> bool:
    """Return whether a language may be the title's last word: a code that is a word as well, or a name."""
    parts = _PART.findall(name.ending)
    last = key(parts[-1][1])
    return name.is_doubtful or (len(parts) == 1 and (last in TITLE_WORDS or len(last) > 3))
