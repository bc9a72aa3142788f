"""Translate with any sequence-to-sequence model of the transformers library: OPUS-MT, MADLAD-400, M2M-100, NLLB."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, ClassVar

from dropdub.engines.base import EngineInfo, EngineSettings
from dropdub.engines.devices.batches import Batches
from dropdub.engines.devices.precision import first_line, out_of_memory_errors
from dropdub.engines.devices.torch_device import move_to_device
from dropdub.engines.models.folders import is_whole, model_details, model_folder, model_name, size_of
from dropdub.engines.models.pair_names import OPUS
from dropdub.engines.models.weights import allow_numbers_only, has_safetensors, refuse_code
from dropdub.engines.nllb.codes import flores_code
from dropdub.engines.packages import missing_package, package_version
from dropdub.engines.translating import opus_mt
from dropdub.engines.translating.wordings import longest_output
from dropdub.engines.xtts.torchaudio_shim import make_importable
from dropdub.errors import EngineMissing, UnsupportedLanguage
from dropdub.languages import primary, same_language

BEAM = 4
FILES = ("config.json",)
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
_NO_MODEL = "opus-mt-SOURCE-TARGET"
"""A placeholder: the engine has no default model, `models.use` must name one."""
_WORKING_BYTES = 500_000_000


class TransformersTranslator:
    """Translates with the model that `models.use` names, for example one with a permissive licence."""

    name: ClassVar[str] = "transformers"
    role: ClassVar[str] = "translator"
    rank: ClassVar[int] = 15
    runtime: ClassVar[str | None] = "torch"

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._settings = settings or EngineSettings()
        self._folder = model_folder(self._settings, self.name, _NO_MODEL)
        self._model: Any = None
        self._tokenizer: Any = None
        self._device = "cpu"
        self._fallback: str | None = None
        self._batches = Batches()

    @classmethod
    def unavailable(cls) -> str | None:
        return missing_package(cls.name, "transformers") or missing_package(cls.name, "torch")

    def missing_model(self) -> str | None:
        here = is_whole(self._folder, FILES) and any(one for kind in WEIGHTS for one in self._folder.glob(kind))
        return None if here else model_name(self._settings, self.name, _NO_MODEL)

    def needs_bytes(self) -> int:
        return size_of(self._folder) + _WORKING_BYTES

    def load(self) -> None:
        if self._model is not None:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import torch  # noqa: PLC0415  (heavy: only in workers that use it)

            make_importable()
            from transformers import AutoModelForSeq2SeqLM, AutoTokenizer  # noqa: PLC0415

            torch.set_num_threads(self._settings.threads)
            allow_numbers_only()
            refuse_code(self._folder, engine=self.name)
            kinds: tuple[Any, Any] = (AutoTokenizer, AutoModelForSeq2SeqLM)
            self._tokenizer = self._read(kinds[0].from_pretrained)
            model = self._read(kinds[1].from_pretrained, use_safetensors=has_safetensors(self._folder))
        wanted = self._settings.device
        self._batches = Batches(self._settings.memory_failures, on_card=wanted != "cpu" and torch.cuda.is_available())
        given_up = self._batches.leaves_card
        self._device, self._fallback = move_to_device(model, device=wanted, engine=self.name, given_up=given_up)
        self._model = model.eval()

    def info(self) -> EngineInfo:
        details = {**model_details(self._folder), "device": self._device}
        return EngineInfo(self.name, package_version("transformers"), details)

    def announcements(self) -> Sequence[str]:
        batches = self._batches.announcement(self.name)
        return [self._fallback, *batches] if self._fallback else batches

    def supports(self, source: str, target: str) -> bool:
        """Return whether the pair is supported, judging by the model's type and name; False if no model is named."""
        if same_language(source, target) or self.name not in self._settings.models:
            return False
        if self._kind == "marian":
            return self._is_pair(source, target)
        if self._kind == "m2m_100" and self._is_nllb:
            return flores_code(source) is not None and flores_code(target) is not None
        return True

    def _is_pair(self, source: str, target: str) -> bool:
        """Return whether a Marian model translates from `source` to `target`, judging by its name and vocabulary."""
        pair = OPUS.search(self._folder.name)
        if self._target_tokens:
            into = opus_mt.target_token(self._target_tokens, target) is not None
        else:
            into = pair is None or opus_mt.is_of(pair[2], target)
        return into and (pair is None or opus_mt.is_of(pair[1], source))

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[str]:
        if not self.supports(source, target):
            raise UnsupportedLanguage(f"The model '{self._folder.name}' does not translate from {source} to {target}.")
        self.load()
        forced = self._codes(source, target)
        spoken = sorted({text for text in texts if text.strip()}, key=len)
        found: dict[str, str] = {}
        with out_of_memory_errors(self.name):
            for start in range(0, len(spoken), self._batches.size):
                batch = spoken[start : start + self._batches.size]
                found |= dict(zip(batch, self._run_model(batch, target, forced), strict=True))
        return [found.get(text, text) for text in texts]

    @cached_property
    def _kind(self) -> str:
        try:
            found = json.loads((self._folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ""
        return str(found.get("model_type", ""))

    @cached_property
    def _is_nllb(self) -> bool:
        try:
            settings = json.loads((self._folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return "nllb" in str(settings.get("tokenizer_class", "")).lower()

    @cached_property
    def _target_tokens(self) -> frozenset[str]:
        """Return the tokens that select the target language in a model with several."""
        try:
            vocabulary = json.loads((self._folder / "vocab.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return frozenset()
        return opus_mt.target_tokens(vocabulary)

    def _with_target(self, text: str, target: str) -> str:
        """Return a text as input of the model, with the token of the target language if it needs one."""
        if self._kind == "t5":
            return f"<2{primary(target)}> {text}"
        token = opus_mt.target_token(self._target_tokens, target) if self._kind == "marian" else None
        return f"{token} {text}" if token else text

    def _run_model(self, texts: Sequence[str], target: str, forced: int | None) -> list[str]:
        import torch  # noqa: PLC0415

        given = [self._with_target(text, target) for text in texts]
        tokens = self._tokenizer(given, return_tensors="pt", padding=True, truncation=True).to(self._device)
        options = {} if forced is None else {"forced_bos_token_id": forced}
        with torch.no_grad():
            most = longest_output(tokens["input_ids"].shape[1])
            answer = self._model.generate(**tokens, num_beams=BEAM, max_new_tokens=most, max_length=None, **options)
        return [text.strip() for text in self._tokenizer.batch_decode(answer, skip_special_tokens=True)]

    def _codes(self, source: str, target: str) -> int | None:
        """Set the tokenizer's source language; return the token that the target starts with, if the model needs one."""
        if self._kind != "m2m_100":
            return None
        codes = [flores_code(tag) if self._is_nllb else primary(tag) for tag in (source, target)]
        tokens = [code if self._is_nllb else f"__{code}__" for code in codes]
        ids = [self._tokenizer.convert_tokens_to_ids(token) for token in tokens]
        unknown = self._tokenizer.unk_token_id
        for tag, id_ in zip((source, target), ids, strict=True):
            if id_ is None or id_ == unknown:  # otherwise the library translates into an arbitrary language
                raise UnsupportedLanguage(f"The model '{self._folder.name}' does not support {tag}.")
        self._tokenizer.src_lang = codes[0]
        return int(ids[1])

    def _read(self, load: Callable[..., Any], **options: Any) -> Any:
        try:
            return load(str(self._folder), local_files_only=True, trust_remote_code=False, **options)
        except Exception as error:  # loading may raise anything
            raise EngineMissing(
                f"The model of the engine '{self.name}' cannot be loaded: {first_line(error)}.",
                remedy="Check its files with: `dropdub models verify`. Then run: `dropdub retry JOB`.",
            ) from error
