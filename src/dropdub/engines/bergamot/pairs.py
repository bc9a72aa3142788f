"""The folders of Bergamot models, one per pair of languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dropdub.engines.models.catalogue import find
from dropdub.engines.models.folders import is_whole
from dropdub.engines.translating import pairs
from dropdub.languages import primary

_NAME = re.compile(r"bergamot-([a-z]{2,3})-([a-z]{2,3})")
_WEIGHTS = ("intgemm.alphas.bin", "intgemm8.bin")


@dataclass(frozen=True)
class PairFiles:
    """The files of a pair. Most pairs have one vocabulary, which is then both `source_words` and `target_words`."""

    weights: Path
    source_words: Path
    target_words: Path
    shortlist: Path


def model_name(source: str, target: str) -> str:
    """Return the name of the model that translates from one language into another."""
    return f"bergamot-{primary(source)}-{primary(target)}"


def ends(name: str) -> tuple[str, str]:
    """Return the source and the target language of a model's name; two empty tags for another name."""
    found = _NAME.fullmatch(name)
    return (found[1], found[2]) if found else ("", "")


def files_of(folder: Path) -> PairFiles | None:
    """Return the files of a pair's folder, under the names that Firefox gives them; None unless all are there."""
    pair = "".join(ends(folder.name))
    shortlist = f"lex.50.50.{pair}.s2t.bin"
    for weights in (f"model.{pair}.{ending}" for ending in _WEIGHTS):
        for words in ((f"vocab.{pair}.spm",) * 2, (f"srcvocab.{pair}.spm", f"trgvocab.{pair}.spm")):
            if pair and is_whole(folder, (weights, shortlist, *words)):
                return PairFiles(folder / weights, folder / words[0], folder / words[1], folder / shortlist)
    return None


def installed(models_dir: Path) -> tuple[str, ...]:
    """Return the names of the complete models in a folder, in order."""
    return tuple(sorted(folder.name for folder in models_dir.glob("bergamot-*-*") if files_of(folder)))


def known_model(source: str, target: str) -> str | None:
    """Return the name of the model of a pair that can be downloaded; None if there is none."""
    name = model_name(source, target)
    return name if find(name) else None


def complete_model(models_dir: Path, source: str, target: str) -> str | None:
    """Return the name of the model of a pair if it is complete, else None."""
    name = model_name(source, target)
    return name if files_of(models_dir / name) else None


def route(models_dir: Path, source: str, target: str) -> tuple[str, ...]:
    """Return the names of the models that translate a pair, in order; empty if they are not complete."""
    return pairs.route(source, target, partial(complete_model, models_dir))
