"""The steps of a job: a pure function of its options and of what its succeeded steps found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dropdub.config import JobOptions
from dropdub.pipeline.artefacts import Facts
from dropdub.store.steps import StepSpec

_PHASES = {
    "probe": 0,
    "extract": 10,
    "split": 20,
    "transcribe": 30,
    "merge": 40,
    "publish/transcript": 45,
    "translate": 50,
    "publish/translation": 55,
    "synthesize": 60,
    "mix": 70,
    "publish/dub": 75,
    "mux": 80,
    "publish/video": 85,
    "publish/manifest": 90,
}
_ENGINE_POOLS = ("transcribe", "translate", "synthesize")
_LEARNT = {
    "probe": ("kind", "duration_s"),
    "extract": ("duration_s", "language", "content_hash"),
    "merge": ("language",),
}


def first_steps() -> tuple[StepSpec, ...]:
    """Return the steps that every job begins with."""
    return (_step("probe"),)


def plan(options: JobOptions, facts: Facts) -> tuple[StepSpec, ...]:
    """Return all steps known so far, in the order of their phases; known ones come again, with the same keys.

    Reads of `facts`: probe's `kind` and `video`, split's `chunks`, and of merge (of a text: extract) `language` and
    `skipped`, the targets that nothing is made for.
    """
    steps = list(first_steps())
    if "probe" in facts:
        steps += _media(options, facts) if facts["probe"]["kind"] == "media" else _text(options, facts)
    return tuple(sorted(steps, key=lambda step: step.phase))


def job_facts(stage: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the result of a stage tells about its job: some of what `JobFacts` takes, always `warnings`."""
    learnt = {name: result[name] for name in _LEARNT.get(stage, ()) if result.get(name) is not None}
    return {**learnt, "warnings": tuple(result.get("warnings", ()))}


def _media(options: JobOptions, facts: Facts) -> Iterator[StepSpec]:
    yield _step("extract")
    if "extract" in facts:  # not before: it may tell that the same content was done already
        yield _step("split")
    if "split" in facts:
        for ordinal, chunk in enumerate(facts["split"]["chunks"]):
            yield _transcribe(ordinal, chunk)
        yield _step("merge")
    if "merge" in facts:
        yield _publish("transcript")
        has_video = bool(facts["probe"].get("video"))
        for target in _made(options, facts["merge"]):
            yield from _dub(target)
            yield from _dubbed_video(target) if has_video else ()
        yield _publish("manifest")


def _text(options: JobOptions, facts: Facts) -> Iterator[StepSpec]:
    yield _step("extract")
    if "extract" in facts:
        # A text without targets is read aloud in its own language.
        for target in _made(options, facts["extract"]) or [facts["extract"]["language"]]:
            yield from _dub(target)
        yield _publish("manifest")


def _made(options: JobOptions, result: Mapping[str, Any]) -> list[str]:
    return [target for target in options.targets if target not in result.get("skipped", ())]


def _dub(target: str) -> Iterator[StepSpec]:
    yield _step("translate", target=target)
    yield _publish("translation", target=target)
    yield _step("synthesize", target=target)
    yield _step("mix", target=target)
    yield _publish("dub", target=target)


def _dubbed_video(target: str) -> Iterator[StepSpec]:
    yield _step("mux", target=target)
    yield _publish("video", target=target)


def _transcribe(ordinal: int, chunk: Sequence[float]) -> StepSpec:
    start, end = chunk
    return StepSpec(
        key=f"transcribe/{ordinal:04d}",
        stage="transcribe",
        phase=_PHASES["transcribe"],
        target=None,
        pool="transcribe",
        params={"start": start, "end": end, "ordinal": ordinal},
    )


def _step(stage: str, *, target: str | None = None) -> StepSpec:
    key = stage if target is None else f"{stage}/{target}"
    return StepSpec(key=key, stage=stage, phase=_PHASES[stage], target=target, pool=_pool(stage))


def _publish(what: str, *, target: str | None = None) -> StepSpec:
    key = f"publish/{what}"
    full_key = key if target is None else f"{key}.{target}"
    return StepSpec(full_key, "publish", _PHASES[key], target, "media", {"what": what})


def _pool(stage: str) -> str:
    return stage if stage in _ENGINE_POOLS else "media"
