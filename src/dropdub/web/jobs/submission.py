"""Make a job of what a client sends: a text, or a file that it has uploaded."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from pydantic import ValidationError

from dropdub.files.durable import safe_name
from dropdub.inbox.file_identity import identity
from dropdub.media.suffixes import SUBTITLE_SUFFIXES, TEXT_SUFFIXES
from dropdub.store import queries, transitions
from dropdub.store.states import Origin, Priority
from dropdub.store.transitions import Asked
from dropdub.web.answering.errors import ApiError
from dropdub.web.bodies import INVALID, refusal
from dropdub.web.jobs.bodies import PRIORITIES, FormRequest
from dropdub.web.repetition import recorded_key
from dropdub.web.site import Site
from dropdub.web.uploads.upload import Upload

USUAL_NAME = "text.txt"


@dataclass(frozen=True)
class Wish:
    """What to make of a file. `key`: that of the request's `Idempotency-Key`, if it has one.

    `revision`: the column of a job that corrects an earlier one. `companion`: the subtitle that comes with the file.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    profile: str | None = None
    priority: Priority = Priority.NORMAL
    key: str | None = None
    revision: Mapping[str, Any] | None = None
    companion: Path | None = None

    @staticmethod
    def of(asked: FormRequest, key: str | None) -> Wish:
        return Wish(asked.options, asked.profile, PRIORITIES[asked.priority], key)


def refuse_impossible(site: Site, wish: Wish) -> None:
    """Raise ApiError 400 if there is no such profile, or if the options cannot be used."""
    if wish.profile is not None and wish.profile not in site.config.profiles:
        raise ApiError(400, f"There is no profile {wish.profile!r} in config.yaml.", INVALID, "profile")
    if "out" in wish.options:
        text = "options.out cannot be set by a request: the results are fetched from the server."
        raise ApiError(400, text, INVALID, "options.out")
    try:
        site.config.options_for(wish.profile, dict(wish.options))
    except ValidationError as error:
        raise refusal(error, within="options") from None


def record_text(site: Site, text: str, name: str | None, wish: Wish) -> Asked:
    """Write a text as a file, and record the job that takes it. Raises ApiError 413 and 507, and OSError."""
    data = text.encode()
    if len(data) > site.config.limits.max_text:
        raise ApiError(413, f"The text has {len(data)} bytes; the limit is limits.max_text.", "TooLarge", "text")
    upload = site.uploads.create(text_name(name), size=len(data), resumable=False)
    writing = site.uploads.write(upload)
    writing.write([data])
    upload = site.uploads.accept(site.uploads.hash(site.uploads.close(writing)))
    return record_upload(site, upload, wish)


def record_upload(site: Site, upload: Upload, wish: Wish) -> Asked:
    """Record the job that takes a complete upload. One that was recorded already, or a repeated request, joins its job.

    Every way in which a file arrives ends here, with a wish that `refuse_impossible` has let pass.
    """
    if upload.job is not None:
        return Asked(upload.job, is_joined=True)
    key = _key(upload, wish)
    known = queries.job_of_request(site.store, key)
    asked = _recorded(site, upload, wish, key) if known is None else Asked(known, is_joined=True)
    if asked.is_joined and not upload.resumable:
        site.uploads.drop(upload)  # sent again: the first one has become the job's
    else:
        site.uploads.record(upload, asked.job_id)
    return asked


def _recorded(site: Site, upload: Upload, wish: Wish, key: str) -> Asked:
    """Record the job of a file, which must be there: that of a job that was recorded before may be taken already."""
    seen = identity(upload.path)
    return transitions.record_upload(
        site.store,
        now=time.time(),
        name=upload.name,
        source=str(upload.path),
        origin=Origin.UPLOADED,
        request_key=key,
        device=seen.device,
        inode=seen.inode,
        size=seen.size,
        mtime_ns=seen.mtime_ns,
        overrides=dict(wish.options),
        profile=wish.profile,
        priority=wish.priority,
        revision=wish.revision,
        companion=str(wish.companion) if wish.companion else None,
        companion_seen=identity(wish.companion).as_list() if wish.companion else None,
    )


def text_name(name: str | None) -> str:
    """Return the name of the file that holds a text: one that says that it does."""
    safe = safe_name(name or USUAL_NAME)
    is_text = PurePath(safe).suffix.casefold() in TEXT_SUFFIXES | SUBTITLE_SUFFIXES
    return safe if is_text else safe_name(f"{safe}.txt")


def _key(upload: Upload, wish: Wish) -> str:
    """Return what identifies the request. An upload that was resumed has one job, whatever key names it once more."""
    if wish.key is None or upload.resumable:
        return f"job:upload:{upload.id}"
    return recorded_key("job", wish.key)
