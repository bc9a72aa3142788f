"""translate: translates a transcript into one target language by sentence, with shorter alternatives for a dub.

A document is also written again in its own format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from dropdub.config.glossary import missed, terms_for
from dropdub.engines import answers
from dropdub.engines.abilities import Context, OffersAlternatives, TakesContext, TakesGlossary
from dropdub.engines.base import EngineInfo, Translator
from dropdub.engines.translating.wordings import fitting, shorter_than
from dropdub.errors import NotText, TooLarge
from dropdub.languages import same_language
from dropdub.pipeline.artifacts import TRANSCRIPT, Segment, Transcript, document_name, translation_name
from dropdub.pipeline.cache import CacheKey, from_json, to_json
from dropdub.pipeline.task import Result, Task, describes, target_of
from dropdub.speech.described_lines import DescribedLines
from dropdub.speech.sentences import Sentence, sentences_of, split_over_segments
from dropdub.subtitles.user_files import Given, given_translation
from dropdub.text.reading import marked, pieces
from dropdub.text.rewriting.documents import format_of, not_written, write_translated
from dropdub.text.written_forms import converts, form_warnings, in_form, written_in
from dropdub.untrusted.characters import visible

BATCH = 32
LINES, CHARACTERS = 12, 1_200
"""How many texts an engine gets at once that takes into account what surrounds them, unless they are long."""
BEFORE, AFTER = 6, 3
"""How many texts before them, with their translations, and after them it gets as well."""
MOST_NAMED = 10
"""How many terms of a glossary a warning names."""
_TEXT_SHARE = 0.8
"""Share of the work that the running text is; the document has a few words more, and most answers are in the cache."""
Wordings = tuple[str, ...]
"""A translation, then alternatives, each shorter than the previous."""


@dataclass(frozen=True)
class _WordingsKey(CacheKey, use="wordings", method=1):
    """The translation of one text, with its alternatives."""

    engine: EngineInfo
    source: str
    target: str
    fits: bool
    text: str


@dataclass(frozen=True)
class _InContextKey(CacheKey, use="wordings-in-context", method=1):
    """The translations of texts that follow one another: they depend on each other, and on what surrounds them."""

    engine: EngineInfo
    source: str
    target: str
    fits: bool
    texts: tuple[str, ...]
    context: Context
    terms: tuple[tuple[str, str], ...]


def run(task: Task) -> Result:
    """Write translation.T.json: the same ids and times, without words. If source and target match, texts are kept.

    Write also document.T.docx (or .epub, .md) for a document in another language.
    """
    source, target = Transcript.load(task.job_dir / TRANSCRIPT), target_of(task)
    found: dict[str, Wordings] = {}
    if task.facts.probe.brought_target == target:
        given = _given(task, source, target, found)
    else:
        done = _make(task, source, target, found)
        given = Given(done.transcript, (*done.warnings, *_warnings(source, done.transcript)))
    given.transcript.save(task.job_dir / translation_name(target))
    document, warnings = _document(task, source, target, found)
    return {
        "segments": len(given.transcript.segments),
        "engine": given.transcript.engine,
        "changed": given.changed,
        "document": document,
        "warnings": [*given.warnings, *warnings],
    }


def _document(task: Task, source: Transcript, target: str, found: dict[str, Wordings]) -> tuple[str | None, list[str]]:
    """Write the document again in the target language; return its format, None if there is none, and warnings.

    `found` are translations that are known already; it gets the others.
    """
    suffix = _document_format(task)
    if suffix is None or same_language(source.language, target):
        return None, []
    engine = task.engines.translator(task.options.translator, source=source.language, target=target)
    job = _Translation(task, engine, source.language, target, found, shares=(_TEXT_SHARE, 1.0))
    try:
        with task.work.written(document_name(target, suffix)) as part:
            warnings = write_translated(
                task.source,
                part,
                name=task.job_name,
                language=source.language,
                target=target,
                ask=job.one_wording,
                hint=task.hint,
            )
    except (NotText, TooLarge) as error:
        return None, [not_written(task.job_name, error)]
    return suffix, warnings


def _document_format(task: Task) -> str | None:
    return format_of(task.job_name) if task.kind == "text" else None


def _given(task: Task, source: Transcript, target: str, found: dict[str, Wordings]) -> Given:
    assert task.companion is not None
    make = (lambda: _make(task, source, target, found).transcript) if target in task.options.targets else None
    return given_translation(task.companion, source, target, make=make)


def _make(task: Task, source: Transcript, target: str, found: dict[str, Wordings]) -> Given:
    engine: dict[str, Any] = {}
    texts: list[Wordings]
    warnings: tuple[str, ...] = ()
    if same_language(source.language, target):
        written = written_in([one.text for one in source.segments], source=source.language, target=target)
        texts, warnings = [(text,) for text in written.texts], written.warnings
    else:
        texts, engine, ignored = _translated(task, source, target, found)
        texts = [tuple(in_form(one, target)) for one in texts] if converts(target) else texts
        warnings = (*ignored, *form_warnings(target, engine=str(engine.get("name"))))
    segments = tuple(
        replace(one, text=wordings[0], words=(), raw=None, shorter=wordings[1:])
        for one, wordings in zip(source.segments, texts, strict=True)
    )
    made = Transcript(target, source.duration_s, segments, engine, source_language=source.language)
    return Given(made, warnings)


def _translated(
    task: Task, source: Transcript, target: str, found: dict[str, Wordings]
) -> tuple[list[Wordings], dict[str, Any], list[str]]:
    """Return the texts in the target language, the engine for the manifest, and what of the options had no effect."""
    engine = task.engines.translator(task.options.translator, source=source.language, target=target)
    share = _TEXT_SHARE if _document_format(task) else 1.0
    job = _Translation(task, engine, source.language, target, found, shares=(0.0, share))
    if task.kind == "text":
        texts = _paragraphs(job, source)
    elif describes(task):
        texts = _described(job, source, target)
    else:
        texts = _speech(job, source.segments, target)
    return texts, asdict(job.info), job.ignored


def _described(job: _Translation, source: Transcript, target: str) -> list[Wordings]:
    """Translate the lines of a user's subtitle, what is only shown of them apart from what is said."""
    lines = DescribedLines.of(source.segments, language=source.language)
    known = {text: wordings[0] for text, wordings in job.known(lines.shown_only()).items()}
    said = _speech(job, lines.said, target)
    return [
        tuple(lines.whole(segment.id, wording, known) for wording in wordings)
        for segment, wordings in zip(lines.said, said, strict=True)
    ]


def _speech(job: _Translation, segments: Sequence[Segment], target: str) -> list[Wordings]:
    """Translate sentence by sentence, including sentences that span several segments."""
    found = sentences_of(segments)
    known = job.known(sentence.text for sentence in found)
    most = max(map(len, known.values()), default=1)
    ranks = [split_over_segments(found, _of_rank(found, known, rank), language=target) for rank in range(most)]
    return [_without_repeats(by_id.get(segment.id, "") for by_id in ranks) for segment in segments]


def _of_rank(found: Sequence[Sentence], known: Mapping[str, Wordings], rank: int) -> dict[str, str]:
    """Return each sentence's wording of that rank, or its shortest, by the sentence's text."""
    offered = {one.text: known.get(one.text, (one.text,)) for one in found}
    return {text: wordings[min(rank, len(wordings) - 1)] for text, wordings in offered.items()}


def _without_repeats(texts: Iterable[str]) -> Wordings:
    """Return texts without repeats at the end."""
    kept = list(texts)
    while len(kept) > 1 and kept[-1] == kept[-2]:
        kept.pop()
    return tuple(kept)


def _paragraphs(job: _Translation, source: Transcript) -> list[Wordings]:
    """Translate the paragraphs of a text piece by piece, keeping their markup."""
    known = job.known(piece for one in source.segments for piece in _bodies(one.text))
    return [(_mapped(one.text, lambda piece: known.get(piece, (piece,))[0]),) for one in source.segments]


class _Translation:
    """Translates texts between two languages with one engine, through the cache.

    `found` are wordings that this step has found before; it gets the others. `shares`: the step's progress before and
    after it.
    """

    def __init__(
        self,
        task: Task,
        engine: Translator,
        source: str,
        target: str,
        found: dict[str, Wordings],
        *,
        shares: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        self._shares = shares
        self._task = task
        self._engine = engine
        self._source = source
        self._target = target
        self._found = found
        self._terms = terms_for(task.options.glossary, target)
        self._missed: set[str] = set()
        # A dub has to take as long as the original; a text may take as long as it needs.
        self._fits = task.kind != "text" and isinstance(engine, OffersAlternatives | TakesContext)
        self.info = engine.info()

    @property
    def ignored(self) -> list[str]:
        """Return a warning if the job has a glossary, and the engine takes none, or did not follow it earlier."""
        name = self._task.job_name
        if self._terms and not isinstance(self._engine, TakesGlossary):
            return [f"In {name}, glossary had no effect: the translator {self._engine.name} takes none."]
        terms = ", ".join(sorted(self._missed)[:MOST_NAMED])
        return [f"In {name}, what was translated earlier does not follow the glossary for: {terms}."] if terms else []

    def known(self, texts: Iterable[str]) -> dict[str, Wordings]:
        """Return the wordings of each text that has letters, from the cache or translated in batches."""
        needed = dict.fromkeys(text for text in texts if _has_letters(text))
        if isinstance(self._engine, TakesContext):
            self._find_in_context(self._engine, [text for text in needed if text not in self._found])
            return {text: self._found[text] for text in needed}
        found = {text: self._task.cache.get(self._key(text), check=_checked) for text in needed}
        missing = sorted((text for text, kept in found.items() if kept is None), key=len)
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            for text, wordings in zip(batch, self._asked(batch), strict=True):
                found[text] = wordings
                self._task.cache.put(self._key(text), to_json(wordings))
            self._report(1 - (len(missing) - start - len(batch)) / len(needed))
        return {text: kept for text, kept in found.items() if kept is not None}

    def _report(self, done: float) -> None:
        before, after = self._shares
        self._task.progress(before + (after - before) * done)

    def _find_in_context(self, engine: TakesContext, texts: Sequence[str]) -> None:
        """Find the wordings of texts that follow one another, in this order: later ones depend on earlier ones."""
        start = 0
        while start < len(texts):
            end = _end_of_batch(texts, start)
            earlier = ((text, self._found[text][0]) for text in texts[max(start - BEFORE, 0) : start])
            before = tuple((text, translation) for text, translation in earlier if translation != text)
            context = Context(
                before, tuple(texts[end : end + AFTER]), self._task.options.initial_prompt, self._task.options.hotwords
            )
            self._found |= zip(texts[start:end], self._in_context(engine, texts[start:end], context), strict=True)
            self._report(end / len(texts))
            start = end

    def _in_context(self, engine: TakesContext, texts: Sequence[str], context: Context) -> list[Wordings]:
        given = tuple(map(visible, texts))
        terms = tuple(sorted(self._terms.items())) if isinstance(engine, TakesGlossary) else ()
        key = _InContextKey(self.info, self._source, self._target, self._fits, given, context, terms)
        kept = self._task.cache.get(key, check=lambda value: _all_checked(value, number=len(texts)))
        if kept is not None:
            self._missed |= {
                one for text, found in zip(given, kept, strict=True) for one in missed(terms, text, found[0])
            }
            return kept
        self._give_glossary()
        offered = answers.in_context(
            engine, given, source=self._source, target=self._target, context=context, fits=self._fits
        )
        found = [
            _by_length(text, wordings or (text,)) if self._fits else wordings[:1] or (text,)
            for text, wordings in zip(given, offered, strict=True)
        ]
        if all(offered) and self._engine.info() == self.info:  # what was not translated is asked for again next time
            self._task.cache.put(key, to_json(found))
        return found

    def _give_glossary(self) -> None:
        if isinstance(self._engine, TakesGlossary):
            self._engine.use_glossary(self._terms)

    def one_wording(self, texts: Iterable[str]) -> dict[str, str]:
        """Return the translation of each text that has letters."""
        return {text: wordings[0] for text, wordings in self.known(texts).items()}

    def _key(self, text: str) -> _WordingsKey:
        engine = self.info
        if self._terms and isinstance(self._engine, TakesGlossary):
            engine = replace(engine, details={**engine.details, "glossary": self._terms})
        return _WordingsKey(engine, self._source, self._target, self._fits, text)

    def _asked(self, texts: Sequence[str]) -> list[Wordings]:
        self._give_glossary()
        answers = self._answers([visible(text) for text in texts])
        return [tuple(wording.strip() for wording in answer) for answer in answers]

    def _answers(self, texts: Sequence[str]) -> list[Wordings]:
        if self._fits and isinstance(self._engine, OffersAlternatives):
            offered = answers.alternatives(self._engine, texts, source=self._source, target=self._target)
            return [_by_length(text, wordings) for text, wordings in zip(texts, offered, strict=True)]
        return [(one,) for one in answers.translated(self._engine, texts, source=self._source, target=self._target)]


def _end_of_batch(texts: Sequence[str], start: int) -> int:
    """Return where a batch ends that begins at `start`: after `LINES` texts, or before `CHARACTERS` are exceeded."""
    length = 0
    for end in range(start, min(start + LINES, len(texts))):
        length += len(texts[end])
        if length > CHARACTERS and end > start:
            return end
    return min(start + LINES, len(texts))


def _by_length(text: str, wordings: Sequence[str]) -> Wordings:
    """Return the wording that fits the time of a text, then the shorter ones."""
    chosen = fitting(text, wordings)
    return (chosen, *shorter_than(chosen, wordings))


def _checked(value: bytes) -> Wordings:
    wordings = tuple(map(str, from_json(value)))
    if not wordings or not wordings[0]:
        raise ValueError("it is empty")
    return wordings


def _all_checked(value: bytes, *, number: int) -> list[Wordings]:
    found = [tuple(map(str, wordings)) for wordings in from_json(value)]
    if len(found) != number or not all(wordings and wordings[0] for wordings in found):
        raise ValueError("it is incomplete")
    return found


def _bodies(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        yield from pieces(marked(line)[1])


def _mapped(text: str, translate: Callable[[str], str]) -> str:
    """Return `text` with the words of each line translated and its markers unchanged."""
    lines = (marked(line) for line in text.split("\n"))
    return "\n".join(marker + " ".join(map(translate, pieces(body))) for marker, body in lines)


def _has_letters(text: str) -> bool:
    return any(character.isalpha() for character in text)


def _warnings(source: Transcript, done: Transcript) -> list[str]:
    lost = sum(
        bool(one.text.strip()) and not other.text.strip()
        for one, other in zip(source.segments, done.segments, strict=True)
    )
    which, them = (f"{lost} lines have", "them") if lost > 1 else (f"{lost} line has", "it")
    return [f"{which} no {done.language} translation, so the dub skips {them}."] if lost else []
