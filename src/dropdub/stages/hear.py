"""hear: verifies a dub. Transcribes each line and compares it with its text; bad lines are synthesized again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from dropdub.dubbing.verification import Verdict, judge
from dropdub.engines.base import SPEECH_RATE_HZ, EngineInfo, TakesHints, Transcriber, Window, Word
from dropdub.errors import EngineMissing, EngineNotInstalled, UnsupportedLanguage
from dropdub.files.durable import sha256, written_whole
from dropdub.media.sound import wav
from dropdub.media.sound.wav import WavWriter
from dropdub.pipeline.artifacts import cut_name, speech_dir_name
from dropdub.pipeline.cache import CacheKey, from_json, to_json
from dropdub.pipeline.heard_lines import HeardLine
from dropdub.pipeline.spoken_lines import Spoken, load_spoken, spoken_name
from dropdub.pipeline.task import Result, Task, target_of
from dropdub.text.reading import spoken

_LONGEST_S = 30.0
_AFTER_S = 0.12
_FADE_S = 0.05
_SHOWN = 60


@dataclass(frozen=True)
class _HeardKey(CacheKey, use="heard", method=1):
    """The words transcribed from one line of a dub."""

    sound_sha256: str
    language: str
    engine: EngineInfo


def run(task: Task) -> Result:
    """Return each line's best `file` with its `score`, `words` and `errors`, and in `again` the lines to speak again.

    A later take (`params`: `take`, from 0) replaces the previous one only where it is better. Babble after the last
    word is cut off; the result is a file of its own.
    """
    target, take = target_of(task), int(task.params.get("take", 0))
    lines = load_spoken(task.job_dir / spoken_name(target))
    wanted = [line for line in lines if line.id in task.params.get("lines", (line.id,))]
    heard_before = task.facts.verification(target, take - 1) if take else None
    before: Mapping[int, HeardLine] = heard_before.lines if heard_before else {}
    try:
        engine = task.engines.transcriber(task.options.transcriber, language=target)
    except (EngineMissing, EngineNotInstalled, UnsupportedLanguage):
        return _unverified(task, target)
    found = {**before, **dict(_improved(task, engine, wanted, before))}
    bad = [line for line in lines if line.id in found and not found[line.id].good]
    last = take + 1 >= task.options.synthesis.takes
    return {
        "lines": {str(number): one.to_json() for number, one in found.items()},
        "again": [] if last else [line.id for line in bad],
        "engine": asdict(engine.info()),
        "warnings": [_warning(line, target) for line in bad] if last else [],
    }


def _unverified(task: Task, target: str) -> Result:
    sentence = f"The {target} dub was not verified, because no transcriber is available for {target}."
    return {"lines": {}, "again": [], "warnings": [sentence] if task.options.synthesis.verify is True else []}


def _improved(
    task: Task, engine: Transcriber, lines: Sequence[Spoken], before: Mapping[int, HeardLine]
) -> Iterator[tuple[int, HeardLine]]:
    """Yield the new result of each line whose new take is better than the previous one."""
    take, folder = int(task.params.get("take", 0)), task.job_dir / speech_dir_name(target_of(task))
    paths = [folder / line.file(take) for line in lines]
    if isinstance(engine, TakesHints):  # drop the hints of another job's recording
        engine.hint_at(prompt=None, hotwords=())
    heard = _transcribed(task, engine, paths)
    for done, (line, path, words) in enumerate(zip(lines, paths, heard, strict=True), start=1):
        verdict = judge(spoken(line.text), words, wav.duration_s(path))
        known = before.get(line.id)
        if known is None or verdict.score > known.score:
            yield line.id, _heard_line(_cut(task, path, verdict), verdict)
        task.progress(done / len(lines))


def _heard_line(file: str, verdict: Verdict) -> HeardLine:
    """Return what the report shows of a verdict; includes what was heard only if the line is bad."""
    found, heard = verdict.errors, None if verdict.good else verdict.heard
    return HeardLine(file, round(verdict.score, 3), verdict.good, found.words, found.errors, heard)


def _transcribed(task: Task, engine: Transcriber, paths: Sequence[Path]) -> Iterator[list[Word]]:
    """Yield the words heard in each file, from the cache or transcribed now."""
    language, info = target_of(task), engine.info()
    keys = [_HeardKey(sha256(path), language, info) for path in paths]
    kept = [task.cache.get(key, check=_from_json) for key in keys]
    fresh = _transcribed_now(engine, [path for path, words in zip(paths, kept, strict=True) if words is None], language)
    for key, words in zip(keys, kept, strict=True):
        if words is not None:
            yield words
            continue
        found = next(fresh)
        task.cache.put(key, to_json([asdict(word) for word in found]))
        yield found


def _from_json(value: bytes) -> list[Word]:
    return [Word(**word) for word in from_json(value)]


def _transcribed_now(engine: Transcriber, paths: Sequence[Path], language: str) -> Iterator[list[Word]]:
    """Yield the words heard in each file. All files go through the engine in one call, so it can batch them."""
    lengths: deque[int] = deque()

    def windows() -> Iterator[Window]:
        for path in paths:
            sounds = [wav.resample(one, wav.sample_rate(path), SPEECH_RATE_HZ) for one in wav.blocks(path, _LONGEST_S)]
            sounds = sounds or [np.zeros(SPEECH_RATE_HZ // 10, np.float32)]  # each file needs at least one window
            lengths.append(len(sounds))
            yield from (Window(number * _LONGEST_S, sound) for number, sound in enumerate(sounds))

    heard = engine.transcribe(windows(), language=language)
    for _ in paths:
        found = next(heard, ())
        words = [word for one in found for word in one.words]
        for found in islice(heard, max(lengths.popleft() - 1, 0)):
            words += [word for one in found for word in one.words]
        yield words


def _cut(task: Task, path: Path, verdict: Verdict) -> str:
    """Return the name of the file to use: the speech as it is, or a copy that ends after its last word."""
    if verdict.end_s is None:
        return path.name
    target = path.with_name(cut_name(path.name))
    samples, rate = wav.read_range(path, 0.0, verdict.end_s + _AFTER_S), wav.sample_rate(path)
    fade = min(round(_FADE_S * rate), len(samples))
    samples[len(samples) - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    with written_whole(target, scratch=task.prepared_scratch()) as part, WavWriter(part, rate) as writer:
        writer.write(samples)
    return target.name


def _warning(line: Spoken, target: str) -> str:
    text = line.text if len(line.text) <= _SHOWN else f"{line.text[: _SHOWN - 1]}…"
    return f"Line {line.id + 1} of the {target} dub may be unintelligible: “{text}”"
