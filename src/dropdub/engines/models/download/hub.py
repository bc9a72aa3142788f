"""A hub of models, or a mirror of one: the files of a repository, and their bytes.

Unless a mirror is named, `huggingface_hub` provides the address of the hub (`HF_ENDPOINT` changes it) and the token of
the signed-in user. A mirror must serve `NAME/resolve/REVISION/FILE`, and for files that are not pinned
`api/models/NAME/revision/REVISION?blobs=true`. The stored token is never sent to a mirror; another `HF_ENDPOINT` gets
a token only if `HF_TOKEN` is set in the environment too. For pinned files, only their bytes are requested.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlsplit

from dropdub.engines.models.download.exchange import Answer, content_of, host_of, open_file, range_from, read_bounded
from dropdub.engines.models.download.listing import COMMIT, ListedFile, parsed
from dropdub.engines.models.download.origin import (
    Content,
    Meter,
    RemoteFile,
    Supply,
    pinned_file,
    pinned_files,
    total_size,
)
from dropdub.engines.models.known import Source
from dropdub.engines.models.places import Place
from dropdub.errors import DownloadRefused, EngineMissing, UsageError
from dropdub.installation import extra_command
from dropdub.pasting import pasteable
from dropdub.process import console_python

_OWN_HOSTS = {"huggingface.co", "hf.co"}
_MAX_LIST_BYTES = 4_000_000
_LIST_FACTOR = 4
"""The list of a repository's files may take this many times as long as a server may be silent."""


class Hub:
    """One hub or mirror. `timeout_s` is how long it may be silent."""

    kind = Place.HUB

    def __init__(self, mirror: str | None = None, *, timeout_s: float = 30.0) -> None:
        """Raises UsageError if the mirror's address is malformed."""
        self._mirror = _checked(mirror) if mirror else None
        self.timeout_s = timeout_s

    @cached_property
    def endpoint(self) -> str:
        """The address. Raises EngineMissing if `huggingface_hub`, which knows it, is not installed."""
        _need_package()
        # The library reads this on import. Without it, it describes this machine to the hub in each request.
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        from huggingface_hub import constants  # noqa: PLC0415

        return str(self._mirror or constants.ENDPOINT).rstrip("/")

    @property
    def place(self) -> str:
        """The host name, for messages."""
        return host_of(self.endpoint)

    def files(self, source: Source) -> list[RemoteFile]:
        """Return the files of a source that belong to a model; the server is asked unless all are pinned.

        Raises DownloadRefused, and DownloadFailed if a retry may help.
        """
        if source.is_pinned:
            return pinned_files(source)
        paths = {source.path(name): name for name in source.names()}
        commit, listed = parsed(self._list(source), self.place, wanted=paths)
        if COMMIT.fullmatch(source.revision) and commit != source.revision:
            raise self._other_commit(source.repository)
        names = [self._first(source, choice, listed) for choice in source.files]
        names += [name for name in source.optional if name in listed]
        return [
            pinned_file(source, commit, name) if name in source.pins else _listed(source, commit, listed[name])
            for name in names
        ]

    @contextmanager
    def supply(
        self, sources: Sequence[Source], files: Sequence[RemoteFile], *, scratch: Path, meter: Meter
    ) -> Iterator[Supply]:
        yield Supply(self.place, total_size(files), self.opened, meter.advance)

    @contextmanager
    def opened(self, file: RemoteFile, start: int) -> Iterator[Content]:
        """Yield the content of a file from byte `start` on. Raises as `files` does."""
        url = f"{self.endpoint}/{file.repository}/resolve/{quote(file.revision, safe='')}/{quote(file.path)}"
        with self._open(url, f"{file.repository}, {file.path}", of=file.repository, start=start) as answer:
            commit = answer.first_headers.get("X-Repo-Commit")
            if commit is not None and commit != file.revision:
                raise self._other_commit(file.repository)
            yield content_of(answer, start)

    def _list(self, source: Source) -> bytes:
        url = f"{self.endpoint}/api/models/{source.repository}/revision/{quote(source.revision, safe='')}?blobs=true"
        within_s = _LIST_FACTOR * self.timeout_s
        with self._open(url, source.repository, of=source.repository) as answer:
            return read_bounded(answer, max_bytes=_MAX_LIST_BYTES, within_s=within_s, place=self.place)

    @contextmanager
    def _open(self, url: str, what: str, *, of: str, start: int = 0) -> Iterator[Answer]:
        """Yield the answer to a request for `what`, of the repository `of`."""
        from huggingface_hub.utils import build_hf_headers  # noqa: PLC0415

        _refuse_offline()
        token = _token(self.endpoint, is_mirror=self._mirror is not None)
        headers = build_hf_headers(token=token) | range_from(start)
        if_denied = None if self._mirror is not None else _how_to_sign_in(f"{self.endpoint}/{of}")
        with open_file(url, headers, what=what, timeout_s=self.timeout_s, if_denied=if_denied) as answer:
            yield answer

    def _other_commit(self, repository: str) -> DownloadRefused:
        return DownloadRefused(f"{self.place} sent a different commit of {repository} than the one requested.")

    def _first(self, source: Source, choice: str, listed: Mapping[str, ListedFile]) -> str:
        """Return the file of a choice to download: a pinned one first, whatever else the server offers."""
        names = choice.split("|")
        for name in [name for name in names if name in source.pins] or names:
            if name in source.pins or name in listed:
                return name
        raise DownloadRefused(f"{source.repository} has no {choice.replace('|', ' or ')} at {self.place}.")


def _listed(source: Source, commit: str, file: ListedFile) -> RemoteFile:
    return RemoteFile(source.repository, commit, file.name, source.path(file.name), file.size, file.sha256, file.blob)


def _token(endpoint: str, *, is_mirror: bool) -> str | bool | None:
    """Return the token to send, as `huggingface_hub` takes it: None for the stored one, False for none."""
    if is_mirror:
        return False
    is_own = urlsplit(endpoint).hostname in _OWN_HOSTS and endpoint.startswith("https:")
    return None if is_own else os.environ.get("HF_TOKEN") or False


def _how_to_sign_in(page: str) -> str:
    """Return the remedy for a repository that is given to certain accounts only: often, terms must be accepted once."""
    command = pasteable([console_python(), "-m", "huggingface_hub.cli.hf", "auth", "login"])
    return (
        f"Open {page} in a browser, sign in, and accept the terms if it shows any. Then sign in here with a token of "
        f"that account, or set HF_TOKEN to it, and pull again:\n  {command}"
    )


def _checked(mirror: str) -> str:
    try:
        parts = urlsplit(mirror)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        where = mirror.rpartition("@")[2]  # a password may precede it
        raise UsageError(
            f"'{where}' is not the address of a mirror.", remedy="Write it as https://HOST or http://HOST."
        )
    return mirror


def _refuse_offline() -> None:
    from huggingface_hub import constants  # noqa: PLC0415

    if constants.HF_HUB_OFFLINE:
        raise DownloadRefused(
            "HF_HUB_OFFLINE is set: nothing is downloaded.",
            remedy="Unset it, or copy the model's folder into models.dir.",
        )


def _need_package() -> None:
    if find_spec("huggingface_hub") is None:
        raise EngineMissing(
            "Pulling models from the hub needs the Python package huggingface_hub, which is not installed.",
            remedy=f"Install it with:\n  {extra_command('quality')}",
        )
