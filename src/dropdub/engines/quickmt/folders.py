"""The folders of models for a pair of languages each: those of quickmt, and OPUS-MT's converted to CTranslate2.

quickmt's are called as on the hub, `quickmt-en-pt`. OPUS-MT's have the name of the original, and an ending that says
that they were converted: `opus-mt-tc-big-en-pt-ct2`, `opus-mt-en-roa-ctranslate2`. Some of these translate into several
languages, which a token before the text selects.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from dropdub.engines.models.folders import is_whole
from dropdub.engines.models.pair_names import CONVERTED_OPUS, QUICKMT, quickmt_name
from dropdub.engines.translating import opus_mt, pairs
from dropdub.languages import primary
from dropdub.untrusted.files import read_start

_LANGUAGES = "ar bn cs da de el es fa fr he hi hu id is it ja ko pl pt ru sv th tr uk ur vi zh"
LANGUAGES = frozenset(_LANGUAGES.split())
"""The languages that quickmt publishes models for, from and into English.

They are those of the models on its pages, of which not all were seen in both directions.
"""
_PIECES = (("src.spm.model", "tgt.spm.model"), ("joint.spm.model",) * 2, ("source.spm", "target.spm"))
"""How the SentencePiece models of the source and the target are called."""
_VOCABULARIES = tuple(
    (f"{source}.{kind}", f"{target}.{kind}")
    for kind in ("json", "txt")
    for source, target in (("source_vocabulary", "target_vocabulary"), ("shared_vocabulary",) * 2)
)
_LONGEST_VOCABULARY = 20_000_000


@dataclass(frozen=True)
class PairModel:
    """A complete model in `folder`: the SentencePiece models of its source and its target, and its source's vocabulary.

    `target` is the language in its name, or a group of languages.
    """

    folder: Path
    source_pieces: Path
    target_pieces: Path
    vocabulary: Path
    target: str

    @property
    def name(self) -> str:
        return self.folder.name

    def target_token(self, target: str) -> str | None:
        """Return the token that selects a target language; None if the model has none for it."""
        return opus_mt.target_token(self._target_tokens, target) if self._target_tokens else None

    def writes(self, target: str) -> bool:
        """Return whether it translates into a language."""
        in_name = opus_mt.is_of(self.target, target)
        return in_name and (not opus_mt.is_group(self.target) or self.target_token(target) is not None)

    @property
    def _target_tokens(self) -> frozenset[str]:
        found = self.vocabulary.stat()
        return _target_tokens(self.vocabulary, found.st_mtime_ns, found.st_size)


def known_model(source: str, target: str) -> str | None:
    """Return the name of quickmt's model of a pair; None if it publishes none."""
    pair = primary(source), primary(target)
    return quickmt_name(*pair) if pairs.PIVOT in pair and {*pair} - {pairs.PIVOT} <= LANGUAGES else None


def ends(name: str) -> tuple[str, str]:
    """Return the source and the target in a model's name, each a language or a group; empty tags for another name."""
    found = QUICKMT.fullmatch(name) or CONVERTED_OPUS.fullmatch(name)
    return (found[1], found[2]) if found else ("", "")


def model_in(folder: Path) -> PairModel | None:
    """Return the model in a folder; None if the folder has another name, or is not complete."""
    source, target = ends(folder.name)
    for pieces in _PIECES if source else ():
        for words in _VOCABULARIES:
            if is_whole(folder, ("model.bin", "config.json", *pieces, *words)):
                return PairModel(folder, folder / pieces[0], folder / pieces[1], folder / words[0], target)
    return None


def installed(models_dir: Path) -> tuple[PairModel, ...]:
    """Return the complete models in a folder, quickmt's first, then the larger ones of OPUS-MT."""
    return tuple(filter(None, map(model_in, _named(models_dir))))


def model_of(models_dir: Path, source: str, target: str) -> PairModel | None:
    """Return the best complete model that translates from one language into another; None if there is none."""
    of_source = (folder for folder in _named(models_dir) if opus_mt.is_of(ends(folder.name)[0], source))
    fitting = (folder for folder in of_source if opus_mt.is_of(ends(folder.name)[1], target))
    return next((model for model in map(model_in, fitting) if model and model.writes(target)), None)


def complete_model(models_dir: Path, source: str, target: str) -> str | None:
    """Return the name of the model that `model_of` returns."""
    model = model_of(models_dir, source, target)
    return model.name if model else None


def route(models_dir: Path, source: str, target: str) -> tuple[PairModel, ...]:
    """Return the models that translate a pair, in order; empty if they are not complete."""
    return pairs.route(source, target, partial(model_of, models_dir))


def _named(models_dir: Path) -> Iterator[Path]:
    """Yield the folders whose names are those of such models, the best first."""
    folders = models_dir.iterdir() if models_dir.is_dir() else ()
    yield from sorted((folder for folder in folders if ends(folder.name)[0]), key=_rank)


def _rank(folder: Path) -> tuple[bool, bool, str]:
    return not folder.name.startswith("quickmt-"), "-tc-big-" not in folder.name, folder.name


@lru_cache(maxsize=16)
def _target_tokens(vocabulary: Path, _changed_ns: int, _size: int) -> frozenset[str]:
    """Return the tokens that select a target language; empty for a vocabulary that cannot be read.

    Loading the model reports what is wrong with it.
    """
    try:
        text = read_start(vocabulary, _LONGEST_VOCABULARY, follow=True).decode("utf-8")
        words = json.loads(text) if vocabulary.suffix == ".json" else text.splitlines()
    except (OSError, ValueError, RecursionError):
        return frozenset()
    return opus_mt.target_tokens(word for word in words if isinstance(word, str)) if words else frozenset()
