"""A text that a client wants to hear, as the job that speaks it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from dropdub.pipeline.plan import first_steps
from dropdub.pipeline.request import Request, Wanted
from dropdub.store.states import Priority
from dropdub.store.transitions import Asked, AskedJob
from dropdub.web.repetition import recorded_key
from dropdub.web.site import Site
from dropdub.web.voices.chosen import chosen_voice, stamp

LONGEST_NAME = 40


@dataclass(frozen=True)
class Wish:
    """`voice` is the name in the request, `key` its `Idempotency-Key`, and `label` its own name, if it has them."""

    text: str
    voice: str | None = None
    language: str | None = None
    speed: float = 1.0
    key: str | None = None
    label: str | None = None


@dataclass(frozen=True)
class Granted:
    """The job to record, and what the client should know."""

    job: AskedJob
    warnings: tuple[str, ...]


def granted(site: Site, wish: Wish, *, batch: str | None = None, priority: Priority = Priority.INTERACTIVE) -> Granted:
    """Return the job that speaks a text. Looks for the voice's recording on the disk."""
    chosen = chosen_voice(wish.voice, site.config, site.place.root.voices)
    params = {"text": wish.text, "voice": chosen.name, "language": wish.language, "speed": wish.speed}
    options = site.config.job.model_dump(mode="json")
    job = job_to_say(site, params, options, key=wish.key, label=wish.label)
    return Granted(replace(job, priority=priority, batch=batch, key=None if batch else job.key), chosen.warnings)


def job_to_say(
    site: Site, params: Mapping[str, Any], options: Mapping[str, Any], *, key: str | None, label: str | None = None
) -> AskedJob:
    """Return the job that does the step `say` with these parameters."""
    text, request = str(params["text"]), Request(Wanted.SAY, params, label=label)
    content = [dict(params), options["synthesizer"], stamp(site.place.root.voices, params["voice"])]
    return AskedJob(
        name=short_name(text),
        request=request.to_json(),
        steps=first_steps(request),
        options=options,
        size=len(text.encode("utf-8", "replace")),
        key=_key(key, content),
    )


async def ask_for(site: Site, wish: Wish) -> tuple[Asked, tuple[str, ...]]:
    """Record and queue the job that speaks a text, or join it; return it, and what the client should know."""
    return await ask_to_say(site, partial(granted, site, wish))


async def ask_to_say(site: Site, grant: Callable[[], Granted]) -> tuple[Asked, tuple[str, ...]]:
    """Do what `ask_for` does with the job that `grant` returns, which may block."""

    def record() -> tuple[Asked, tuple[str, ...]]:
        found = grant()
        [job] = site.record([found.job])
        return job, found.warnings

    async with site.leaving.joining() as join:
        job, warnings = await site.run(record)
        join([job.job_id])
    site.nudge()
    return job, warnings


def short_name(text: str) -> str:
    """Return the beginning of a text, as the name by which a list of jobs shows it."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * LONGEST_NAME]).split())
    return line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1]}…"


def _key(key: str | None, content: object) -> str:
    """Return the same key for a request and its repetition by a client that got no answer."""
    if key is not None:
        return recorded_key(Wanted.SAY, key)
    return f"say:{hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()}"
