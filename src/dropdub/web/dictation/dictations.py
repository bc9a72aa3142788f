"""Begin and end dictations. Each is an upload of unknown length until it ends: then it is an original like others."""

from __future__ import annotations

import json
import logging
import time
from pathlib import PurePath

from dropdub.errors import DropdubError
from dropdub.web.answering.errors import ApiError
from dropdub.web.dictation.shapes import DictationRequest
from dropdub.web.dictation.sound import HEADER, final_header, seconds_of
from dropdub.web.jobs.uploaded import UploadedFiles
from dropdub.web.uploads.reception import Reception, whole
from dropdub.web.uploads.upload import Upload

KIND = "dictation"
"""The entry of an upload's metadata that says that it is one."""
ABANDONED_S = 12 * 3600.0
"""After so long without a sound, a dictation is ended: whoever spoke has closed the page, and wants what was said."""
_logger = logging.getLogger("dropdub.web")


class Dictations:
    """The dictations among the uploads."""

    def __init__(self, reception: Reception, uploaded: UploadedFiles) -> None:
        self._reception = reception
        self._uploaded = uploaded

    async def begin(self, asked: DictationRequest) -> Upload:
        """Create one without sound. Raises ApiError 400 for impossible options, 429 and 507."""
        await self._uploaded.check(asked.options, asked.profile)
        profile = {"profile": asked.profile} if asked.profile else {}
        metadata = {"kind": KIND, "options": json.dumps(asked.options), **profile}
        run, uploads = self._reception.run, self._reception.uploads
        upload = await run(uploads.create, _name(asked.name), size=None, metadata=metadata)
        try:
            return await self._reception.append(upload, whole(HEADER))
        except BaseException:
            await run(uploads.release, upload)
            raise

    async def find(self, id_: str) -> Upload:
        """Return a dictation. Raises ApiError 404 if there is none with this id."""
        upload = await self._reception.run(self._reception.uploads.find, id_)
        if upload.metadata.get("kind") != KIND:
            raise ApiError(404, "There is no such dictation.", "NoDictation")
        return upload

    async def end(self, id_: str) -> int:
        """Make the job of a dictation that has ended, and return its number; again, if it was ended before.

        Raises ApiError 422 if nothing was recorded.
        """
        await self.find(id_)
        async with self._reception.turn(id_, interrupts=False):
            upload = await self.find(id_)
            if upload.is_growing:
                upload = await self._closed(upload)
            upload = await self._reception.handed_over(upload, self._uploaded.job_of)
        assert upload.job is not None
        return upload.job

    async def _closed(self, upload: Upload) -> Upload:
        """Write the length into the file, which is complete from now on."""
        if not seconds_of(upload):
            raise ApiError(422, "Nothing was recorded.", "EmptyFile", remedy="Speak, and end the dictation after that.")
        await self._reception.run(self._reception.uploads.rewrite_start, upload, final_header(upload))
        return await self._reception.run(self._reception.uploads.hash, upload)

    async def growing(self) -> list[Upload]:
        """Return those that nobody has ended, the newest first."""
        found = await self._reception.run(self._reception.uploads.growing)
        return sorted(found, key=lambda one: -one.created)

    async def discard(self, id_: str) -> None:
        """Remove one that nobody has ended. Raises ApiError 404 and 409."""
        await self.find(id_)
        async with self._reception.turn(id_):
            await self._reception.run(self._reception.uploads.discard, await self.find(id_))

    async def end_abandoned(self) -> None:
        """End the dictations to which nothing was added for a long time, and remove those without a sound."""
        run, uploads = self._reception.run, self._reception.uploads
        for upload in await run(uploads.growing):
            if time.time() - upload.changed < ABANDONED_S:
                continue
            try:
                await (self.end(upload.id) if seconds_of(upload) else run(uploads.discard, upload))
            except (DropdubError, ApiError, OSError) as error:
                _logger.warning("an abandoned dictation cannot be ended: %s", error)


def _name(wanted: str | None) -> str:
    name = wanted or time.strftime("dictation-%Y-%m-%d-%H%M%S")
    return name if PurePath(name).suffix.lower() == ".wav" else f"{name}.wav"
