"""The translator that asks a server with a language model, which speaks the OpenAI protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar

from dropdub.config.glossary import occurring
from dropdub.engines.abilities import Context
from dropdub.engines.base import EngineInfo, EngineSettings
from dropdub.engines.openai.dialogue import Dialogue, Troubles
from dropdub.engines.openai.meeting import Met, is_still, meet
from dropdub.engines.openai.ollama import DEFAULT_CONTEXT
from dropdub.engines.openai.prompt import VERSION, Line, Question
from dropdub.errors import EngineMissing, UnsupportedLanguage, Waiting
from dropdub.languages import is_known, primary, same_language
from dropdub.pasting import pasteable

LINES = 12
"""How many lines are asked for together: enough to see how they belong together, and few enough to be numbered well."""
HISTORY = 6
"""How many lines before them are shown, with their translations."""
_SET_IT = (
    "Set models.openai.model in config.yaml, for example {openai: {model: qwen3:8b}}, or models.openai.address if the "
    "server has only one model."
)


class OpenAiTranslator:
    """Translates between any languages that the server's model knows."""

    name: ClassVar[str] = "openai"
    role: ClassVar[str] = "translator"
    rank: ClassVar[int] = 30

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._server = (settings or EngineSettings()).server
        self._met: Met | None = None
        self._dialogue: Dialogue | None = None
        self._troubles = Troubles()
        self._terms: Mapping[str, str] = {}

    @classmethod
    def unavailable(cls) -> str | None:
        return None

    def missing_setting(self) -> str | None:
        return None if self._server.is_named else _SET_IT

    def load(self) -> None:
        """Find the server and its model, which loads it there. Raises Waiting and EngineMissing."""
        if self._met is None and self._server.is_named:
            self._met = meet(self._server)
            self._dialogue = Dialogue(self._met, self._troubles)

    def info(self) -> EngineInfo:
        """Return what answers now: between two steps, or two batches, it may have become another model."""
        if self._met is not None and not is_still(self._met, self._server):
            self._met = None
        self.load()
        details = self._met.details() if self._met is not None else {"prompt": VERSION}
        return EngineInfo(self.name, f"prompt {VERSION}", details)

    def supports(self, source: str, target: str) -> bool:
        return is_known(primary(source)) and is_known(primary(target)) and not same_language(source, target)

    def use_glossary(self, terms: Mapping[str, str]) -> None:
        self._terms = dict(terms)

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[str]:
        found = self.in_context(texts, source=source, target=target, context=Context(), fits=False)
        return [wordings[0] if wordings else text for text, wordings in zip(texts, found, strict=True)]

    def in_context(
        self, texts: Sequence[str], *, source: str, target: str, context: Context, fits: bool
    ) -> list[tuple[str, ...]]:
        if not self.supports(source, target):
            raise UnsupportedLanguage(f"The engine '{self.name}' does not translate from {source} to {target}.")
        spoken = [text for text in texts if text.strip()]
        found: list[tuple[str, ...]] = []
        for start in range(0, len(spoken), LINES):
            batch = spoken[start : start + LINES]
            known = [(text, wordings[0]) for text, wordings in zip(spoken, found, strict=False) if wordings]
            before = (*context.before, *known)[-HISTORY:]
            after = (*spoken[start + LINES :], *context.after)[: len(context.after)]
            around = replace(context, before=before, after=after)
            found += self._wordings(Question(tuple(map(Line, batch)), source, target, around, self._used(batch), fits))
        answers = iter(found)
        return [next(answers) if text.strip() else (text,) for text in texts]

    def _used(self, texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
        return occurring(self._terms, texts)

    def _wordings(self, question: Question) -> list[tuple[str, ...]]:
        self.load()
        assert self._dialogue is not None, "it is only used if the settings name a server"
        try:
            return self._dialogue.wordings(question)
        except (Waiting, EngineMissing):
            self._met = None  # another model or version may answer later
            self._troubles.take()  # the step ends here, and the next one must not report them
            raise

    def announcements(self) -> Sequence[str]:
        """Return what is to be known of the translations: where the texts went, and what the model did not do."""
        if self._met is None:
            return ()
        return [*self._about_server(self._met), *_about(self._troubles.take(), self._met)]

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Keep the glossary and the reports of a job while another one's short step is done."""
        terms, troubles = self._terms, self._troubles.take()
        self._terms = {}
        try:
            yield
        finally:
            self._terms = terms
            self._troubles.give(troubles)

    def _about_server(self, met: Met) -> Iterator[str]:
        if met.server.warning:
            yield met.server.warning
        if met.server.context < met.asked_context:
            yield (
                f"Ollama runs the model '{met.server.model}' with a context of {met.server.context} tokens, fewer than "
                f"models.openai.context ({met.asked_context}), so fewer lines were translated at once. "
                f"{_more_context(met, met.asked_context)}"
            )


def _about(troubles: Troubles, met: Met) -> Iterator[str]:
    model = met.server.model
    if troubles.was_cut:
        wanted = max(2 * DEFAULT_CONTEXT, met.server.context)
        yield f"The server cut off what it was to translate with the model '{model}'. {_more_context(met, wanted)}"
    if troubles.untranslated:
        which = f"{troubles.untranslated} texts" if troubles.untranslated > 1 else "1 text"
        yield f"The model '{model}' returned no usable translation of {which}, which stayed as they were."
    if troubles.missed_terms:
        terms = ", ".join(sorted(troubles.missed_terms)[:10])
        yield f"The model '{model}' did not always translate these terms as the glossary says: {terms}."


def _more_context(met: Met, tokens: int) -> str:
    """Return what to do so that a model has a context of this number of tokens."""
    if not met.ollama:
        return f"Start the server with a context of {tokens} tokens, or lower models.openai.context."
    name = f"{str(met.server.model).replace(':', '-').replace('/', '-')}-{tokens}"
    return (
        f"To give it more, save these two lines as a file named Modelfile:\n  FROM {met.server.model}\n"
        f"  PARAMETER num_ctx {tokens}\nThen run:\n  {pasteable(['ollama', 'create', name, '-f', 'Modelfile'])}\n"
        f"and set models.openai.model to {name} and models.openai.context to {tokens}."
    )
