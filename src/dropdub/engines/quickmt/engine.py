"""Translators for a pair of languages each: quickmt's models, and OPUS-MT's, run by CTranslate2 without torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from dropdub.engines.base import EngineInfo, EngineSettings
from dropdub.engines.ctranslate2.model import BEAM, END, WORKING_BYTES, TranslationModel, Wording
from dropdub.engines.licence import Licence
from dropdub.engines.models.catalogue import CC_BY, find
from dropdub.engines.models.folders import model_details, size_of
from dropdub.engines.packages import missing_package, package_version
from dropdub.engines.quickmt.folders import (
    LANGUAGES,
    PairModel,
    complete_model,
    ends,
    installed,
    known_model,
    route,
)
from dropdub.engines.quickmt.trial import SENTENCES, can_be_tried, makes_sense
from dropdub.engines.translating.pairs import PIVOT, lacking
from dropdub.errors import EngineMissing, UnsupportedLanguage
from dropdub.languages import primary
from dropdub.untrusted.files import read_start

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

EXAMPLE = "quickmt-en-pt"
"""The model that is named if there is none at all."""
_LONGEST_CONFIG = 1_000_000
_OPTIONS = {"disable_unk": True}
"""As in quickmt's own library: a translation has no token for an unknown word."""


class QuickmtTranslator:
    """Translates between the languages whose models are in `models.dir`, through English if there is no direct model.

    Each text must be one sentence, since the models learnt single ones. quickmt's models do not distinguish the
    Portuguese of Brazil and of Portugal: a region in the target's tag changes nothing. Some of OPUS-MT's do.
    """

    name: ClassVar[str] = "quickmt"
    role: ClassVar[str] = "translator"
    rank: ClassVar[int] = 22
    runtime: ClassVar[str | None] = "ctranslate2"

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._settings = settings or EngineSettings()
        self._models_dir = self._settings.models_dir
        self._models: dict[Path, _LoadedPair] = {}

    @classmethod
    def unavailable(cls) -> str | None:
        return missing_package(cls.name, "ctranslate2") or missing_package(cls.name, "sentencepiece")

    def missing_model(self) -> str | None:
        """Return an example of a model if there is none. Which ones a pair lacks is the answer of `missing_models`."""
        return None if installed(self._models_dir) else EXAMPLE

    def missing_models(self, source: str, target: str) -> tuple[str, ...]:
        """Return the models of quickmt to download for a pair."""
        return lacking(source, target, here=partial(complete_model, self._models_dir), known=known_model)

    @classmethod
    def hint(cls, source: str, target: str) -> str:
        """Return which languages there are models for, and what may help with others."""
        return (
            f"quickmt has models between English and: {', '.join(sorted(LANGUAGES))}. OPUS-MT may have one for this "
            f"pair: `dropdub models pull opus-mt-{primary(source)}-{primary(target)}-ct2`"
        )

    def needs_bytes(self) -> int:
        """Return the memory for the two largest models, which a pair through English needs."""
        sizes = sorted(size_of(model.folder) for model in installed(self._models_dir))
        return sum(sizes[-2:]) + WORKING_BYTES

    def load(self) -> None:
        """Load the libraries. A model is loaded by the first text of its pair."""
        import ctranslate2  # noqa: F401, PLC0415  (only in workers that use it)
        import sentencepiece  # noqa: F401, PLC0415

    def info(self) -> EngineInfo:
        """Return the models that are there, with fingerprints of their files, and licences, which ask for credit."""
        names = [model.name for model in installed(self._models_dir)]
        details = {
            "models": {name: model_details(self._models_dir / name)["files"] for name in names},
            "licences": {name: _licence(name).name for name in names},
        }
        return EngineInfo(self.name, package_version("ctranslate2"), details)

    def supports(self, source: str, target: str) -> bool:
        return bool(route(self._models_dir, source, target))

    def coverage(self) -> str:
        """Return the pairs of the models that are there. What is possible through English is not listed."""
        named = (ends(model.name) for model in installed(self._models_dir))
        return ", ".join(f"{source} to {target}" for source, target in named) or "nothing: it has no model"

    def announcements(self) -> Sequence[str]:
        return [text for loaded in self._models.values() for text in loaded.model.announcements()]

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[str]:
        return [found[0] for found in self._wordings(texts, source, target, count=1)]

    def alternatives(self, texts: Sequence[str], *, source: str, target: str) -> list[tuple[str, ...]]:
        return self._wordings(texts, source, target, count=BEAM)

    def _wordings(self, texts: Sequence[str], source: str, target: str, *, count: int) -> list[tuple[str, ...]]:
        models = route(self._models_dir, source, target)
        if not models:
            raise UnsupportedLanguage(f"The engine '{self.name}' does not translate from {source} to {target}.")
        given = list(texts)
        for model in models[:-1]:
            given = [found[0] for found in self._loaded(model).wordings(given, PIVOT, count=1)]
        return self._loaded(models[-1]).wordings(given, target, count=count)

    def _loaded(self, model: PairModel) -> _LoadedPair:
        if model.folder not in self._models:
            self._models[model.folder] = _LoadedPair(model, self._settings)
        return self._models[model.folder]


class _LoadedPair:
    """A model of a pair with its two vocabularies. Creating it loads them. Raises EngineMissing and OutOfMemory."""

    def __init__(self, pair: PairModel, settings: EngineSettings) -> None:
        self._pair = pair
        self._source, self._target = _pieces(pair.source_pieces), _pieces(pair.target_pieces)
        endings = _endings(pair.folder)
        self._ending = endings[0]
        self.model = TranslationModel(pair.folder, settings, QuickmtTranslator.name, _OPTIONS)
        self.model.load()
        self._try(endings)

    def wordings(self, texts: Sequence[str], target: str, *, count: int) -> list[tuple[str, ...]]:
        token = self._pair.target_token(target)
        before = (token,) if token else ()
        wording = Wording(lambda text: [*before, *self._source.encode(text, out_type=str), *self._ending], self._text)
        return self.model.wordings(texts, wording, count=count)

    def _try(self, endings: Sequence[tuple[str, ...]]) -> None:
        """Keep the first of the endings with which the model makes sense. Raises EngineMissing if it does with none."""
        source, target = ends(self._pair.name)
        if not can_be_tried(source, target):
            return
        for ending in endings:
            self._ending = ending
            found = self.wordings(SENTENCES[source], target, count=1)
            if makes_sense([wordings[0] for wordings in found], target):
                return
        raise EngineMissing(
            f"The model '{self._pair.name}' translates none of three simple sentences as it should.",
            remedy="Use another translator, for example with `translator: bergamot` in config.yaml, or check the files "
            "of the model with: `dropdub models verify`. Then run: `dropdub retry JOB`.",
        )

    def _text(self, tokens: Sequence[str]) -> str:
        return str(self._target.decode(list(tokens))).strip()


def _licence(name: str) -> Licence:
    """Return the licence of a model; those that are not in the catalogue are OPUS-MT's, by their name."""
    known = find(name)
    return known.licence if known else CC_BY


def _pieces(file: Path) -> SentencePieceProcessor:
    from sentencepiece import SentencePieceProcessor  # noqa: PLC0415  (only in workers that use it)

    try:
        return SentencePieceProcessor(model_proto=file.read_bytes())
    except (OSError, RuntimeError) as error:
        raise _unreadable(file, error) from error


def _endings(folder: Path) -> tuple[tuple[str, ...], ...]:
    """Return the tokens that may have to follow each source text, the likelier first: as the model learnt it.

    OPUS-MT's models, which begin a translation with `</s>`, learnt sources that end with it, and so did quickmt's of
    2026, whose sources begin with `<s>` (quickmt-train, `data.py`). Those before learnt sources without either (eole);
    quickmt's library added nothing until January 2026, and their published scores are from before. Nothing is left to
    do if the model's configuration has CTranslate2 itself add the token.
    """
    config = folder / "config.json"
    try:
        settings = json.loads(read_start(config, _LONGEST_CONFIG, follow=True))
        if not isinstance(settings, dict):
            raise ValueError("it does not contain a JSON object")
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(config, error) from error
    learnt_it = settings.get("add_source_bos") is True or settings.get("decoder_start_token") == END
    if settings.get("add_source_eos") is True:
        return ((),)
    return ((END,), ()) if learnt_it else ((), (END,))


def _unreadable(file: Path, error: Exception) -> EngineMissing:
    return EngineMissing(
        f"{file} cannot be read: {str(error).strip().rstrip('.')}.",
        remedy="Check the model with: `dropdub models verify`. Then run: `dropdub retry JOB`.",
    )
