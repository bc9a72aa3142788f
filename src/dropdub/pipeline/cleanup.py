"""Portuguese speech as one would write it down: without hesitations, spaces, capitals and abbreviations right. Pure.

Careful: what may be a word stays. "É" is a verb, "um" an article; only what nobody writes is taken out.
"""

from __future__ import annotations

import re

_HESITATIONS = re.compile(
    r"(?<![\w-])(?:h+u+m+|h[ãa]+m*|ah+n+|ã+h*n*|é{2,}|e{3,}|a{3,}|u+h+m*|m{2,}|eh+)(?![\w-])(?:\s*(?:,|…|\.\.\.))?\s*",
    re.IGNORECASE,
)
_STUTTER = re.compile(
    r"(?<![\w-])(o|a|os|as|um|uma|de|do|da|dos|das|em|no|na|que|e|eu|para|com|por)(?:(?:\s*,)?\s+\1)+(?![\w-])",
    re.IGNORECASE,
)
_STOP_GONE_ASTRAY = re.compile(r"\s+([,.;:!?…])(?=[^\W\d_])")
_BEFORE_STOP = re.compile(r"\s+([,.;:!?…])")
_STOPS_IN_A_ROW = re.compile(r"([,;:])(?:\s*[,;:])+|,\s*([.!?…])")
_NO_SPACE_AFTER = re.compile(r"([,;!?…])(?=[^\W\d_])|([.:])(?=[A-ZÀ-Ý][a-zà-ÿ])")
_LEADING_STOP = re.compile(r"^[\s,;:]+")
_SPACES = re.compile(r"\s+")
_SENTENCE_START = re.compile(
    r"(^[\"“«(]*|(?<!\bSr)(?<!\bSra)(?<!\bDr)(?<!\bDra)(?<!\bProf)[.!?…]\s+[\"“«(]*)([a-zà-ÿ])"
)
_TITLES = {"sr": "Sr.", "sra": "Sra.", "dr": "Dr.", "dra": "Dra.", "prof": "Prof.", "profa": "Profa."}
_TITLE = re.compile(r"(?<![\w.-])((?i:sra|sr|dra|dr|profa|prof))\b\.?(?=\s+[A-ZÀ-Ý])")
_ETC = re.compile(r"(?<![\w-])etc\b\.?", re.IGNORECASE)
_WORD = re.compile(r"\w", re.UNICODE)


def tidied(text: str) -> str:
    """Return a text tidied; one that would be left without a word stays as it is."""
    found = _TITLE.sub(lambda one: _TITLES[one[1].lower()], _HESITATIONS.sub(" ", text))
    found = _STUTTER.sub(r"\1", _ETC.sub("etc.", found))
    found = _punctuated(found)
    found = _SENTENCE_START.sub(lambda one: one[1] + one[2].upper(), found)
    return found if _WORD.search(found) else text


def _punctuated(text: str) -> str:
    found = _BEFORE_STOP.sub(r"\1", _STOP_GONE_ASTRAY.sub(r"\1 ", text))
    found = _STOPS_IN_A_ROW.sub(lambda one: one[2] or one[1], found)
    found = _NO_SPACE_AFTER.sub(lambda one: f"{one[1] or one[2]} ", found)
    return _SPACES.sub(" ", _LEADING_STOP.sub("", found)).strip()
