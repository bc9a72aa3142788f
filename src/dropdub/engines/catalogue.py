"""The models that are known by name: where they come from, what they need, and on which terms they may be used.

Sizes are about right, and are told before a download, whose own list of files has the exact ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dropdub.errors import UsageError

GB = 1_000_000_000
_WHISPER_FILES = ("model.bin", "config.json", "tokenizer.json", "preprocessor_config.json", "vocabulary.*")
_SEQ2SEQ_FILES = ("*.json", "*.safetensors", "*.model", "*.spm", "pytorch_model.bin")
_PAIR = re.compile(r"opus-mt-(?P<source>[a-z]{2,3})-(?P<target>[a-z]{2,3})")


@dataclass(frozen=True)
class Source:
    """Some files of a repository on the hub, by the patterns of their names."""

    repository: str
    files: tuple[str, ...]
    revision: str = "main"


@dataclass(frozen=True)
class KnownModel:
    """A model; `name` is its folder in `models.dir`. `download` and `memory` in bytes, about."""

    name: str
    engine: str
    languages: str
    download: int
    memory: int
    licence: str
    commercial: bool
    sources: tuple[Source, ...]


def _whisper(name: str, repository: str, gigabytes: float) -> KnownModel:
    return KnownModel(
        name=f"whisper-{name}",
        engine="faster-whisper",
        languages="99",
        download=round(gigabytes * GB),
        memory=round((gigabytes * 0.6 + 0.5) * GB),
        licence="MIT",
        commercial=True,
        sources=(Source(repository, _WHISPER_FILES),),
    )


def _nllb(size: str, repository: str, gigabytes: float) -> KnownModel:
    return KnownModel(
        name=f"nllb-200-distilled-{size}",
        engine="nllb",
        languages="200",
        download=round(gigabytes * GB),
        memory=round((gigabytes + 0.4) * GB),
        licence="CC-BY-NC-4.0",
        commercial=False,
        sources=(
            Source(repository, ("model.bin", "config.json", "shared_vocabulary.*")),
            Source(f"facebook/nllb-200-distilled-{size}", ("tokenizer.json",)),
        ),
    )


_KNOWN = (
    _whisper("tiny", "Systran/faster-whisper-tiny", 0.08),
    _whisper("base", "Systran/faster-whisper-base", 0.15),
    _whisper("small", "Systran/faster-whisper-small", 0.49),
    _whisper("medium", "Systran/faster-whisper-medium", 1.53),
    _whisper("large-v3", "Systran/faster-whisper-large-v3", 3.1),
    _whisper("turbo", "mobiuslabsgmbh/faster-whisper-large-v3-turbo", 1.62),
    _nllb("600M", "JustFrederik/nllb-200-distilled-600M-ct2-int8", 0.63),
    _nllb("1.3B", "JustFrederik/nllb-200-distilled-1.3B-ct2-int8", 1.38),
    KnownModel(
        name="madlad400-3b-mt",
        engine="transformers",
        languages="400",
        download=round(11.8 * GB),
        memory=12 * GB,
        licence="Apache-2.0",
        commercial=True,
        sources=(Source("google/madlad400-3b-mt", ("*.json", "model*.safetensors", "*.model")),),
    ),
    KnownModel(
        name="xtts-v2",
        engine="xtts",
        languages="17",
        download=round(1.87 * GB),
        memory=3 * GB,
        licence="CPML (non-commercial)",
        commercial=False,
        sources=(Source("coqui/XTTS-v2", ("model.pth", "config.json", "vocab.json", "speakers_xtts.pth")),),
    ),
)
USUAL = {
    "transcriber": ("faster-whisper", "whisper-small"),
    "translator": ("nllb", "nllb-200-distilled-600M"),
    "synthesizer": ("xtts", "xtts-v2"),
}
"""By role: the engine that `auto` means where its package is installed, and the model that it uses unless told."""


def known_models() -> dict[str, KnownModel]:
    """Return the known models by name; OPUS-MT's, of which there are over a thousand, are found by `known_model`."""
    return {model.name: model for model in _KNOWN}


def known_model(name: str) -> KnownModel:
    """Return the model of a name. Raises UsageError with the names there are."""
    found = known_models().get(name) or _opus(name)
    if found is None:
        names = ", ".join([*known_models(), "opus-mt-SOURCE-TARGET"])
        raise UsageError(f"There is no known model '{name}'.", remedy=f"There are: {names}.")
    return found


def used_models(engines: Mapping[str, str], use: Mapping[str, str]) -> dict[str, str]:
    """Return the model of each engine that a configuration uses, by engine.

    `engines` are the names by role, `auto` among them; `use` the models that the configuration names.
    """
    chosen = [USUAL[role][0] if name == "auto" else name for role, name in engines.items() if role in USUAL]
    usual = dict(USUAL.values())
    return {engine: use.get(engine, usual.get(engine, "")) for engine in chosen if engine in usual or engine in use}


def _opus(name: str) -> KnownModel | None:
    pair = _PAIR.fullmatch(name)
    if pair is None:
        return None
    return KnownModel(
        name=name,
        engine="transformers",
        languages=f"{pair['source']} to {pair['target']}",
        download=round(0.31 * GB),
        memory=round(0.9 * GB),
        licence="CC-BY-4.0",
        commercial=True,
        sources=(Source(f"Helsinki-NLP/{name}", _SEQ2SEQ_FILES),),
    )
