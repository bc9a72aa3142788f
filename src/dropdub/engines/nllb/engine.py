"""The quality translator: NLLB models on CTranslate2, tokenized without torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from dropdub.engines.base import EngineInfo, EngineSettings
from dropdub.engines.ctranslate2.model import BEAM, END, WORKING_BYTES, TranslationModel, Wording
from dropdub.engines.models.folders import missing_model, model_details, model_folder, size_of
from dropdub.engines.nllb.codes import flores_code
from dropdub.engines.packages import missing_package, package_version
from dropdub.errors import EngineMissing, UnsupportedLanguage
from dropdub.languages import same_language

if TYPE_CHECKING:
    from tokenizers import Tokenizer

DEFAULT_MODEL = "nllb-200-distilled-600M"
FILES = ("model.bin", "config.json", "tokenizer.json")


class NllbTranslator:
    """Translates between about a hundred languages. Each text must be one sentence: NLLB drops all but the first."""

    name: ClassVar[str] = "nllb"
    role: ClassVar[str] = "translator"
    rank: ClassVar[int] = 20
    runtime: ClassVar[str | None] = "ctranslate2"

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._settings = settings or EngineSettings()
        self._folder = model_folder(self._settings, self.name, DEFAULT_MODEL)
        self._model = TranslationModel(self._folder, self._settings, self.name)
        self._tokenizer: Tokenizer | None = None

    @classmethod
    def unavailable(cls) -> str | None:
        return missing_package(cls.name, "ctranslate2") or missing_package(cls.name, "tokenizers")

    def missing_model(self) -> str | None:
        return missing_model(self._settings, self.name, DEFAULT_MODEL, FILES)

    def needs_bytes(self) -> int:
        return size_of(self._folder) + WORKING_BYTES

    def load(self) -> None:
        if self._tokenizer is None:
            from tokenizers import Tokenizer  # noqa: PLC0415  (only in workers that use it)

            self._tokenizer = _tokenizer(Tokenizer, str(self._folder / "tokenizer.json"))
        self._model.load()

    def info(self) -> EngineInfo:
        details = {
            **model_details(self._folder),
            "device": self._model.device,
            "compute_type": self._model.compute_type,
        }
        return EngineInfo(self.name, package_version("ctranslate2"), details)

    def announcements(self) -> Sequence[str]:
        return self._model.announcements()

    def supports(self, source: str, target: str) -> bool:
        known = flores_code(source) is not None and flores_code(target) is not None
        return known and not same_language(source, target)

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[str]:
        return [found[0] for found in self._wordings(texts, source, target, count=1)]

    def alternatives(self, texts: Sequence[str], *, source: str, target: str) -> list[tuple[str, ...]]:
        return self._wordings(texts, source, target, count=BEAM)

    def _wordings(self, texts: Sequence[str], source: str, target: str, *, count: int) -> list[tuple[str, ...]]:
        self.load()
        code = self._code(source)
        wording = Wording(lambda text: self._tokens(text, code), self._text, first=(self._code(target),))
        return self._model.wordings(texts, wording, count=count)

    def _tokens(self, text: str, code: str) -> list[str]:
        assert self._tokenizer is not None
        return [code, *self._tokenizer.encode(text, add_special_tokens=False).tokens, END]

    def _text(self, tokens: Sequence[str]) -> str:
        assert self._tokenizer is not None
        ids = [self._tokenizer.token_to_id(token) for token in tokens]
        return str(self._tokenizer.decode([one for one in ids if one is not None], skip_special_tokens=True)).strip()

    def _code(self, tag: str) -> str:
        """Return a tag's code. Raises UnsupportedLanguage if the model does not know it, and would use `<unk>`."""
        assert self._tokenizer is not None
        code = flores_code(tag)
        if code is None or self._tokenizer.token_to_id(code) is None:
            raise UnsupportedLanguage(f"The model '{self._folder.name}' does not support {tag}.")
        return code


def _tokenizer(kind: type[Tokenizer], path: str) -> Tokenizer:
    try:
        return kind.from_file(path)
    except Exception as error:  # the library raises nothing more specific
        raise EngineMissing(
            f"{path} cannot be read: {error}.",
            remedy="Check the model with: `dropdub models verify`. Then run: `dropdub retry JOB`.",
        ) from error
