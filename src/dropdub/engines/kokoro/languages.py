"""The languages for which Kokoro has voices, and for which espeak-ng gives the phonemes that it was trained on."""

from __future__ import annotations

from dataclasses import dataclass

from dropdub.languages import primary


@dataclass(frozen=True)
class Accent:
    """A way of speaking a language: the tag of espeak's voice, the letter of Kokoro's voices, and the usual one."""

    espeak: str
    letter: str
    voice: str

    @property
    def tag(self) -> str:
        """Return the language's tag: `pt-BR` for pt-br."""
        language, hyphen, region = self.espeak.partition("-")
        return f"{language}{hyphen}{region.upper()}"


AMERICAN = Accent("en-us", "a", "af_heart")
BRITISH = Accent("en-gb", "b", "bf_emma")
_ACCENTS = {
    "en": AMERICAN,
    "pt": Accent("pt-br", "p", "pf_dora"),
    "es": Accent("es", "e", "ef_dora"),
    "fr": Accent("fr-fr", "f", "ff_siwis"),
    "it": Accent("it", "i", "if_sara"),
    "hi": Accent("hi", "h", "hf_alpha"),
}
"""Japanese and Chinese need phonemes that espeak-ng does not give. Source of letters and voices: `LANG_CODES` in
`kokoro/pipeline.py` of hexgrad/kokoro, and the model's VOICES.md.
"""
LANGUAGES = frozenset(_ACCENTS)
ACCENTS = (AMERICAN, BRITISH, *(accent for accent in _ACCENTS.values() if accent is not AMERICAN))


def accent_of(tag: str) -> Accent | None:
    """Return how the language of a tag is spoken, None if it is not. Portuguese is always that of Brazil."""
    region = tag.replace("_", "-").partition("-")[2].upper()
    return BRITISH if primary(tag) == "en" and region in ("GB", "UK") else _ACCENTS.get(primary(tag))
