"""The small translator: models of Firefox Translations, about 20 MB a pair, run by the package fxtranslate."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from dropdub.engines.base import EngineInfo, EngineSettings
from dropdub.engines.bergamot.pairs import complete_model, ends, files_of, installed, known_model, route
from dropdub.engines.bergamot.sentence import best
from dropdub.engines.bergamot.text import translated
from dropdub.engines.models.folders import model_details, size_of
from dropdub.engines.packages import missing_package, package_version
from dropdub.engines.translating.pairs import lacking
from dropdub.errors import EngineMissing, UnsupportedLanguage

if TYPE_CHECKING:
    from fxtranslate import Translator

EXAMPLE = "bergamot-en-pt"
"""The model that is named if there is none at all."""
_WORKING_BYTES = 100_000_000


class BergamotTranslator:
    """Translates between the languages whose models are in `models.dir`, through English if there is no direct model.

    The models know one sentence at a time. They write the Portuguese of Brazil and of Portugal mixed: a region in the
    target's tag changes nothing.
    """

    name: ClassVar[str] = "bergamot"
    role: ClassVar[str] = "translator"
    rank: ClassVar[int] = 14
    runtime: ClassVar[str | None] = None

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._models_dir = (settings or EngineSettings()).models_dir
        self._models: dict[str, Translator] = {}
        self._untranslated: dict[str, None] = {}

    @classmethod
    def unavailable(cls) -> str | None:
        return missing_package(cls.name, "fxtranslate")

    def missing_model(self) -> str | None:
        """Return an example of a model if there is none. Which ones a pair lacks is the answer of `missing_models`."""
        return None if installed(self._models_dir) else EXAMPLE

    def missing_models(self, source: str, target: str) -> tuple[str, ...]:
        """Return the models to download for a pair; of two ways, the one that lacks fewer and has fewer models."""
        return lacking(source, target, here=partial(complete_model, self._models_dir), known=known_model)

    def needs_bytes(self) -> int:
        """Return the memory for the two largest models, which a pair through English needs."""
        sizes = sorted(size_of(self._models_dir / name) for name in installed(self._models_dir))
        return 2 * sum(sizes[-2:]) + _WORKING_BYTES

    def load(self) -> None:
        """Load the library. A model is loaded by the first text of its pair, which takes a tenth of a second."""
        import fxtranslate  # noqa: F401, PLC0415  (only in workers that use it)

    def info(self) -> EngineInfo:
        models = {name: model_details(self._models_dir / name)["files"] for name in installed(self._models_dir)}
        return EngineInfo(self.name, package_version("fxtranslate"), {"models": models})

    def supports(self, source: str, target: str) -> bool:
        return bool(route(self._models_dir, source, target))

    def coverage(self) -> str:
        """Return the pairs of the models that are there. What is possible through English is not listed."""
        pairs = map(ends, installed(self._models_dir))
        return ", ".join(f"{source} to {target}" for source, target in pairs) or "nothing: it has no model"

    def announcements(self) -> Sequence[str]:
        """Return what was left in its language since the last call."""
        left, self._untranslated = list(self._untranslated), {}
        return [f'{self.name} found no translation for "{text}": it was left as it is.' for text in left]

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[str]:
        names = route(self._models_dir, source, target)
        if not names:
            raise UnsupportedLanguage(f"The engine '{self.name}' does not translate from {source} to {target}.")
        done = list(texts)
        for name in names:
            ask = partial(self._sentence, self._model(name))
            done = [translated(text, ask, language=ends(name)[0]) for text in done]
        return done

    def _sentence(self, model: Translator, sentence: str) -> str:
        found = best(sentence, model.translate)
        if not found:
            self._untranslated[sentence] = None
        return found

    def _model(self, name: str) -> Translator:
        if name not in self._models:
            self._models[name] = self._loaded(name)
        return self._models[name]

    def _loaded(self, name: str) -> Translator:
        from fxtranslate import Translator  # noqa: PLC0415  (only in workers that use it)

        files = files_of(self._models_dir / name)
        assert files is not None, "a route has complete models only"
        paths = (files.weights, files.source_words, files.target_words, files.shortlist)
        try:
            return Translator(*(path.read_bytes() for path in paths))
        except ValueError as error:
            raise EngineMissing(
                f"The model '{name}' cannot be read: {error}.",
                remedy="Check it with: `dropdub models verify`. Then run: `dropdub retry JOB`.",
            ) from error
