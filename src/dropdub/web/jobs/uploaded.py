"""Make jobs of files that are uploaded: by tus, or with a form."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request

from dropdub.errors import DropdubError
from dropdub.store import queries
from dropdub.store.transitions import Asked
from dropdub.web.answering.errors import ApiError
from dropdub.web.bodies import INVALID, refusal
from dropdub.web.jobs.bodies import FormRequest
from dropdub.web.jobs.submission import Wish, record_upload, refuse_impossible
from dropdub.web.site import Site
from dropdub.web.uploads import tus_headers
from dropdub.web.uploads.form import Form
from dropdub.web.uploads.multipart import receive_form
from dropdub.web.uploads.reception import Reception
from dropdub.web.uploads.upload import Upload

FILE = "file"


class UploadedFiles:
    """Turns uploads into jobs."""

    def __init__(self, site: Site, reception: Reception) -> None:
        self._site = site
        self._reception = reception

    async def check(self, options: dict[str, Any], profile: str | None) -> None:
        """Raise ApiError 400 if no job can have these options with this profile."""
        await self._site.run(refuse_impossible, self._site, Wish(options, profile))

    async def job_of(self, upload: Upload) -> int:
        """Record the job of an upload whose last byte has arrived; return the same one if that is reported again."""
        profile = upload.metadata.get("profile")
        wish = Wish(tus_headers.options(upload.metadata), profile)
        asked = await self._site.run(record_upload, self._site, upload, wish)
        self._site.nudge()
        return asked.job_id

    async def named(self, upload_id: str, wish: Wish) -> Asked:
        """Return the job of a complete upload; record it if the last byte did not, for example on a full disk.

        Raises ApiError 404 if there is no such upload, and 409 if it is not complete.
        """
        await self._complete(upload_id)
        async with self._reception.turn(upload_id, interrupts=False):  # its last byte may be making its job
            upload = await self._complete(upload_id)
            if upload.job is None:
                upload = await self._reception.complete(upload)
            return await self._site.run(record_upload, self._site, upload, wish)

    async def _complete(self, upload_id: str) -> Upload:
        try:
            upload = await self._reception.run(self._reception.uploads.find, upload_id)
        except ApiError as error:
            error.param = "upload"
            raise
        if upload.job is None and not upload.has_all_bytes:
            raise ApiError(409, f"The upload of {upload.name} is not complete.", "NotComplete", "upload")
        return upload

    async def of_form(self, request: Request, key: str | None) -> Asked:
        """Receive a form with one file, and record its job. Raises ApiError."""
        async with receive_form(request.receive, request.headers, self._reception) as form:
            wish = Wish.of(_asked_in(form), key)
            await self._site.run(refuse_impossible, self._site, wish)
            upload = await self._reception.complete(form.file(FILE))
            return await self._site.run(record_upload, self._site, upload, wish)

    async def finish_interrupted(self) -> None:
        """Make the jobs of uploads that a crash prevented. What cannot be made stays, for its sender to ask."""
        with contextlib.suppress(DropdubError, OSError):
            await self._reception.finish_interrupted(self.job_of)

    async def expire(self) -> None:
        """Remove the uploads whose time is over. Raises DropdubError and OSError."""
        await asyncio.to_thread(self._expire)

    def _expire(self) -> None:
        self._site.uploads.expire(needed=queries.sent_files(self._site.store))


def _asked_in(form: Form) -> FormRequest:
    fields: dict[str, Any] = {name: form.text(name) for name in ("profile", "priority") if form.text(name)}
    try:
        fields["options"] = json.loads(form.text("options") or "{}")
        return FormRequest.model_validate(fields)
    except ValidationError as error:
        raise refusal(error) from None
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "options is not a JSON object.", INVALID, "options") from error
