"""The transcript that a job of a request has made."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from dropdub.pipeline.artifacts import Segment, Transcript, chunk_name
from dropdub.store.states import StepState
from dropdub.store.views.answers import AnswerView
from dropdub.web.answering.errors import ApiError
from dropdub.web.jobs.outcome import gone, read_answer, refuse_stuck
from dropdub.web.site import Site


async def transcript_of(site: Site, view: AnswerView, *, target: str | None = None) -> Transcript:
    """Return the transcript, or the translation into `target`: the transcript if that language was spoken."""
    key = f"publish/translation.{target}" if target else "publish/transcript"
    found = _json_of(view, key) or _json_of(view, "publish/transcript")
    if found is None or view.published is None:
        raise ApiError(500, f"Job {view.id} has no transcript.", "NoTranscript")
    return await read_answer(site, view, Transcript.load, Path(view.published) / found)


def known_in(view: AnswerView) -> dict[str | None, str]:
    """Return the names of the speakers who were recognised, by the transcript's own names (None if it has none)."""
    found = view.result("diarize") or {}
    return {one["speaker"]: one["name"] for one in found.get("names", ())}


def _json_of(view: AnswerView, key: str) -> str | None:
    delivered = (step.result.get("deliverables", ()) for step in view.steps if step.key == key)
    return next((one["name"] for names in delivered for one in names if one["name"].endswith(".json")), None)


async def growing(site: Site, job_id: int) -> AsyncIterator[Sequence[Segment] | AnswerView]:
    """Yield the segments of each chunk of the recording, in order, as soon as it is transcribed; last, the ended job.

    Raises ApiError if the job fails, is cancelled, has to wait, or is gone.
    """
    done, sent_until_s = 0, 0.0
    async for view in site.watch.views(job_id):
        refuse_stuck(view)
        for number in range(done, _transcribed(view)):
            segments = await site.run(_chunk, site, job_id, number)
            if segments is None:  # the job has ended meanwhile, and its folder is gone
                break
            done, sent_until_s = number + 1, max([sent_until_s, *(one.end for one in segments)])
            yield segments
        if view.has_succeeded:
            rest = (await transcript_of(site, view)).segments
            yield [one for one in rest if one.start >= sent_until_s] if _has_more(view, done) else []
            yield view
            return
    raise gone(job_id)


def _transcribed(view: AnswerView) -> int:
    """Return the number of chunks that are transcribed, without a gap."""
    states = [step.state for step in view.steps if step.stage == "transcribe"]
    return next((number for number, state in enumerate(states) if state != StepState.SUCCEEDED), len(states))


def _has_more(view: AnswerView, done: int) -> bool:
    return done < sum(step.stage == "transcribe" for step in view.steps)


def _chunk(site: Site, job_id: int, number: int) -> Sequence[Segment] | None:
    with contextlib.suppress(OSError):
        return Transcript.load(site.place.root.job_dir(job_id) / chunk_name(number)).segments
    return None
