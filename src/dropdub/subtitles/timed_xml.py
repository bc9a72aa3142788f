"""Read the cues of XML subtitles: TTML in all its dialects (DFXP, IMSC, EBU-TT, SMPTE-TT), and YouTube's srv1 to srv3.

ttconv also reads TTML, but its time grows with the square of the number of cues, and pysubs2 knows few of its times.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from dropdub.errors import NotText
from dropdub.subtitles.raw_cues import RawCue, RawCues, several_languages
from dropdub.untrusted.xml import TooMuch, root_of

_DECLARATION = re.compile(r"^\s*<\?xml[^<>]*\?>")
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([a-zA-Z]\w{1,30};)")
_BARE = re.compile(r"&(?!#\d{1,7};|#x[\da-fA-F]{1,6};|[a-zA-Z]\w{0,30};)")
"""Damage that programs leave, and that is easily mended: `R&B`."""
_CLOCK = re.compile(r"(?:(\d{1,6}):)?(\d{1,2}):(\d{2})(?:([.,]\d{1,9})|[:;](\d{1,3})(?:\.\d{1,3})?)?")
_OFFSET = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|ms|m|s|f|t)?")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, None: 1.0}
_HIDDEN = {"metadata", "title", "desc", "copyright", "set", "rt", "rp", "head"}
_READING_AIDS = {"text", "textContainer", "delimiter"}
_SPACE = re.compile(r"[ \t\r\n]+")


def ttml_cues(text: str) -> RawCues:
    """Return the cues of a TTML document. Raises NotText if it is damaged or only has pictures."""
    root = _root(text)
    found = RawCues()
    body = next((one for one in root if _name(one) == "body"), None)
    timing = _Timing.of(root)
    timed = list(timing.cues(body, _Span(0.0, None))) if body is not None else []
    found.losses += timing.unread(root)
    languages = list(dict.fromkeys(language for language, cue in timed if cue.text))
    cues = [cue for language, cue in timed if not languages or language == languages[0]]
    found.cues = _from_the_start(cues, timing.programme_start(root))
    if len(languages) > 1:
        found.losses.append(several_languages(languages[0] or "the first", languages[1:]))
    pictures = any(_name(one) == "image" or "backgroundImage" in map(_bare, one.keys()) for one in root.iter())
    if pictures and not any(cue.text for cue in found.cues):
        raise NotText("Its subtitles are pictures, not text.", remedy=PICTURES_REMEDY)
    return found


def _from_the_start(cues: Sequence[RawCue], start_s: float) -> list[RawCue]:
    """Return cues with times from the start of a programme that begins at `start_s`, often 10 h; tapes count so."""
    if not start_s or any(cue.start < start_s for cue in cues):
        return list(cues)
    return [
        replace(cue, start=round(cue.start - start_s, 3), end=None if cue.end is None else round(cue.end - start_s, 3))
        for cue in cues
    ]


PICTURES_REMEDY = "Read its pictures with a program such as Subtitle Edit, save them as .srt, then drop that file."


def timedtext_cues(text: str) -> RawCues:
    """Return the cues of YouTube's formats srv1, srv2 and srv3. Raises NotText if the file is damaged."""
    found = RawCues()
    for one in _root(text).iter():
        name, values = _name(one), one.attrib
        if name not in ("p", "text") or not ({"t", "start"} & set(values)):
            continue
        scale = 1.0 if "start" in values else 0.001
        start, shown = _number(values.get("start", values.get("t"))), _number(values.get("dur", values.get("d")))
        if start is None:
            found.losses.append(f"A subtitle was left out, because its times cannot be read: “{_words(one)[:60]}”.")
            continue
        end = None if shown is None else round((start + shown) * scale, 3)
        found.cues.append(RawCue(round(start * scale, 3), end, _words(one)))
    return found


def _words(element: Element) -> str:
    """Return all text of an element, with the line ends that it holds."""
    return "".join("\n" if _name(one) == "br" else part for one, part in _texts(element))


def _texts(element: Element) -> Iterator[tuple[Element, str]]:
    yield element, element.text or ""
    for child in element:
        yield from _texts(child)
        yield element, child.tail or ""


def _number(text: str | None) -> float | None:
    found = _OFFSET.fullmatch(text.strip()) if text else None
    return float(found[1]) if found else None


def _root(text: str) -> Element:
    text = _DECLARATION.sub("", text.lstrip("\ufeff \n\t"))  # it is decoded: the declared encoding no longer counts
    text = _BARE.sub("&amp;", text)
    text = _NAMED.sub(lambda found: html.escape(html.unescape(found[0])), text)
    try:
        return root_of(text.encode())
    except TooMuch as error:
        raise NotText(f"It is too complex: {error}", remedy="Split it, or save it as .srt, then drop that.") from error
    except (SyntaxError, ValueError) as error:
        raise NotText(
            f"Its XML is damaged: {error}.",
            remedy="Save it as .srt with a program such as Subtitle Edit, then drop that.",
        ) from error


def _bare(name: str) -> str:
    return name.rpartition("}")[2]


def _name(element: Element) -> str:
    return _bare(element.tag).lower() if isinstance(element.tag, str) else ""


def _attribute(element: Element, name: str) -> str | None:
    return next((value for key, value in element.items() if _bare(key) == name), None)


@dataclass(frozen=True)
class _Span:
    """When an element is shown, in seconds; `end` is None if nothing says it.

    `is_timed`: this element, or one around it, says when.
    """

    start: float
    end: float | None
    is_timed: bool = False
    language: str = ""


@dataclass(frozen=True)
class _Timing:
    """The meaning of frames and ticks in a document, and the styles that mark the reading aids of ruby."""

    frames: float
    ticks: float
    aids: frozenset[str]

    @staticmethod
    def of(root: Element) -> _Timing:
        rate = _number(_attribute(root, "frameRate"))
        parts = [float(one) for one in re.findall(r"\d{1,6}", _attribute(root, "frameRateMultiplier") or "")]
        multiplier = parts[0] / parts[1] if len(parts) == 2 and parts[1] else 1.0
        frames = (rate or 30.0) * multiplier
        ticks = _number(_attribute(root, "tickRate")) or (frames if rate else 1.0)
        styles = (one for one in root.iter() if _name(one) == "style" and _attribute(one, "ruby") in _READING_AIDS)
        return _Timing(frames, ticks, frozenset(filter(None, (_attribute(one, "id") for one in styles))))

    def cues(self, element: Element, around: _Span) -> Iterator[tuple[str, RawCue]]:
        """Yield the cues of an element, each with its language, which is empty if none is stated."""
        if self._is_unread(element):
            return
        span = self._span(element, around)
        if _name(element) == "p" and (span.is_timed or not any(_attribute(one, "begin") for one in element.iter())):
            if span.is_timed:
                yield span.language, RawCue(span.start, span.end, self._text(element))
            return
        if _name(element) == "span" and span.is_timed:
            yield span.language, RawCue(span.start, span.end, self._text(element))
            return
        follows = _attribute(element, "timeContainer") == "seq"
        inner = span
        for child in element:
            if _name(child) in _HIDDEN:
                continue
            yield from self.cues(child, inner)
            if follows:
                end = self._span(child, inner).end
                inner = replace(inner, start=end if end is not None else inner.start)

    def _span(self, element: Element, around: _Span) -> _Span:
        """Return when an element is shown: by the standard, its times count from the start of the one around it."""
        begin, end, lasts = (self._seconds(_attribute(element, name)) for name in ("begin", "end", "dur"))
        start = around.start + (begin or 0.0)
        stops = around.start + end if end is not None else None
        if lasts is not None:
            stops = min(stops, start + lasts) if stops is not None else start + lasts
        if around.end is not None:
            stops = min(stops, around.end) if stops is not None else around.end
        is_timed = around.is_timed or begin is not None or stops is not None
        language = _attribute(element, "lang") or around.language
        return _Span(round(start, 3), None if stops is None else round(stops, 3), is_timed, language)

    def unread(self, root: Element) -> list[str]:
        """Return sentences on what has times that cannot be read."""
        return [
            f"A subtitle was left out, because its times cannot be read: “{' '.join(_words(one).split())[:60]}”."
            for one in root.iter()
            if self._is_unread(one)
        ]

    def _is_unread(self, element: Element) -> bool:
        begin = _attribute(element, "begin")
        return bool(begin) and self._seconds(begin) is None

    def programme_start(self, root: Element) -> float:
        """Return the time code at which a programme begins, if its document states it; else 0."""
        stated = next((one.text for one in root.iter() if _name(one) == "documentstartofprogramme"), None)
        return self._seconds(stated) or 0.0

    def _seconds(self, text: str | None) -> float | None:
        text = (text or "").strip()
        clock = _CLOCK.fullmatch(text)
        if clock:
            hours, minutes, seconds = (int(part or 0) for part in clock.group(1, 2, 3))
            fraction = float((clock[4] or "0").replace(",", "."))
            return hours * 3600 + minutes * 60 + seconds + fraction + int(clock[5] or 0) / self.frames
        offset = _OFFSET.fullmatch(text)
        if not offset:
            return None
        number, unit = float(offset[1]), offset[2]
        if unit in ("f", "t"):
            return number / (self.frames if unit == "f" else self.ticks)
        return number * _UNITS[unit]

    def _text(self, element: Element) -> str:
        """Return the words of a paragraph, with the line ends that it shows."""
        return "\n".join(_SPACE.sub(" ", part) for part in "".join(self._parts(element)).split("\0"))

    def _parts(self, element: Element) -> Iterator[str]:
        yield element.text or ""
        for child in element:
            if _name(child) == "br":
                yield "\0"
            elif _name(child) not in _HIDDEN and not self._is_aid(child):
                yield from self._parts(child)
            yield child.tail or ""

    def _is_aid(self, element: Element) -> bool:
        styles = (_attribute(element, "style") or "").split()
        return _attribute(element, "ruby") in _READING_AIDS or not self.aids.isdisjoint(styles)
