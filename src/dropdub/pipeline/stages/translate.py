"""translate: a transcript into one target language, segment by segment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from dropdub.engines.base import Translator
from dropdub.engines.languages import same_language
from dropdub.errors import UnexpectedError
from dropdub.pipeline.artefacts import TRANSCRIPT, Transcript, translation_name
from dropdub.pipeline.stages.base import Result, Task, target_of
from dropdub.pipeline.textfile import marked, pieces

BATCH = 32


def run(task: Task) -> Result:
    """Write translation.T.json: the same ids and times, without words. The same language passes through untouched."""
    source, target = Transcript.load(task.job_dir / TRANSCRIPT), target_of(task)
    engine: dict[str, Any] = {}
    if same_language(source.language, target):
        texts = [segment.text for segment in source.segments]
    else:
        texts, engine = _translated(task, source, target)
    segments = tuple(replace(one, text=text, words=()) for one, text in zip(source.segments, texts, strict=True))
    done = Transcript(target, source.duration_s, segments, engine, source_language=source.language)
    done.save(task.job_dir / translation_name(target))
    return {"segments": len(segments), "engine": engine, "warnings": _warnings(source, done)}


def _translated(task: Task, source: Transcript, target: str) -> tuple[list[str], dict[str, Any]]:
    engine = task.engines.translator(task.options.translator, source=source.language, target=target)
    info = asdict(engine.info())
    needed = dict.fromkeys(piece for one in source.segments for piece in _bodies(one.text) if _has_letters(piece))
    known = _known(task, engine, info, list(needed), source.language, target)
    return [_mapped(one.text, lambda piece: known.get(piece, piece)) for one in source.segments], info


def _known(
    task: Task, engine: Translator, info: dict[str, Any], texts: Sequence[str], source: str, target: str
) -> dict[str, str]:
    """Return the translation of each text: kept ones from the cache, the others from the engine in batches."""

    def key(text: str) -> tuple[Any, ...]:
        return ("translation", info, source, target, text)

    found = {text: task.cache.get(*key(text), check=_checked) for text in texts}
    missing = [text for text, kept in found.items() if kept is None]
    for start in range(0, len(missing), BATCH):
        batch = missing[start : start + BATCH]
        for text, translation in zip(batch, _asked(engine, batch, source, target), strict=True):
            found[text] = translation
            task.cache.put(*key(text), value=translation.encode())
        task.progress((start + len(batch)) / len(missing))
    return {text: kept for text, kept in found.items() if kept is not None}


def _asked(engine: Translator, texts: Sequence[str], source: str, target: str) -> list[str]:
    answers = engine.translate(texts, source=source, target=target)
    if len(answers) != len(texts):
        raise UnexpectedError(f"The engine '{engine.name}' gave {len(answers)} translations of {len(texts)} texts.")
    return [answer.strip() for answer in answers]


def _checked(value: bytes) -> str:
    text = value.decode()
    if not text:
        raise ValueError("it is empty")
    return text


def _bodies(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        yield from pieces(marked(line)[1])


def _mapped(text: str, translate: Callable[[str], str]) -> str:
    """Return `text` with the words of each line translated and its markers kept."""
    lines = (marked(line) for line in text.split("\n"))
    return "\n".join(marker + " ".join(map(translate, pieces(body))) for marker, body in lines)


def _has_letters(text: str) -> bool:
    return any(character.isalpha() for character in text)


def _warnings(source: Transcript, done: Transcript) -> list[str]:
    lost = sum(
        bool(one.text.strip()) and not other.text.strip()
        for one, other in zip(source.segments, done.segments, strict=True)
    )
    return [f"{lost} line{'s have' if lost > 1 else ' has'} no translation into {done.language}."] if lost else []
