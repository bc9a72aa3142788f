"""Divide text of scripts without spaces between words: where a line may break, and never inside a letter. Pure.

Sources: Unicode UAX 14 (line breaking) and UAX 29 (letters with their marks), JIS X 4051 and the W3C's requirements for
Chinese, Japanese, Thai, Lao, Khmer and Burmese layout.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from itertools import accumulate, pairwise
from types import ModuleType

_SOUTH_EAST_ASIAN = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\ua9e0-\ua9ff\uaa60-\uaa7f"
_TIBETAN = "\u0f00-\u0fff"
_KANA = "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WIDE_MARKS = "\u3000-\u3004\u3008-\u303f\u30fb\uff01-\uff65"
UNSPACED = f"{_SOUTH_EAST_ASIAN}{_TIBETAN}{_KANA}{_HAN}{_WIDE_MARKS}"
"""The characters of scripts that put no spaces between words, as a class of regular expressions has them."""
_UNSPACED = re.compile(f"[{UNSPACED}]")
_WORDLESS = re.compile(f"[{_SOUTH_EAST_ASIAN}{_HAN}]")
_JAPANESE = re.compile(f"[{_KANA}]")
_STRETCH = re.compile(f"[{_KANA}{_HAN}{_WIDE_MARKS}]+|[{_SOUTH_EAST_ASIAN}\u200b]+")

_THAI, _LAO = re.compile("[\u0e01-\u0e7f]"), re.compile("[\u0e81-\u0eff]")
_SYLLABLE = re.compile("(?<!^)(?=[เแโใไເແໂໃໄ])|(?<=[ๆฯໆຯ])(?!$)")
_PHRASES = {"ja": "load_default_japanese_parser", "th": "load_default_thai_parser"}
Split = Callable[[str], list[str]]

WORD_BREAK = "\u200b"
"""Zero width space: writers of Thai, Khmer, Lao and Burmese put it where a line may break."""
_JOINER = "\u200d"
_VIRAMA_CLASS = 9
_KILLERS = "\u0e3a\u0eba\u103a\u17d1"
"""Signs of the virama's class that end a syllable instead of stacking the next letter."""
_ASAT, _STACKER, _DOT_BELOW = "\u103a", "\u1039", "\u1037"
_LEADING_VOWELS = frozenset("เแโใไເແໂໃໄ")
_FOLLOWERS = frozenset("ะาำๅๆฯະາຳຽໆຯ")
_TSHEG = frozenset("་།༎༏༐༑༔ ")
_NEVER_FIRST = frozenset(
    "、。，．！？）」』】〕》〉：；・ーゝゞ々〻ヽヾ〜～゠‐–—…‥％%‰℃°¢!?,.:;)]}’”»›〗〙〛｝］｠‼⁇⁈⁉〟"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ"
    "｡､･｣ｧｨｩｪｫｬｭｮｯｰﾞﾟ၊။។៕៖ៗ៚๚๛"
)
_NEVER_LAST = frozenset("（「『【〔《〈〖〘〚｛［｟｢([{‘“«‹〝$＄¥￥£￡€№＃฿")
_PAIRED = frozenset("…‥—―")
_QUOTES = frozenset("“”‘’…—")
_MODIFIERS = range(0x1F3FB, 0x1F400)
_FLAGS = range(0x1F1E6, 0x1F200)


def is_unspaced(text: str) -> bool:
    """Return whether a text has characters of a script that puts no spaces between words. Korean has spaces."""
    return _UNSPACED.search(text) is not None


def is_joined_without_space(before: str, after: str) -> bool:
    """Return whether two lines are one text without a space at the seam: Chinese and Japanese on both sides.

    As in CSS (Text Module Level 3, 4.1.3): Thai and its neighbours put spaces between phrases, so they get one unless
    the writer marked the end of a word.
    """
    if before.endswith(WORD_BREAK) or after.startswith(WORD_BREAK):
        return True
    one, other = before[-1:], after[:1]
    wide = _is_chinese_or_japanese(one), _is_chinese_or_japanese(other)
    return all(wide) or (any(wide) and (one in _QUOTES or other in _QUOTES) and bool(one and other))


def units(word: str) -> list[str]:
    """Return a word as the smallest parts that may stand on separate lines: joined, they are the word.

    A word of a script with spaces stays whole. Words of the other scripts are known if the packages `icu4py` (Chinese,
    Thai, Lao, Khmer, Burmese) and `budoux` (Japanese, Thai) are installed, else letters with their marks are parts, or
    syllables where these can be seen.
    """
    if not is_unspaced(word):
        return [word]
    known = _known_places(word)
    places = [place for place in _letter_places(word) if _may_break(word, place) and known(place)]
    return [word[start:end] for start, end in pairwise([0, *places, len(word)])]


def letters(text: str) -> list[str]:
    """Return a text as letters, each with its marks and with what it is stacked or joined with."""
    return [text[start:end] for start, end in pairwise([0, *_letter_places(text), len(text)])] if text else []


def _letter_places(text: str) -> Iterator[int]:
    """Yield the index of each letter except the first."""
    flags = 0
    for place, (before, after) in enumerate(pairwise(text), start=1):
        flags = flags + 1 if ord(before) in _FLAGS else 0
        if not _continues(text, place, before, after) and not (flags % 2 and ord(after) in _FLAGS):
            yield place


def _continues(text: str, place: int, before: str, after: str) -> bool:
    """Return whether the character at `place` belongs to the letter before it."""
    if after.isascii():
        return False
    if before == _JOINER or ord(after) in _MODIFIERS or _is_mark(after):
        return True
    if _is_hangul_part(after) and (_is_hangul_part(before) or "\uac00" <= before <= "\ud7a3"):
        return True
    stacker = text[place - 2] if before == "\u200c" and place > 1 else before
    stacks = unicodedata.combining(stacker) == _VIRAMA_CLASS and stacker not in _KILLERS
    return after in _FOLLOWERS or before in _LEADING_VOWELS or (stacks and after.isalpha()) or _is_killed(text, place)


def _is_mark(character: str) -> bool:
    """Return whether a character is a mark on the one before it, or has no width."""
    kind = unicodedata.category(character)
    return kind.startswith("M") or (kind == "Cf" and character != WORD_BREAK)


def _is_hangul_part(character: str) -> bool:
    return "\u1100" <= character <= "\u11ff" or "\ua960" <= character <= "\ua97f" or "\ud7b0" <= character <= "\ud7ff"


def _is_killed(text: str, place: int) -> bool:
    """Return whether a Burmese consonant has no vowel, and so ends the syllable before it."""
    if not "\u1000" <= text[place] <= "\u102a":
        return False
    marks = text[place + 1 : place + 3].replace(_DOT_BELOW, "")[:1]
    return marks in (_ASAT, _STACKER)


def _may_break(text: str, place: int) -> bool:
    """Return whether a line may end before the character at `place`, which starts a letter."""
    before, after = text[place - 1], text[place]
    if WORD_BREAK in (before, after):
        return before == WORD_BREAK
    if not (is_unspaced(before) or is_unspaced(after)):
        return False
    if "\u0f00" <= before <= "\u0fff":
        return before in _TSHEG and after not in _TSHEG
    is_number = before.isdigit() and (after.isdigit() or is_unspaced(after))
    is_pair = before == after and before in _PAIRED
    return not (after in _NEVER_FIRST or before in _NEVER_LAST or is_number or is_pair)


def _known_places(word: str) -> Callable[[int], bool]:
    """Return what says whether a place in `word` is between two words; without a dictionary, every place is."""
    if WORD_BREAK in word.strip(WORD_BREAK) and not _JAPANESE.search(word):
        return lambda place: word[place - 1] == WORD_BREAK
    found: set[int] = set()
    for stretch in _STRETCH.finditer(word):
        splits = _splitters(_kind(stretch[0])) or (_guessed,)
        places = (set(accumulate(map(len, split(stretch[0])), initial=stretch.start())) for split in splits)
        found |= set.intersection(*places)
    return lambda place: place in found or not (_is_known(word[place - 1]) and _is_known(word[place]))


def _kind(stretch: str) -> str:
    if _JAPANESE.search(stretch):
        return "ja"
    return "th" if _THAI.search(stretch) else "und" if _WORDLESS.search(stretch) else ""


def _guessed(stretch: str) -> list[str]:
    """Return a text without a dictionary: Thai and Lao before a vowel that starts a syllable, others as letters."""
    return _SYLLABLE.split(stretch) if _THAI.search(stretch) or _LAO.search(stretch) else letters(stretch)


def _is_known(character: str) -> bool:
    return _STRETCH.match(character) is not None


def _is_chinese_or_japanese(character: str) -> bool:
    return re.match(f"[{_KANA}{_HAN}{_WIDE_MARKS}]", character) is not None


@cache
def _splitters(kind: str) -> tuple[Split, ...]:
    """Return what splits a text into words (Japanese: into phrases); a place is between words if all agree on it.

    Each of the two for Thai splits some words that the other one knows. None without the packages.
    """
    found: list[Split] = []
    phrases = _imported("budoux") if kind in _PHRASES else None
    if phrases is not None:
        found.append(getattr(phrases, _PHRASES[kind])().parse)
    breakers = _imported("icu4py.breakers") if kind and not (kind == "ja" and found) else None
    if breakers is not None:
        breaker, locale = (breakers.LineBreaker, "ja-u-lw-phrase") if kind == "ja" else (breakers.WordBreaker, "und")
        found.append(lambda text: list(breaker(text, locale)))
    return tuple(found)


def _imported(name: str) -> ModuleType | None:
    """Return a package's module; None if it is not installed, or lacks a library, as on Windows without its runtime."""
    try:
        return import_module(name)
    except ImportError:
        return None
