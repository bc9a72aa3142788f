"""Plan a job's steps: a pure function of its options and the results of its succeeded steps."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dropdub.config import JobOptions
from dropdub.pipeline.companion import UserSubtitle
from dropdub.pipeline.facts import Facts, take_key
from dropdub.pipeline.request import SINGLE_STEPS, Request, Wanted
from dropdub.stage_table import BY_NAMES, BY_VOICES, MOST_TAKES, STAGES
from dropdub.store.steps import StepSpec


def first_steps(request: Request | None = None, *, warnings: Sequence[str] = ()) -> tuple[StepSpec, ...]:
    """Return the steps that a job starts with; `warnings` are those of its intake."""
    if request is not None and request.wanted in SINGLE_STEPS:
        return (replace(_step(request.wanted), params=request.params),)
    return (replace(_step("probe"), params={"warnings": list(warnings)} if warnings else {}),)


def plan(options: JobOptions, facts: Facts, request: Request | None = None) -> tuple[StepSpec, ...]:
    """Return all steps known so far, in order of phase. Steps keep their keys from one plan to the next."""
    steps = list(first_steps(request))
    if facts.has("probe") and request is not None:
        steps += _requested_steps(options, facts, request)
    elif facts.has("probe"):
        steps += _media_steps(options, facts) if facts.probe.kind == "media" else _text_steps(options, facts)
    return tuple(sorted(steps, key=lambda step: step.phase))


def job_facts(stage: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the job columns that a stage's result sets: some fields of `JobFacts`, and always `warnings`."""
    learnt = {name: result[name] for name in STAGES[stage].learns if result.get(name) is not None}
    return {**learnt, "warnings": tuple(result.get("warnings", ()))}


def _media_steps(options: JobOptions, facts: Facts) -> Iterator[StepSpec]:
    words = facts.probe.words
    yield _step("extract")
    if facts.has("extract"):  # not earlier: it may find that the content is a duplicate
        yield _step("merge" if words and words.revises else "split")
    if facts.has("split"):
        yield from _transcript_steps(options, facts, words)
    if facts.has("merge"):
        revised = words.target if words and words.revises else None
        yield from () if revised else (_publish("transcript"),)
        has_video = facts.probe.video is not None
        targets = _remaining_targets(options, facts.merge.skipped) if revised is None else [revised]
        for target in targets:
            yield from _dub_steps(options, target, facts)
            yield from _dubbed_video(target, options) if has_video else ()
            yield from _comparison(target, facts)
        yield from _summaries(options, targets, facts)


def _requested_steps(options: JobOptions, facts: Facts, request: Request) -> Iterator[StepSpec]:
    """Yield the steps of a request for a recording: its language, or its transcript and translations."""
    known = {"speakers": list(request.speakers)} if request.speakers else {}
    yield replace(_step("extract"), params=known)
    if facts.has("extract"):
        yield _step("split")
    if facts.has("split") and request.wanted is Wanted.DETECT:
        yield _step("detect")
    elif facts.has("split"):
        yield from _transcript_steps(options, facts, None)
    if facts.has("merge"):
        yield from (_diarize_part(BY_NAMES, known),) if known and facts.merge.segments else ()
        yield _publish("transcript")
        for target in _remaining_targets(options, facts.merge.skipped):
            yield _step("translate", target=target)
            yield _publish("translation", target=target)
        yield _publish("manifest")


def _transcript_steps(options: JobOptions, facts: Facts, words: UserSubtitle | None) -> Iterator[StepSpec]:
    """Yield the steps that make the transcript.

    If the user supplied it, nothing is transcribed; if nobody speaks, there are no chunks.
    """
    if words is None or words.target is not None:
        for ordinal, chunk in enumerate(facts.split.chunks):
            yield _transcribe(ordinal, chunk)
    has_words = bool(facts.split.chunks) or facts.probe.brought_transcript
    yield from _diarize(facts) if options.speakers != "one" and has_words else ()
    yield _step("merge")


def _diarize(facts: Facts) -> Iterator[StepSpec]:
    yield _step("diarize")
    if facts.has("diarize") and facts.diarize.how == BY_VOICES:
        yield _diarize_part(BY_VOICES, {})


def _diarize_part(by: str, params: Mapping[str, Any]) -> StepSpec:
    part = STAGES["diarize"].parts[by]
    return StepSpec(f"diarize/{by}", "diarize", part.phase, None, part.pool, {"by": by, **params})


def _text_steps(options: JobOptions, facts: Facts) -> Iterator[StepSpec]:
    yield _step("extract")
    if facts.has("extract"):
        targets = _remaining_targets(options, facts.extract.skipped)
        # A text without targets is read aloud in its own language.
        for target in targets or [facts.extract.language]:
            yield from _dub_steps(options, target, facts)
            yield from _book(target) if options.text.m4b and facts.probe.kind == "text" else ()
            yield from _comparison(target, facts)
        yield from _summaries(options, targets, facts)


def _summaries(options: JobOptions, targets: Sequence[str], facts: Facts) -> Iterator[StepSpec]:
    """Yield the report, if there is a target or one of an earlier round, and the manifest, which ends every job."""
    if options.report and (targets or set(facts.translated) - {facts.language}):
        yield _publish("report")
    yield _publish("manifest")


def _remaining_targets(options: JobOptions, skipped: Collection[str]) -> list[str]:
    return [target for target in options.targets if target not in skipped]


def _dub_steps(options: JobOptions, target: str, facts: Facts) -> Iterator[StepSpec]:
    yield _step("translate", target=target)
    yield _publish("translation", target=target)
    yield from _takes(target, facts)
    yield _mix(options, target)
    yield _publish("dub", target=target)


def _takes(target: str, facts: Facts) -> Iterator[StepSpec]:
    """Yield the first take, its verification, and a further take of each line that failed it."""
    yield _step("synthesize", target=target)
    lines: Sequence[int] | None = None
    for take in range(MOST_TAKES):
        key = take_key("synthesize", target, take)
        if lines is not None:
            yield _take("synthesize", target, take, lines)
        if not facts.has(key) or not facts.synthesis(target, take).hear:
            return
        yield _take("hear", target, take, lines)
        heard = facts.verification(target, take)
        lines = heard.again if heard else None
        if not lines:
            return


def _take(stage: str, target: str, take: int, lines: Sequence[int] | None) -> StepSpec:
    params = {"take": take} if lines is None else {"take": take, "lines": list(lines)}
    row = STAGES[stage]
    return StepSpec(take_key(stage, target, take), stage, row.phase + 2 * take, target, row.pool, params)


def _mix(options: JobOptions, target: str) -> StepSpec:
    """Return the mixing step. It runs in the engines' pool if vocals are removed from the original."""
    step = _step("mix", target=target)
    return replace(step, pool="synthesize", params={"separate": True}) if options.mix.separate else step


def _dubbed_video(target: str, options: JobOptions) -> Iterator[StepSpec]:
    mux = _step("mux", target=target)
    # For the deadline: the time to encode a picture depends on its duration, not on its size in bytes.
    yield replace(mux, params={"burn": True}) if options.subtitles.mode == "burn" else mux
    yield _publish("video", target=target)


def _book(target: str) -> Iterator[StepSpec]:
    yield _step("book", target=target)
    yield _publish("book", target=target)


def _comparison(target: str, facts: Facts) -> Iterator[StepSpec]:
    """Yield the comparison of voices and of how good they sound, after everything that is delivered.

    Nothing if no voice was cloned, unless something is installed that estimates how good a dub sounds.
    """
    if facts.has(f"synthesize/{target}") and (facts.synthesis(target).cloned or facts.synthesis(target).sound):
        yield _step("compare", target=target)


def _transcribe(ordinal: int, chunk: Sequence[float]) -> StepSpec:
    start, end = chunk
    params = {"start": start, "end": end, "ordinal": ordinal}
    return replace(_step("transcribe"), key=f"transcribe/{ordinal:04d}", params=params)


def _step(stage: str, *, target: str | None = None) -> StepSpec:
    row = STAGES[stage]
    return StepSpec(stage if target is None else f"{stage}/{target}", stage, row.phase, target, row.pool)


def _publish(what: str, *, target: str | None = None) -> StepSpec:
    part = STAGES["publish"].parts[what]
    key = f"publish/{what}" if target is None else f"publish/{what}.{target}"
    return StepSpec(key, "publish", part.phase, target, part.pool, {"what": what})
