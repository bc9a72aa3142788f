"""Detect the language of a recording once, in windows from all over it, so that all chunks agree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.engines import answers
from dropdub.engines.base import EngineInfo, Transcriber, Window
from dropdub.languages import UNDETERMINED, primary
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import AUDIO, LANGUAGE, SPEECH, load_spans
from dropdub.pipeline.cache import Cache, CacheKey, from_json, to_json
from dropdub.pipeline.work_folder import WorkFolder
from dropdub.speech.vad import Span, quietest_in, windows

HEARD_AT_ONCE = 5
"""Windows in a group to detect the language from. If none contains a voice, the next group is tried."""


@dataclass(frozen=True)
class _LanguageKey(CacheKey, use="language", method=1):
    """The language detected in a group of windows."""

    engine: EngineInfo
    sound_sha256: str


def spoken_language(
    engine: Transcriber, work: WorkFolder, cache: Cache, *, longest_s: float, stated: str | None
) -> str:
    """Return the language of the whole recording: as heard in windows of up to `longest_s`.

    If it contains no voice, it is the language `stated` in its metadata, `und` if there is none.
    All chunks use the same windows, so it does not matter which of them runs first.
    """
    path = work.path / LANGUAGE
    if path.exists():
        return str(from_json(path.read_bytes()))
    audio = work.path / AUDIO
    spans = windows(load_spans(work.path / SPEECH), longest_s=longest_s, quietest=quietest_in(audio))
    language = next(_languages(engine, cache, audio, spans), None)
    if language is None:
        language = primary(stated or UNDETERMINED)
    with work.written(LANGUAGE) as file:
        file.write_bytes(to_json(language))
    return language


def spread(spans: Sequence[Span], count: int) -> list[list[Span]]:
    """Return all spans in groups of up to `count`, each from all over the recording, the group of the longest first.

    The spans are divided into `count` consecutive runs. Each group takes the next longest span of every run, sorted by
    time.
    """
    size = -(-len(spans) // count) or 1
    runs = [sorted(spans[at : at + size], key=lambda span: -span.duration_s) for at in range(0, len(spans), size)]
    groups = ([run[rank] for run in runs if rank < len(run)] for rank in range(size if runs else 0))
    return [sorted(group, key=lambda span: span.start) for group in groups]


def _languages(engine: Transcriber, cache: Cache, audio: Path, spans: Sequence[Span]) -> Iterator[str]:
    """Yield the language detected in each group of windows that contains a voice."""
    info = engine.info()
    for group in spread(spans, HEARD_AT_ONCE):
        heard = [Window(span.start, wav.read_range(audio, span.start, span.end)) for span in group]
        digest = hashlib.sha256()
        for window in heard:
            digest.update(window.samples.tobytes())
        key = _LanguageKey(info, digest.hexdigest())
        found = cache.get(key, check=lambda value: str(from_json(value)))
        if found is None:
            found = answers.language_heard(engine, heard)
            cache.put(key, to_json(found))
        if found != UNDETERMINED:
            yield found
