"""The folder of uploads, `work/uploads/`: every change is complete on disk before the next one starts.

    work/uploads/ID/meta.json     what is known about it, replaced by one rename
    work/uploads/ID/part/NAME     the file while bytes are missing
    work/uploads/ID/file/NAME     the same file once it is complete: from now on it counts as an original
    work/uploads/ID/speakers/0    the voice of a known speaker that came with it

ID is random; no path, and no name but a cleaned one, comes from a request. After a crash at any moment, the offset in
`meta.json` is one whose bytes had been flushed, and what stands behind it in the file is discarded: whether a power cut
has left those bytes whole cannot be known. The hash is in `meta.json` before the file is moved to `file/`, and the move
is repeated by whoever asks next. What nobody continues is removed by `expire`.

Nothing here knows requests or event loops: all methods block, and are called in threads.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from dropdub.errors import OriginalKept
from dropdub.failpoints import reach
from dropdub.files.durable import flush, fsync_dir, numbered, rename_held, safe_name, write_whole
from dropdub.files.held import HeldFolder, held
from dropdub.files.removal import UPLOAD_ID, UPLOADED, remove_expired_upload, remove_sent, remove_tree
from dropdub.pipeline.known_speakers import sent_voice
from dropdub.web.answering.errors import ApiError
from dropdub.web.uploads.digest import Digest
from dropdub.web.uploads.limits import UploadLimits, refuse_kind, room_for
from dropdub.web.uploads.upload import META, PART, State, Upload
from dropdub.web.uploads.writing import Check, Writing

_LONGEST_META = 1_000_000
_FORM_KEPT_S = 3600.0
"""How long a part of a form is kept after its last byte if the process died: its sender must send it again anyway."""
_PRIVATE = 0o777 if sys.platform == "win32" else 0o700
"""On Windows, a private mode would stay with the file when it is moved to the archive, where its owner reads it."""
_PATH_MARKS = re.compile(r"[/\\]")


class Uploads:
    """The uploads in a folder. `limits` may be replaced while it is in use, as the settings are."""

    def __init__(self, folder: Path, limits: UploadLimits) -> None:
        self.folder = folder
        self.limits = limits
        self._digests: dict[str, Digest] = {}
        """The digest of each upload's recorded bytes, as far as this process has seen them arrive."""
        self._coming: dict[str, int] = {}
        """Bytes that uploads which are being received still need on the disk."""

    def create(
        self, name: str, *, size: int | None, metadata: Mapping[str, str] | None = None, resumable: bool = True
    ) -> Upload:
        """Create an empty upload for a file that its sender calls `name`; `size` in bytes, None if it is unknown.

        Raises ApiError: 413, 415, 422 for what is never accepted, 507 without room on the disk, 429 if there are too
        many incomplete uploads.
        """
        name = tidy_name(name)
        refuse_kind(name)
        if size is not None:
            self.limits.refuse_size(name, size)
        self._refuse_number()
        now, made = time.time(), self.folder / secrets.token_hex(16)
        upload = Upload(made.name, made, name, size, resumable, created=now, changed=now, metadata=metadata or {})
        self.limits.refuse_full_disk(name, (size or 0) + sum(self._coming.copy().values()), self.folder.parent)
        try:
            with room_for(name):
                self._make(upload)
        except ApiError:
            remove_tree(made)
            raise
        return upload

    def _refuse_number(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            incomplete = sum(1 for one in self.folder.iterdir() if _has_entries(one / PART))
            if incomplete >= self.limits.unfinished:
                raise ApiError(
                    429,
                    f"There are already {incomplete} incomplete uploads.",
                    remedy="Finish or remove some; they are removed by themselves after a day.",
                    headers={"Retry-After": "600"},
                )

    def _make(self, upload: Upload) -> None:
        """Create an upload's folder. Without a record, it is one that a crash left, which `expire` removes."""
        self.folder.mkdir(mode=_PRIVATE, exist_ok=True)
        for place in (upload.folder, upload.part.parent, upload.path.parent):
            place.mkdir(mode=_PRIVATE)
        reach("upload.made")
        with self._held(upload, PART) as folder, folder.create(upload.name):
            folder.flush()
        self._save(upload)
        fsync_dir(self.folder)
        reach("upload.created")

    def _save(self, upload: Upload) -> None:
        write_whole(upload.folder / META, upload.to_json())

    def _held(self, upload: Upload, place: str) -> contextlib.AbstractContextManager[HeldFolder]:
        return held(self.folder, upload.id, place)

    def find(self, upload_id: str) -> Upload:
        """Return an upload. Raises ApiError: 404 if there is none with this id, 410 if its time is over."""
        upload = self._read(upload_id) if UPLOAD_ID.fullmatch(upload_id) else None
        if upload is None:
            raise ApiError(404, "There is no such upload.", remedy="Send the file again.")
        if upload.state == State.RECEIVING and self._has_expired(upload):
            raise ApiError(410, f"The upload of {upload.name} was given up, since nothing came for too long.")
        return upload

    def _read(self, upload_id: str) -> Upload | None:
        """Return the upload with an id; None without a readable record."""
        try:
            with held(self.folder, upload_id) as folder, folder.read(META) as reader:
                return Upload.from_json(reader.read(_LONGEST_META), self.folder / upload_id)
        except (OSError, ValueError):
            return None

    def expires(self, upload: Upload) -> float:
        """Return when an upload is removed if nothing changes it any more, in epoch seconds."""
        kept_s = self.limits.keep_s if upload.resumable or upload.state == State.RECORDED else _FORM_KEPT_S
        return upload.changed + kept_s

    def _has_expired(self, upload: Upload) -> bool:
        """Return whether an upload's time is over; bytes that were written but not recorded yet are a change, too.

        Never that of a recording which nobody has ended: what it has is all that there will ever be of it.
        """
        if upload.is_growing:
            return False
        with contextlib.suppress(OSError):
            upload = replace(upload, changed=max(upload.changed, upload.part.lstat().st_mtime))
        return self.expires(upload) < time.time()

    def write(self, upload: Upload, *, check: Check | None = None, coming: int = 0) -> Writing:
        """Open an upload to append to it, after the bytes that were recorded. `coming`: bytes at most, if unannounced.

        Raises ApiError: 404 if it was removed meanwhile, 507 without room on the disk.
        """
        try:
            with self._held(upload, PART) as folder:
                file = folder.change(upload.name)
        except FileNotFoundError as error:
            raise ApiError(404, "There is no such upload.", remedy="Send the file again.") from error
        try:
            return self._writing(upload, file, check, upload.size or coming)
        except BaseException:
            file.close()
            raise

    def _writing(self, upload: Upload, file: BinaryIO, check: Check | None, total: int) -> Writing:
        """Return the open file of an upload, without what a crash left after the recorded bytes."""
        upload = replace(upload, received=min(upload.received, file.seek(0, os.SEEK_END)))
        os.ftruncate(file.fileno(), upload.received)
        file.seek(upload.received)
        self._look(upload, total)
        seen = self._digests.get(upload.id, Digest())
        return Writing(
            upload,
            file,
            seen if seen.position <= upload.received else Digest(),
            most=self.limits.max_size if upload.size is None else upload.size,
            save=self._save_progress,
            look=lambda one: self._look(one, total),
            check=check,
        )

    def _look(self, upload: Upload, total: int) -> None:
        """Raise ApiError 507 without room for the rest of an upload, and of the others that are being received."""
        rest = max(0, total - upload.received)
        others = sum(size for one, size in self._coming.copy().items() if one != upload.id)
        self.limits.refuse_full_disk(upload.name, rest + others, self.folder.parent)
        self._coming[upload.id] = rest

    def close(self, writing: Writing) -> Upload:
        """Record what was written and return the upload; nothing more can be written."""
        self._coming.pop(writing.upload.id, None)
        return writing.close()

    def _save_progress(self, upload: Upload, digest: Digest) -> None:
        self._digests[upload.id] = digest
        self._save(upload)

    def hash(self, upload: Upload) -> Upload:
        """Record the SHA-256 of an upload of which all bytes are there, and so that it is whole."""
        if upload.sha256 is not None:
            return upload
        digest = self._digests.get(upload.id, Digest()).copy()
        with self._held(upload, PART) as folder, folder.read(upload.name) as reader:
            found = digest.of_all(reader)
        whole = replace(upload, size=upload.received, sha256=found, changed=time.time())
        with room_for(upload.name):
            self._save(whole)
        self._digests.pop(upload.id, None)
        reach("upload.hashed")
        return whole

    def rewrite_start(self, upload: Upload, data: bytes) -> None:
        """Replace the first bytes of an upload, durably. It may be repeated after a crash."""
        with self._held(upload, PART) as folder, folder.change(upload.name) as file:
            file.write(data)
            flush(file)
        self._digests.pop(upload.id, None)
        reach("upload.rewritten")

    def add_voices(self, upload: Upload, voices: Sequence[bytes]) -> None:
        """Write the voices of known speakers that came with a file, beside it; they are removed with it.

        Raises ApiError 507 without room on the disk.
        """
        with room_for(upload.name):
            for number, voice in enumerate(voices):
                file = sent_voice(upload.path, number)
                file.parent.mkdir(mode=_PRIVATE, exist_ok=True)
                write_whole(file, voice)
            fsync_dir(upload.folder)

    def add_words(self, upload: Upload, ending: str, subtitle: bytes) -> Path:
        """Write the subtitle that comes with a recording beside where it will be, and return it: `talk.en.srt`.

        Raises ApiError 507 without room on the disk.
        """
        with room_for(upload.name):
            file = upload.path.with_name(f"{upload.path.stem}{ending}")
            write_whole(file, subtitle)
        return file

    def accept(self, upload: Upload) -> Upload:
        """Move an upload with a hash to where a job takes it; from then on it counts as an original.

        Does nothing if that was done already.
        """
        with self._held(upload, PART) as part, self._held(upload, UPLOADED) as complete:
            if part.has(upload.name):
                rename_held(part, upload.name, complete, upload.name)
        reach("upload.accepted")
        return upload

    def record(self, upload: Upload, job: int) -> Upload:
        """Record that a job has the upload."""
        recorded = replace(upload, job=job, changed=time.time())
        reach("upload.handed-over")
        with room_for(upload.name):
            self._save(recorded)
        reach("upload.recorded")
        return recorded

    def discard(self, upload: Upload) -> None:
        """Remove an upload that is not needed any more. Raises ApiError 409 if it is complete and no job took it."""
        if upload.path.exists() or (upload.resumable and upload.state == State.COMPLETE):
            raise ApiError(409, f"{upload.name} is complete, and a job is made of it.", remedy="Cancel that job.")
        self._digests.pop(upload.id, None)
        remove_tree(upload.folder)

    def drop(self, upload: Upload) -> None:
        """Remove a file that came with a request which an earlier one has answered: its sender has it."""
        self._digests.pop(upload.id, None)
        remove_sent(upload.folder)

    def release(self, upload: Upload) -> None:
        """Remove what a request has sent, unless it was accepted: then it is a job's."""
        with contextlib.suppress(ApiError):
            self.discard(upload)

    def unrecorded(self) -> list[Upload]:
        """Return resumable uploads that have all their bytes but no job: a crash came before it could be recorded."""
        found = (one for one in map(self._read, self._ids()) if one is not None)
        return [one for one in found if one.resumable and one.has_all_bytes and one.job is None]

    def growing(self) -> list[Upload]:
        """Return the recordings that nobody has ended."""
        return [one for one in map(self._read, self._ids()) if one is not None and one.is_growing]

    def under_way(self) -> int:
        """Return the number of uploads that are not complete yet."""
        return sum(one is not None and one.state == State.RECEIVING for one in map(self._read, self._ids()))

    def expire(self, *, needed: Collection[str] = ()) -> list[str]:
        """Remove the uploads whose time is over, and what crashes have left; return their ids.

        `needed`: the files of unfinished jobs. They stay, even if a crash came before their upload recorded its job.

        A complete upload without a job may be the only copy of an original: it is kept for as long as a partial one
        is, although its sender was never answered that it was accepted, so that a restart can still make its job.
        """
        spared = {Path(file).parents[1].name for file in needed if Path(file).is_relative_to(self.folder)}
        return [one for one in self._ids() if one not in spared and self._is_over(one) and self._removed(one)]

    def _ids(self) -> Iterator[str]:
        with contextlib.suppress(FileNotFoundError):
            yield from sorted(one.name for one in self.folder.iterdir() if UPLOAD_ID.fullmatch(one.name))

    def _is_over(self, upload_id: str) -> bool:
        upload = self._read(upload_id)
        if upload is None:
            return time.time() - (self.folder / upload_id).stat().st_mtime > self.limits.keep_s
        is_waiting = upload.state == State.RECORDED and upload.path.exists()
        return not is_waiting and self._has_expired(upload)

    def _removed(self, upload_id: str) -> bool:
        self._digests.pop(upload_id, None)
        try:
            remove_expired_upload(self.folder / upload_id, unchanged_since=time.time() - self.limits.keep_s)
        except (OSError, OriginalKept):
            return False
        return True


def tidy_name(name: str) -> str:
    """Return a name for a file that its sender calls `name`: without folders, valid on every file system."""
    return numbered(safe_name(_PATH_MARKS.split(name)[-1]), 1)


def _has_entries(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:
        return False
