"""Text to the phonemes of Kokoro's alphabet, through espeak-ng."""

from __future__ import annotations

import re

from dropdub.engines.espeak.engine import best_voice
from dropdub.engines.espeak.library import espeak_library
from dropdub.engines.kokoro.languages import Accent
from dropdub.engines.kokoro.symbols import MARKS, TIE, written
from dropdub.errors import UnsupportedLanguage
from dropdub.sentence_ends import sentences

_QUOTES = str.maketrans({"«": "“", "»": "”", "„": "“", "‘": "'", "’": "'", "–": "—"})
_MARK = f"[{re.escape(MARKS.replace('.', ''))}]"
_PAUSE = re.compile(rf"((?<!\d){_MARK}++|{_MARK}++(?!\d)|\.+$)")
"""Marks at which a sentence pauses: not those within a number, nor the period of an abbreviation within a sentence."""


def symbols(text: str, accent: Accent) -> str:
    """Return a text as symbols of the model, with its punctuation. Raises UnsupportedLanguage."""
    voice = best_voice(espeak_library().voices, accent.espeak)
    if voice is None:
        raise UnsupportedLanguage(f"espeak-ng, which gives the phonemes, does not speak {accent.espeak}.")
    spoken = (_sentence(sentence, voice.identifier, accent) for sentence in sentences(text.translate(_QUOTES)))
    return " ".join(filter(None, spoken))


def _sentence(sentence: str, voice: str, accent: Accent) -> str:
    found = ""
    for number, part in enumerate(_PAUSE.split(sentence)):
        is_mark = number % 2 == 1
        sound = part if is_mark else _sound(part, voice, accent)
        found += f"{' ' if part[:1].isspace() else ''}{sound}{' ' if part[-1:].isspace() else ''}"
    return " ".join(found.split())


def _sound(part: str, voice: str, accent: Accent) -> str:
    if not any(map(str.isalnum, part)):
        return ""
    return written(espeak_library().phonemes(part, voice=voice, tie=TIE), letter=accent.letter)
