"""Prepare text for XTTS: its languages, its length limits, and numbers that its tokenizer cannot read."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Protocol

from dropdub.engines.speaking.spoken_check import letters
from dropdub.engines.speaking.text_for_speech import parts
from dropdub.engines.xtts.numbers import digits_apart, readable
from dropdub.installation import adding_command
from dropdub.languages import primary

LIMITS = {"en": 250, "de": 253, "fr": 273, "es": 239, "it": 213, "pt": 203, "pl": 224, "zh": 82, "ar": 166}
LIMITS |= {"cs": 186, "ru": 182, "nl": 251, "tr": 226, "ja": 71, "hu": 224, "ko": 95, "hi": 150}
"""The most characters per call that the model was trained with, by language (coqui-tts,
`VoiceBpeTokenizer.char_limits`)."""
_PACKAGES = {"zh": "pypinyin", "ja": "cutlet"}
"""Packages without which a language cannot be tokenized. Our extra does not install them; coqui-tts's extras do."""
_SPELT_OUT = 2
"""A text may have this many times its limit in spelled-out letters: numbers are longer than they look."""
_UNREADABLE = (ArithmeticError, AttributeError, LookupError, NotImplementedError, TypeError, ValueError)
"""What coqui-tts raises for numbers that have no name."""


class Tokenizer(Protocol):
    """Turns text into the model's tokens."""

    def encode(self, txt: str, lang: str) -> list[int]: ...


def is_spoken(language: str) -> bool:
    """Return whether a tag's language can be spoken with the installed packages."""
    return primary(language) in LIMITS and not _lacks_package(primary(language))


def spoken_languages() -> str:
    """Return the supported languages, and those that require another package, as the end of a sentence."""
    spoken = ", ".join(sorted(one for one in LIMITS if is_spoken(one)))
    lacking = " and ".join(sorted(one for one in LIMITS if _lacks_package(one)))
    return f"{spoken}; with other packages also {lacking}" if lacking else spoken


def package_hint(language: str) -> str | None:
    """Return the remedy for a language that only lacks a package, else None."""
    code = primary(language)
    if not _lacks_package(code):
        return None
    command = adding_command(f"coqui-tts[{code}]")
    return f"Install the package that {code} needs:\n  {command}\nThen run: `dropdub retry JOB`."


class Reader:
    """Splits a text into parts that the model can say; collects in `unreadable` what it cannot."""

    def __init__(self, tokenizer: Tokenizer, *, most_tokens: int) -> None:
        self._tokenizer = tokenizer
        self._most_tokens = most_tokens
        self.unreadable: list[str] = []

    def parts(self, text: str, language: str) -> list[str]:
        """Return the parts of a text in a language (a primary tag)."""
        cut = (readable(part, language) for part in parts(text, limit=LIMITS[language]))
        return [part for one in cut for part in self._sayable(one, language)]

    def _sayable(self, text: str, language: str) -> Iterator[str]:
        """Yield a text, split if it is too long, and with separate digits if a number cannot be read otherwise."""
        if len(text) > 1 and not self._is_short(text, language):
            yield from self._halves(text, language)
            return
        tokens = {wording: self._tokens(wording, language) for wording in (text, digits_apart(text))}
        found = next(((wording, count) for wording, count in tokens.items() if count is not None), None)
        if found is None:
            self.unreadable.append(text)
        elif found[1] < self._most_tokens:
            yield found[0]
        else:
            yield from self._halves(found[0], language)

    def _halves(self, text: str, language: str) -> Iterator[str]:
        for part in parts(text, limit=max(len(text) // 2, 1)):
            yield from self._sayable(part, language)

    def _is_short(self, text: str, language: str) -> bool:
        return len(text) <= LIMITS[language] and letters(text) <= _SPELT_OUT * LIMITS[language]

    def _tokens(self, text: str, language: str) -> int | None:
        """Return the number of tokens of a text; None if the tokenizer fails."""
        try:
            return len(self._tokenizer.encode(text.lower(), lang=language))
        except _UNREADABLE:
            return None


def _lacks_package(language: str) -> bool:
    return language in _PACKAGES and find_spec(_PACKAGES[language]) is None
