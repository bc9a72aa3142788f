"""Write the characters of a text in one way, whoever wrote them: the one place through which texts come in. Pure."""

from __future__ import annotations

import re
import unicodedata

from dropdub.untrusted.text import with_few_marks, without_controls

_LINE_ENDS = re.compile("\r\n|[\r\v\x85\u2028]")
_PAGE_ENDS = re.compile("[\f\u2029]")
_SOFT_HYPHEN = "\u00ad\ufffe"
"""And the character that some PDF viewers copy for a hyphen at a line's end."""
_DIVIDED = re.compile(rf"[{_SOFT_HYPHEN}][ \t]{{0,99}}\n[ \t]{{0,99}}(?=[^\W\d_])")
_LIGATURES = re.compile("[\u203c\u2047-\u2049\u2f00-\u2fd5\ufb00-\ufdff\ufe70-\ufefc\U0001d400-\U0001d7ff]")
"""Characters that stand for letters in another form: ligatures and presentation forms, as they come out of PDF files,
radicals of Chinese, letters of mathematics, and double marks. Not `º` or `½`, which mean something else than `o`."""
_IGNORED = re.compile(f"[{_SOFT_HYPHEN}\u034f\u180e\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffc]")
"""Characters without width or meaning: soft hyphens, word joiners, byte order marks within a text."""
_JOINED = (
    "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1900-\u1cff\ua800-\uabff\U00010a00-\U00011fff"
    "\u20e3\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
)
"""Arabic, Indic and related scripts, in which joiners change the letters, and emoji, which they make into one."""
_NEEDLESS_JOINER = re.compile(f"(?<![{_JOINED}])[\u200c\u200d](?![{_JOINED}])")
_WORD_BREAKS_USED = "\u0e00-\u109f\u1780-\u17ff\u1900-\u1a1f\ua9e0-\uaa7f"
_NEEDLESS_BREAK = re.compile(f"(?<![{_WORD_BREAKS_USED}])\u200b|\u200b(?![{_WORD_BREAKS_USED}])")
"""A zero width space ends a word in Thai, Lao, Burmese, Khmer and Tibetan; elsewhere it is a leftover of web pages."""
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff]")
_KEPT_INVISIBLE = "\u200c\u200d"


def as_read(text: str) -> str:
    """Return a text as the rest of the program sees it, however it was written; doing so again changes nothing.

    Lines end with `\\n`. Accents are composed (NFC), ligatures are letters, each letter has few marks. There are no
    control characters and no characters without width, except those that a script needs: joiners, the word breaks of
    Thai and its neighbours, and directions in a text that has letters from right to left.
    """
    text = in_lines(text)
    return text if text.isascii() else _in_one_form(text)


def in_lines(text: str) -> str:
    """Return a text whose lines end with `\\n`, without control characters, and else as it is."""
    return without_controls(_PAGE_ENDS.sub("\n\n", _LINE_ENDS.sub("\n", text)))


def visible(text: str) -> str:
    """Return a text for a translator or a voice: without directions and what else only matters on a screen."""
    return text if text.isascii() else _DIRECTIONS.sub("", _in_one_form(text))


def on_one_line(text: str) -> str:
    """Return a text for a translator or a voice on one line, with blanks for everything that cannot be printed."""
    shown = "".join(one if one.isprintable() or one in _KEPT_INVISIBLE else " " for one in visible(text))
    return " ".join(shown.split())


def _in_one_form(text: str) -> str:
    text = with_few_marks(_IGNORED.sub("", _DIVIDED.sub("", text)))
    text = unicodedata.normalize("NFC", _LIGATURES.sub(_as_letters, text))
    text = _NEEDLESS_BREAK.sub("", _NEEDLESS_JOINER.sub("", text))
    return text if _RIGHT_TO_LEFT.search(text) else _DIRECTIONS.sub("", text)


def _as_letters(found: re.Match[str]) -> str:
    """Return the letters of a character; a vowel sign that was written with a space becomes the sign."""
    return unicodedata.normalize("NFKC", found[0]).lstrip()
