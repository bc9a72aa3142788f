"""The folders of Bergamot models: one per pair of languages, and the way from one language to another through them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dropdub.engines.models.folders import is_whole
from dropdub.languages import primary, same_language

PIVOT = "en"
"""Firefox's models translate from or into English; other pairs go through it."""
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


def ways(source: str, target: str) -> tuple[tuple[str, ...], ...]:
    """Return the ways from one language to another, the better first, each as the names of its models in order."""
    if same_language(source, target):
        return ()
    direct = (model_name(source, target),)
    if PIVOT in (primary(source), primary(target)):
        return (direct,)
    return direct, (model_name(source, PIVOT), model_name(PIVOT, target))


def route(models_dir: Path, source: str, target: str) -> tuple[str, ...]:
    """Return the names of the models that translate a pair, in order; empty if they are not complete."""
    for names in ways(source, target):
        if all(files_of(models_dir / name) for name in names):
            return names
    return ()
