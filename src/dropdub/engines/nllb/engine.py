"""The quality translator: NLLB models on CTranslate2, tokenized without torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from dropdub.engines.base import EngineInfo, EngineSettings
from dropdub.engines.devices.batches import Batches
from dropdub.engines.devices.precision import OFF_CARD, device_of, first_that_loads, out_of_memory_errors, precisions
from dropdub.engines.models.folders import missing_model, model_details, model_folder, size_of
from dropdub.engines.nllb.codes import flores_code
from dropdub.engines.packages import missing_package, package_version
from dropdub.engines.wordings import distinct, longest_output, looks_wrong
from dropdub.errors import EngineMissing, UnsupportedLanguage
from dropdub.languages import same_language

if TYPE_CHECKING:
    from ctranslate2 import Translator
    from tokenizers import Tokenizer

DEFAULT_MODEL = "nllb-200-distilled-600M"
FILES = ("model.bin", "config.json", "tokenizer.json")
BEAM = 4
AS_LIKELY = 0.2
"""How far below the best the log probability per token (0 is certain) of an equally good wording may be."""
_END = "</s>"
_WORKING_BYTES = 300_000_000
_AGAIN: dict[str, Any] = {"no_repeat_ngram_size": 3, "repetition_penalty": 1.2}


class NllbTranslator:
    """Translates between about a hundred languages. Each text must be one sentence: NLLB drops all but the first."""

    name: ClassVar[str] = "nllb"
    role: ClassVar[str] = "translator"
    rank: ClassVar[int] = 20
    runtime: ClassVar[str | None] = "ctranslate2"

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._settings = settings or EngineSettings()
        self._folder = model_folder(self._settings, self.name, DEFAULT_MODEL)
        self._translator: Translator | None = None
        self._tokenizer: Tokenizer | None = None
        self._device = self._compute_type = ""
        self._fallbacks: tuple[str, ...] = ()
        self._batches = Batches()

    @classmethod
    def unavailable(cls) -> str | None:
        return missing_package(cls.name, "ctranslate2") or missing_package(cls.name, "tokenizers")

    def missing_model(self) -> str | None:
        return missing_model(self._settings, self.name, DEFAULT_MODEL, FILES)

    def needs_bytes(self) -> int:
        return size_of(self._folder) + _WORKING_BYTES

    def load(self) -> None:
        if self._translator is not None:
            return
        from tokenizers import Tokenizer  # noqa: PLC0415  (only in workers that use it)

        self._tokenizer = _tokenizer(Tokenizer, str(self._folder / "tokenizer.json"))
        device = device_of(self._settings)
        self._batches = Batches(self._settings.memory_failures, on_card=device == "cuda")
        left = self._batches.leaves_card
        wanted = precisions("cpu" if left else device, self._settings, model=self._folder)
        loaded = first_that_loads(wanted, self._made, engine=self.name)
        self._translator, self._device, self._compute_type = loaded.thing, loaded.device, loaded.compute_type
        self._fallbacks = (
            *([OFF_CARD.format(engine=self.name, reason="it ran out of memory earlier")] * left),
            *loaded.announcements,
        )

    def info(self) -> EngineInfo:
        details = {**model_details(self._folder), "device": self._device, "compute_type": self._compute_type}
        return EngineInfo(self.name, package_version("ctranslate2"), details)

    def announcements(self) -> Sequence[str]:
        return (*self._fallbacks, *self._batches.announcement(self.name))

    def supports(self, source: str, target: str) -> bool:
        known = flores_code(source) is not None and flores_code(target) is not None
        return known and not same_language(source, target)

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[str]:
        return [found[0] for found in self._wordings(texts, source, target, count=1)]

    def alternatives(self, texts: Sequence[str], *, source: str, target: str) -> list[tuple[str, ...]]:
        return self._wordings(texts, source, target, count=BEAM)

    def _made(self, device: str, compute_type: str) -> Translator:
        from ctranslate2 import Translator  # noqa: PLC0415  (only in workers that use it)

        threads = self._settings.threads
        made = Translator(str(self._folder), device=device, compute_type=compute_type, intra_threads=threads)
        if device == "cuda":  # problems of the card or its libraries only show when it computes
            made.translate_batch([["▁a", "▁a", _END]], max_decoding_length=2)
        return made

    def _wordings(self, texts: Sequence[str], source: str, target: str, *, count: int) -> list[tuple[str, ...]]:
        self.load()
        codes = self._code(source), self._code(target)
        spoken = [text for text in texts if text.strip()]
        with out_of_memory_errors(self.name):
            found = dict(zip(spoken, self._run_model(spoken, codes, count), strict=True))
            wrong = [text for text in found if looks_wrong(text, found[text][0])]
            for text, other in zip(wrong, self._run_model(wrong, codes, count, **_AGAIN), strict=True):
                found[text] = other if not looks_wrong(text, other[0]) else found[text]
        return [found.get(text, (text,)) for text in texts]

    def _run_model(
        self, texts: Sequence[str], codes: tuple[str, str], count: int, **options: Any
    ) -> list[tuple[str, ...]]:
        """Return the wordings of each text, the most likely first. The library sorts texts by length and batches."""
        if not texts:
            return []
        assert self._translator is not None
        pieces = [self._pieces(text, codes[0]) for text in texts]
        results = self._translator.translate_batch(
            pieces,
            target_prefix=[[codes[1]]] * len(pieces),
            beam_size=BEAM,
            num_hypotheses=count,
            return_scores=True,
            max_batch_size=self._batches.size,
            max_decoding_length=longest_output(max(map(len, pieces))),
            **options,
        )
        return [self._likely(result.hypotheses, result.scores) for result in results]

    def _likely(self, hypotheses: Sequence[Sequence[str]], scores: Sequence[float]) -> tuple[str, ...]:
        """Return the wordings about as likely as the best: much less likely ones mean something else."""
        likely = (one for one, score in zip(hypotheses, scores, strict=True) if score >= scores[0] - AS_LIKELY)
        return distinct(self._text(tokens[1:]) for tokens in likely)

    def _pieces(self, text: str, code: str) -> list[str]:
        assert self._tokenizer is not None
        return [code, *self._tokenizer.encode(text, add_special_tokens=False).tokens, _END]

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
