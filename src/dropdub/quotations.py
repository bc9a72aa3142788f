"""Recognize what continues a sentence after a quotation that ends with a mark of its own: `「はい。」と言った`. Pure.

In scripts with capitals, a small letter shows it. The others have words for it: particles in Japanese and Korean, and
verbs of saying.
"""

from __future__ import annotations

import re

_AT_MOST = 24
_JAPANESE = (
    r"と(?!ころ|ても|にかく|きどき|りあえず|なり|うとう)|って|など|なんて|を|の(?=[^ぁ-ん])"
    r"|[がはもにで](?=[^ぁ-ん])|[、，]"
)
_KOREAN = r"\s?(?:이?라고|이?라는|이?라며|하고|하며|하는|라면서)"
_CHINESE = r"[^。！？“”「」『』，,\s]{0,8}?(?:说|說|道|问|問|答|喊|叫|想)(?=[。，,：:]|$)"
_HINDI = r"\s?[^।.!?\s]{1,10}\s(?:ने\s)?(?:कहा|पूछा|बोला|बोली)"
_SEMITIC = r"\s?(?:قال|قالت|سأل|سألت|أجاب|أجابت|رد|ردت|صاح|صاحت|אמר|אמרה|שאל|שאלה|ענה|ענתה)(?!\w)"
_CONTINUES = re.compile("|".join((_JAPANESE, _KOREAN, _CHINESE, _HINDI, _SEMITIC)))


def continues_after_quote(text: str, place: int = 0) -> bool:
    """Return whether a sentence continues in a text at `place`, directly after the bracket that closes a quotation."""
    return _CONTINUES.match(text[place : place + _AT_MOST]) is not None
