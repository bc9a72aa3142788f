"""hear: verifies a dub. Transcribes its lines and compares each with its text; bad lines are synthesized again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from dropdub.dubbing.listening import Line, Listener
from dropdub.dubbing.listening_check import check_on_original
from dropdub.dubbing.verification import Verdict
from dropdub.engines.base import Transcriber
from dropdub.engines.hearing.meanwhile import letting_in
from dropdub.errors import EngineMissing, EngineNotInstalled, UnsupportedLanguage
from dropdub.media.sound import wav
from dropdub.media.sound.wav import WavWriter
from dropdub.pipeline.artifacts import AUDIO, TRANSCRIPT, Transcript, cut_name, speech_dir_name
from dropdub.pipeline.heard_lines import HeardLine
from dropdub.pipeline.spoken_lines import Spoken, load_spoken, spoken_name
from dropdub.pipeline.task import Result, Task, target_of
from dropdub.text.reading import spoken

_AFTER_S = 0.12
_FADE_S = 0.05
_SHOWN = 60
_OF_LINES = 0.8
"""The share of the progress until all lines are heard; the rest is the original."""


def run(task: Task) -> Result:
    """Return each line's best `file` with its `score`, `words` and `errors`, and in `again` the lines to speak again.

    A later take (`params`: `take`, from 0) replaces the previous one only where it is better. Babble after the last
    word is cut off; the result is a file of its own. With the first take, `check` is how the same transcriber fares on
    the original recording, or why that is not known.
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
    with letting_in(task.run_asides, engine):
        found = {**before, **_improved(task, engine, wanted, before)}
        checked = {} if take else {"check": _checked(task, engine)}
    bad = [line for line in lines if line.id in found and not found[line.id].good]
    last = take + 1 >= task.options.synthesis.takes
    return {
        "lines": {str(number): one.to_json() for number, one in found.items()},
        "again": [] if last else [line.id for line in bad],
        "engine": asdict(engine.info()),
        **checked,
        "warnings": [_warning(line, target) for line in bad] if last else [],
    }


def _unverified(task: Task, target: str) -> Result:
    sentence = f"The {target} dub was not verified, because no transcriber is available for {target}."
    return {"lines": {}, "again": [], "warnings": [sentence] if task.options.synthesis.verify is True else []}


def _improved(
    task: Task, engine: Transcriber, lines: Sequence[Spoken], before: Mapping[int, HeardLine]
) -> dict[int, HeardLine]:
    """Return the new result of each line whose new take is better than the previous one, by its id."""
    take, folder = int(task.params.get("take", 0)), task.job_dir / speech_dir_name(target_of(task))
    paths = [folder / line.file(take) for line in lines]
    listener = Listener(engine, target_of(task), task.cache, lambda share: task.progress(share * _OF_LINES))
    heard = listener.hear([Line.of_file(spoken(one.text), path) for one, path in zip(lines, paths, strict=True)])
    found: dict[int, HeardLine] = {}
    for line, path, one in zip(lines, paths, heard, strict=True):
        known = before.get(line.id)
        if known is None or one.verdict.rank > (known.good, known.score):
            found[line.id] = _heard_line(_cut(task, path, one.verdict), one.verdict)
    return found


def _heard_line(file: str, verdict: Verdict) -> HeardLine:
    """Return what the report shows of a verdict; includes what was heard only if the line is bad."""
    found, heard = verdict.errors, None if verdict.good else verdict.heard
    return HeardLine(file, round(verdict.score, 3), verdict.good, found.words, found.errors, heard)


def _checked(task: Task, engine: Transcriber) -> dict[str, Any]:
    """Return the check of the transcriber on the original recording, as the step's result holds it."""
    source, audio = Transcript.load(task.job_dir / TRANSCRIPT), task.job_dir / AUDIO
    listener = Listener(
        engine, source.language, task.cache, lambda share: task.progress(_OF_LINES + share * (1 - _OF_LINES))
    )
    return check_on_original(listener, source, audio if task.kind == "media" else None).to_json()


def _cut(task: Task, path: Path, verdict: Verdict) -> str:
    """Return the name of the file to use: the speech as it is, or a copy that ends after its last word."""
    if verdict.end_s is None:
        return path.name
    samples, rate = wav.read_range(path, 0.0, verdict.end_s + _AFTER_S), wav.sample_rate(path)
    fade = min(round(_FADE_S * rate), len(samples))
    samples[len(samples) - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    name = cut_name(path.name)
    with (
        task.work.written(f"{speech_dir_name(target_of(task))}/{name}") as part,
        WavWriter(part, rate) as writer,
    ):
        writer.write(samples)
    return name


def _warning(line: Spoken, target: str) -> str:
    text = line.text if len(line.text) <= _SHOWN else f"{line.text[: _SHOWN - 1]}…"
    return f"Line {line.id + 1} of the {target} dub may be unintelligible: “{text}”"
