"""The languages of Pocket TTS, and the folders of their models: each language has one of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dropdub.engines.models.folders import is_whole
from dropdub.languages import primary

WEIGHTS, TOKENIZER, CONFIG = "model.safetensors", "tokenizer.json", "config.json"
"""The files of a model. Only a model of another geometry than the published ones needs the last."""
_VOICE_SUFFIX = ".safetensors"
_QUOTES = dict.fromkeys('"“”„«»()[]', "")
_APOSTROPHES = {"’": "'", "‘": "'"}


@dataclass(frozen=True)
class PocketLanguage:
    """A language: its tag, the name that the makers use for it, and what its model reads in place of some marks.

    `replaced` and `without_semicolons` are those of the makers' configurations: marks that their training texts do not
    contain, and on which the model stumbles.
    """

    tag: str
    name: str
    replaced: Mapping[str, str]
    without_semicolons: bool = False

    @property
    def model(self) -> str:
        """The name of its model."""
        return f"pocket-tts-{self.name}"


_USUAL = {**_QUOTES, **_APOSTROPHES, "–": ","}
LANGUAGES: Mapping[str, PocketLanguage] = {
    one.tag: one
    for one in (
        PocketLanguage("pt", "portuguese", _USUAL),
        PocketLanguage("en", "english", _APOSTROPHES),
        PocketLanguage("de", "german", {**_USUAL, "—": ","}, without_semicolons=True),
        PocketLanguage("es", "spanish", {**_USUAL, "¡": "", "¿": ""}),
        PocketLanguage("fr", "french", {**_USUAL, ":": ","}, without_semicolons=True),
        PocketLanguage("it", "italian", _USUAL),
        PocketLanguage("nl", "dutch", _USUAL),
    )
}
"""By primary tag."""


def language_of(tag: str) -> PocketLanguage | None:
    """Return the language of a tag; None if there is no model for it."""
    return LANGUAGES.get(primary(tag))


def speaks(tag: str, models_dir: Path) -> bool:
    """Return whether the model of a tag's language is in a folder, and complete."""
    found = language_of(tag)
    return found is not None and is_here(found, models_dir)


def is_here(language: PocketLanguage, models_dir: Path) -> bool:
    return is_whole(models_dir / language.model, (WEIGHTS, TOKENIZER))


def installed(models_dir: Path) -> tuple[PocketLanguage, ...]:
    """Return the languages whose models are complete."""
    return tuple(one for one in LANGUAGES.values() if is_here(one, models_dir))


def voice_files(language: PocketLanguage, models_dir: Path) -> dict[str, Path]:
    """Return the files of a model's own voices by name, in order: the voices that its makers computed for it."""
    files = sorted((models_dir / language.model).glob(f"*{_VOICE_SUFFIX}"))
    return {file.stem: file for file in files if file.name != WEIGHTS}
