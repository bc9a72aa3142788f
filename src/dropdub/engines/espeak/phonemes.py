"""Text to the sounds of a language, for synthesizers whose model takes them instead of letters."""

from __future__ import annotations

from dropdub.engines.espeak.engine import best_voice
from dropdub.engines.espeak.library import espeak_library
from dropdub.errors import UnsupportedLanguage

_TIE = "\u0361"


def phonemes(text: str, language: str) -> str:
    """Return the sounds of a text in the International Phonetic Alphabet, as espeak-ng gives them for a tag.

    Punctuation is left out: give it the text between two marks. It needs the package
    espeakng_loader. Raises UnsupportedLanguage, and EngineMissing if espeak-ng's library cannot be loaded.
    """
    voice = best_voice(espeak_library().voices, language)
    if voice is None:
        raise UnsupportedLanguage(f"espeak-ng, which gives the phonemes, does not speak {language}.")
    return espeak_library().phonemes(text, voice=voice.identifier, tie=_TIE).replace(_TIE, "")
