"""Prepare text for a neural synthesizer: plain text, in parts no longer than it was trained with. Pure."""

from __future__ import annotations

import re
import unicodedata

from dropdub.engines.addresses import ADDRESS
from dropdub.engines.clauses import within
from dropdub.pictographs import without_pictures
from dropdub.sentence_ends import sentences
from dropdub.untrusted.characters import on_one_line

_SOUNDS = re.compile(r"\[[^\[\]]*\]|♪[^♪]*♪?")
_FEW_WORDS = 2


def plain(text: str) -> str:
    """Return a text on one line, without what nobody says (pictures, control characters), with addresses as words."""
    return on_one_line(ADDRESS.sub(lambda found: _as_words(found[0]), without_pictures(text)))


def parts(text: str, *, limit: int) -> list[str]:
    """Split a text into parts of at most `limit` characters: whole sentences, else clauses, else words.

    Each part has something to say. Parts of one or two words, which a synthesizer turns into noise, join a neighbour.
    """
    cut = [part for sentence in sentences(plain(text)) for part in within(sentence, limit)]
    return _without_stubs([part for part in cut if is_speakable(part)], limit)


def is_speakable(text: str) -> bool:
    """Return whether a text has a letter or digit to say: `[Music]` and `♪ la la ♪` only describe sounds."""
    return any(one.isalnum() for one in without_pictures(_SOUNDS.sub("", text)))


def with_plain_digits(text: str) -> str:
    """Turn the decimal digits of all scripts into 0 to 9."""
    return "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in text)


def _as_words(address: str) -> str:
    """Return an address as words: only the names in it, without the parts that nobody reads aloud."""
    bare = re.sub(r"^(?:https?://)?(?:www\.)?", "", address, flags=re.IGNORECASE)
    named = bare.split("?")[0].split("/")[0]
    return re.sub(r"[^\w]+", " ", named).strip()


def _without_stubs(texts: list[str], limit: int) -> list[str]:
    kept: list[str] = []
    for text in texts:
        stub = kept and (is_stub(text) or is_stub(kept[-1]))
        if stub and len(kept[-1]) + 1 + len(text) <= limit:
            kept[-1] = f"{kept[-1]} {text}"
        else:
            kept.append(text)
    return kept


def is_stub(text: str) -> bool:
    """Return whether a text is so short that a synthesizer may turn it into noise: one or two words."""
    return len(text.split()) <= _FEW_WORDS and len(text) <= 4 * _FEW_WORDS**2
