"""Run a translation model with CTranslate2: the fastest precision, batches, several wordings, and a second try."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dropdub.engines.base import EngineSettings
from dropdub.engines.devices.batches import Batches
from dropdub.engines.devices.precision import OFF_CARD, device_of, first_that_loads, out_of_memory_errors, precisions
from dropdub.engines.translating.wordings import distinct, longest_output, looks_wrong

if TYPE_CHECKING:
    from ctranslate2 import Translator

BEAM = 4
AS_LIKELY = 0.2
"""How far below the best the log probability per token (0 is certain) of an equally good wording may be."""
END = "</s>"
WORKING_BYTES = 300_000_000
"""Memory for the work itself, besides the model's files."""
_AGAIN: dict[str, Any] = {"no_repeat_ngram_size": 3, "repetition_penalty": 1.2}


@dataclass(frozen=True)
class Wording:
    """How the texts of a pair become tokens, and tokens become text.

    `tokens`: all tokens of a source text, with those that the model expects around them. `text`: the text of the tokens
    of a translation. `first`: the tokens that each translation must begin with; `text` does not get them.
    """

    tokens: Callable[[str], list[str]]
    text: Callable[[Sequence[str]], str]
    first: tuple[str, ...] = ()


@dataclass
class TranslationModel:
    """A model in `folder`, for the engine called `engine`. Not thread-safe.

    `options` are added to those of CTranslate2's `translate_batch`.
    """

    folder: Path
    settings: EngineSettings
    engine: str
    options: Mapping[str, Any] = field(default_factory=dict)
    device: str = field(default="", init=False)
    compute_type: str = field(default="", init=False)
    _translator: Translator | None = field(default=None, init=False, repr=False)
    _fallbacks: tuple[str, ...] = field(default=(), init=False)
    _batches: Batches = field(default_factory=Batches, init=False)

    def load(self) -> None:
        """Load the model unless it is loaded. Raises EngineMissing and OutOfMemory."""
        if self._translator is not None:
            return
        device = device_of(self.settings)
        self._batches = Batches(self.settings.memory_failures, on_card=device == "cuda")
        left = self._batches.leaves_card
        wanted = precisions("cpu" if left else device, self.settings, model=self.folder)
        loaded = first_that_loads(wanted, self._made, engine=self.engine)
        self._translator, self.device, self.compute_type = loaded.thing, loaded.device, loaded.compute_type
        self._fallbacks = (
            *([OFF_CARD.format(engine=self.engine, reason="it ran out of memory earlier")] * left),
            *loaded.announcements,
        )

    def announcements(self) -> tuple[str, ...]:
        """Return a sentence for each fallback in effect."""
        return (*self._fallbacks, *self._batches.announcement(self.engine))

    def wordings(self, texts: Sequence[str], wording: Wording, *, count: int) -> list[tuple[str, ...]]:
        """Return up to `count` translations of each text in order, the most likely first; an empty text stays empty.

        A translation that looks wrong is asked for once more, without repetitions. Raises OutOfMemory.
        """
        self.load()
        spoken = [text for text in texts if text.strip()]
        with out_of_memory_errors(self.engine):
            found = dict(zip(spoken, self._run(spoken, wording, count), strict=True))
            wrong = [text for text in found if looks_wrong(text, found[text][0])]
            for text, other in zip(wrong, self._run(wrong, wording, count, **_AGAIN), strict=True):
                found[text] = other if not looks_wrong(text, other[0]) else found[text]
        return [found.get(text, (text,)) for text in texts]

    def _made(self, device: str, compute_type: str) -> Translator:
        from ctranslate2 import Translator  # noqa: PLC0415  (only in workers that use it)

        threads = self.settings.threads
        made = Translator(str(self.folder), device=device, compute_type=compute_type, intra_threads=threads)
        if device == "cuda":  # problems of the card or its libraries only show when it computes
            made.translate_batch([["▁a", "▁a", END]], max_decoding_length=2)
        return made

    def _run(self, texts: Sequence[str], wording: Wording, count: int, **more: Any) -> list[tuple[str, ...]]:
        """Return the wordings of each text, the most likely first. The library sorts texts by length and batches."""
        if not texts:
            return []
        assert self._translator is not None
        tokens = [wording.tokens(text) for text in texts]
        results = self._translator.translate_batch(
            tokens,
            target_prefix=[list(wording.first)] * len(tokens) if wording.first else None,
            beam_size=BEAM,
            num_hypotheses=count,
            return_scores=True,
            max_batch_size=self._batches.size,
            max_decoding_length=longest_output(max(map(len, tokens))),
            **{**self.options, **more},
        )
        return [_likely(result.hypotheses, result.scores, wording) for result in results]


def _likely(hypotheses: Sequence[Sequence[str]], scores: Sequence[float], wording: Wording) -> tuple[str, ...]:
    """Return the wordings about as likely as the best: much less likely ones mean something else."""
    likely = (one for one, score in zip(hypotheses, scores, strict=True) if score >= scores[0] - AS_LIKELY)
    return distinct(wording.text(tokens[len(wording.first) :]) for tokens in likely)
