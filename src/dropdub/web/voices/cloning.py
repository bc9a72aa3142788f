"""Clone a voice: a job checks the recording; then the server puts the voice in its place, with the consent to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.requests import Request

from dropdub.errors import UsageError
from dropdub.failpoints import reach
from dropdub.files.durable import sha256
from dropdub.operations.voice_files import Consent, already_exists, consent_to, place_voice, voice_file
from dropdub.pipeline.artifacts import VOICE
from dropdub.pipeline.request import Wanted
from dropdub.store import transitions
from dropdub.web.admission import Admission
from dropdub.web.answering.errors import ApiError
from dropdub.web.api_document import errors
from dropdub.web.jobs.leaving import LINGER_S
from dropdub.web.jobs.outcome import ended
from dropdub.web.presence import unless_left
from dropdub.web.site import Site
from dropdub.web.transcripts.recordings import Recording, ask
from dropdub.web.uploads.multipart import receive_form
from dropdub.web.uploads.reception import Reception
from dropdub.web.voices.chosen import DEFAULT_NAMES
from dropdub.web.voices.clone_request import CloneRequest, read_clone
from dropdub.web.voices.consents import Consents

CLONE_ERRORS = errors(404, 409, 413, 415, 422, 429, 507)
_TO_REPLACE = "Or send replace=true."


class Cloning:
    """Makes voices of recordings that are sent. Belongs to the event loop."""

    def __init__(self, site: Site, admission: Admission, reception: Reception) -> None:
        self._site = site
        self._admission = admission
        self._reception = reception
        self._voices = site.place.root.voices
        self._consents = Consents(self._voices)
        self._placing = threading.Lock()

    async def answer(self, request: Request, *, file_field: str, name: str | None = None) -> tuple[str, int]:
        """Clone the voice that a form asks for; return its name, and the job that checked it.

        With `name`, that is its name, whatever the form says, and an earlier voice of that name is replaced.
        A repetition of the request joins its job, and puts the voice in its place if a crash has prevented that. Raises
        ApiError: 403 without consent, 409 if there is another voice of that name, 422 if the recording is unusable.
        """
        await self._admission.long(_length(request))
        async with receive_form(request.receive, request.headers, self._reception) as form:
            wish = await self._site.run(read_clone, form, self._consents)
            if name is not None:
                wish = replace(wish, name=name, replace=True)
            upload = form.file(file_field)
            recording = str(upload.sha256)
            await self._site.run(self._refuse, wish, recording)
            # Joined by its content alone: under a key, another recording could get the voice of the first one.
            job = await ask(self._site, self._reception, Recording(upload, Wanted.ENROLL, {}))
        await unless_left(request, self._finished(job.job_id, wish, recording))
        return wish.name, job.job_id

    def _refuse(self, wish: CloneRequest, recording: str) -> None:
        """Refuse an impossible name, and one that is taken by a voice of another recording."""
        target = _target(self._voices, wish.name)
        if target.exists() and not wish.replace:
            consent = consent_to(target)
            if consent is None or consent.recording != recording:
                raise _taken(wish.name)

    async def _finished(self, job_id: int, wish: CloneRequest, recording: str) -> None:
        with self._site.leaving.present(job_id, linger_s=LINGER_S):
            view = await ended(self._site, job_id)
        _refuse_problems(view.result(Wanted.ENROLL) or {})
        await self._site.run(self._place, job_id, wish, recording)

    def _place(self, job_id: int, wish: CloneRequest, recording: str) -> None:
        reach("voice.enrolled")
        made, now = self._site.place.root.results_dir(job_id) / VOICE, time.time()
        try:
            consent = _consent(wish, recording, made, now)
            with self._placing:
                place_voice(made, _target(self._voices, wish.name), consent, replace=wish.replace)
        except FileExistsError:
            raise _taken(wish.name) from None
        except FileNotFoundError:  # the answer was forgotten just now
            message = "The recording was checked too long ago. Send it again."
            raise ApiError(503, message, headers={"retry-after": "1"}) from None
        text = f"Became the voice {wish.name}, with the consent of {consent.by}"
        transitions.note_event(self._site.store, job_id, text, now=now)


def _consent(wish: CloneRequest, recording: str, made: Path, now: float) -> Consent:
    given = wish.consent
    return Consent(given.by, given.statement, now, recording, sha256(made), given.consent_id, given.recording)


def _refuse_problems(result: Mapping[str, Any]) -> None:
    problems = list(result.get("problems", ()))
    if problems:
        message = f"The recording cannot become a voice. {' '.join(problems)}"
        headers = {"x-should-retry": "false"}
        raise ApiError(422, message, "UnusableVoice", "file", headers=headers, details={"problems": problems})


def _target(voices: Path, name: str) -> Path:
    if name.strip().lower() in DEFAULT_NAMES:
        raise ApiError(400, f"{name!r} stands for the default voice in requests.", "InvalidName", "name")
    try:
        return voice_file(voices, name)
    except UsageError as error:
        raise ApiError(400, error.message, "InvalidName", "name", remedy=error.remedy) from error


def _taken(name: str) -> ApiError:
    error = already_exists(name, remedy=_TO_REPLACE)
    return ApiError(409, error.message, "VoiceExists", "name", remedy=error.remedy, headers={"x-should-retry": "false"})


def _length(request: Request) -> int:
    text = request.headers.get("content-length", "")
    return int(text[:18]) if text.isdecimal() else 0
