"""translate: translates a transcript into one target language by sentence, with shorter alternatives for a dub.

A document is also written again in its own format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from dropdub.engines import answers
from dropdub.engines.base import EngineInfo, OffersAlternatives, Translator
from dropdub.engines.wordings import fitting, shorter_than
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


def run(task: Task) -> Result:
    """Write translation.T.json: the same ids and times, without words. If source and target match, texts are kept.

    Write also document.T.docx (or .epub, .md) for a document in another language.
    """
    source, target = Transcript.load(task.job_dir / TRANSCRIPT), target_of(task)
    if task.facts.probe.brought_target == target:
        given = _given(task, source, target)
    else:
        done = _make(task, source, target)
        given = Given(done.transcript, (*done.warnings, *_warnings(source, done.transcript)))
    given.transcript.save(task.job_dir / translation_name(target))
    document, warnings = _document(task, source, target)
    return {
        "segments": len(given.transcript.segments),
        "engine": given.transcript.engine,
        "changed": given.changed,
        "document": document,
        "warnings": [*given.warnings, *warnings],
    }


def _document(task: Task, source: Transcript, target: str) -> tuple[str | None, list[str]]:
    """Write the document again in the target language; return its format, None if there is none, and warnings."""
    suffix = _document_format(task)
    if suffix is None or same_language(source.language, target):
        return None, []
    engine = task.engines.translator(task.options.translator, source=source.language, target=target)
    job = _Translation(task, engine, source.language, target, shares=(_TEXT_SHARE, 1.0))
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


def _given(task: Task, source: Transcript, target: str) -> Given:
    assert task.companion is not None
    make = (lambda: _make(task, source, target).transcript) if target in task.options.targets else None
    return given_translation(task.companion, source, target, make=make)


def _make(task: Task, source: Transcript, target: str) -> Given:
    engine: dict[str, Any] = {}
    texts: list[Wordings]
    warnings: tuple[str, ...] = ()
    if same_language(source.language, target):
        written = written_in([one.text for one in source.segments], source=source.language, target=target)
        texts, warnings = [(text,) for text in written.texts], written.warnings
    else:
        texts, engine = _translated(task, source, target)
        texts = [tuple(in_form(one, target)) for one in texts] if converts(target) else texts
        warnings = form_warnings(target, engine=str(engine.get("name")))
    segments = tuple(
        replace(one, text=wordings[0], words=(), raw=None, shorter=wordings[1:])
        for one, wordings in zip(source.segments, texts, strict=True)
    )
    made = Transcript(target, source.duration_s, segments, engine, source_language=source.language)
    return Given(made, warnings)


def _translated(task: Task, source: Transcript, target: str) -> tuple[list[Wordings], dict[str, Any]]:
    engine = task.engines.translator(task.options.translator, source=source.language, target=target)
    share = _TEXT_SHARE if _document_format(task) else 1.0
    job = _Translation(task, engine, source.language, target, shares=(0.0, share))
    if task.kind == "text":
        return _paragraphs(job, source), asdict(job.info)
    if describes(task):
        return _described(job, source, target), asdict(job.info)
    return _speech(job, source.segments, target), asdict(job.info)


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

    `shares`: the step's progress before and after it.
    """

    def __init__(
        self, task: Task, engine: Translator, source: str, target: str, *, shares: tuple[float, float] = (0.0, 1.0)
    ) -> None:
        self._shares = shares
        self._task = task
        self._engine = engine
        self._source = source
        self._target = target
        # A dub has to take as long as the original; a text may take as long as it needs.
        self._fits = task.kind != "text" and isinstance(engine, OffersAlternatives)
        self.info = engine.info()

    def known(self, texts: Iterable[str]) -> dict[str, Wordings]:
        """Return the wordings of each text that has letters, from the cache or translated in batches."""
        needed = dict.fromkeys(text for text in texts if _has_letters(text))
        found = {text: self._task.cache.get(self._key(text), check=_checked) for text in needed}
        missing = sorted((text for text, kept in found.items() if kept is None), key=len)
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            for text, wordings in zip(batch, self._asked(batch), strict=True):
                found[text] = wordings
                self._task.cache.put(self._key(text), to_json(wordings))
            done = 1 - (len(missing) - start - len(batch)) / len(needed)
            before, after = self._shares
            self._task.progress(before + (after - before) * done)
        return {text: kept for text, kept in found.items() if kept is not None}

    def one_wording(self, texts: Iterable[str]) -> dict[str, str]:
        """Return the translation of each text that has letters."""
        return {text: wordings[0] for text, wordings in self.known(texts).items()}

    def _key(self, text: str) -> _WordingsKey:
        return _WordingsKey(self.info, self._source, self._target, self._fits, text)

    def _asked(self, texts: Sequence[str]) -> list[Wordings]:
        answers = self._answers([visible(text) for text in texts])
        return [tuple(wording.strip() for wording in answer) for answer in answers]

    def _answers(self, texts: Sequence[str]) -> list[Wordings]:
        if self._fits and isinstance(self._engine, OffersAlternatives):
            offered = answers.alternatives(self._engine, texts, source=self._source, target=self._target)
            return [_by_length(text, wordings) for text, wordings in zip(texts, offered, strict=True)]
        return [(one,) for one in answers.translated(self._engine, texts, source=self._source, target=self._target)]


def _by_length(text: str, wordings: Sequence[str]) -> Wordings:
    """Return the wording that fits the time of a text, then the shorter ones."""
    chosen = fitting(text, wordings)
    return (chosen, *shorter_than(chosen, wordings))


def _checked(value: bytes) -> Wordings:
    wordings = tuple(map(str, from_json(value)))
    if not wordings or not wordings[0]:
        raise ValueError("it is empty")
    return wordings


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
