"""A hub of models, or a mirror of one: the files of a repository, and their bytes.

Unless a mirror is named, `huggingface_hub` provides the address of the hub (`HF_ENDPOINT` changes it) and the token of
the signed-in user. A mirror must serve `NAME/resolve/REVISION/FILE`, and for files that are not pinned
`api/models/NAME/revision/REVISION?blobs=true`. The stored token is never sent to a mirror; another `HF_ENDPOINT` gets
a token only if `HF_TOKEN` is set in the environment too. For pinned files, only their bytes are requested.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import quote, urlsplit

from dropdub.engines.models.catalogue import Source
from dropdub.engines.models.download.exchange import Answer, host_of, open_url, read_bounded
from dropdub.engines.models.download.listing import COMMIT, ListedFile, parsed
from dropdub.engines.packages import extra_command
from dropdub.errors import DownloadFailed, DownloadRefused, EngineMissing, UsageError

_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_REFUSALS = {
    401: "requires signing in, or has no such model",
    403: "does not allow this account to download it",
    404: "does not have it",
}
_OWN_HOSTS = {"huggingface.co", "hf.co"}
_MAX_LIST_BYTES = 4_000_000
_LIST_FACTOR = 4
"""The list of a repository's files may take this many times as long as a server may be silent."""


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository at a commit.

    `sha256` is known for large files, and for all pinned or remembered files; `blob`, git's hash of the content, for
    small ones. `is_known`: the content was known before the server was asked.
    """

    repository: str
    revision: str
    name: str
    size: int
    sha256: str | None
    blob: str | None = None
    is_known: bool = False


class Hub:
    """One hub or mirror. `timeout_s` is how long it may be silent."""

    def __init__(self, mirror: str | None = None, *, timeout_s: float = 30.0) -> None:
        _need_package()
        # The library reads this on import. Without it, it describes this machine to the hub in each request.
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        from huggingface_hub import constants  # noqa: PLC0415

        self.endpoint = (_checked(mirror) if mirror else constants.ENDPOINT).rstrip("/")
        self.timeout_s = timeout_s
        self._token = _token(self.endpoint, is_mirror=mirror is not None)

    @property
    def place(self) -> str:
        """The host name, for messages."""
        return host_of(self.endpoint)

    def files(self, source: Source) -> list[RemoteFile]:
        """Return the files of a source that belong to a model; the server is asked unless all are pinned.

        Raises DownloadRefused, and DownloadFailed if a retry may help.
        """
        if source.is_pinned:
            return [_pinned(source, source.revision, name) for name in source.pinned_names()]
        commit, listed = parsed(self._list(source), self.place, wanted=source.names())
        if COMMIT.fullmatch(source.revision) and commit != source.revision:
            raise self._other_commit(source.repository)
        names = [self._first(source, choice, listed) for choice in source.files]
        names += [name for name in source.optional if name in listed]
        return [
            _pinned(source, commit, name) if name in source.pins else _listed(source, commit, listed[name])
            for name in names
        ]

    @contextmanager
    def opened(self, file: RemoteFile, *, start: int) -> Iterator[Answer]:
        """Yield the hub's answer with a file from byte `start` on. Raises as `files` does."""
        url = f"{self.endpoint}/{file.repository}/resolve/{quote(file.revision, safe='')}/{quote(file.name)}"
        with self._open(url, f"{file.repository}, {file.name}", start=start) as answer:
            commit = answer.first_headers.get("X-Repo-Commit")
            if commit is not None and commit != file.revision:
                raise self._other_commit(file.repository)
            yield answer

    def _list(self, source: Source) -> bytes:
        url = f"{self.endpoint}/api/models/{source.repository}/revision/{quote(source.revision, safe='')}?blobs=true"
        within_s = _LIST_FACTOR * self.timeout_s
        with self._open(url, source.repository) as answer:
            return read_bounded(answer, max_bytes=_MAX_LIST_BYTES, within_s=within_s, place=self.place)

    @contextmanager
    def _open(self, url: str, what: str, *, start: int = 0) -> Iterator[Answer]:
        from huggingface_hub.utils import build_hf_headers  # noqa: PLC0415

        _refuse_offline()
        headers = build_hf_headers(token=self._token) | ({"Range": f"bytes={start}-"} if start else {})
        with open_url(url, headers, timeout_s=self.timeout_s) as answer:
            status = answer.response.status_code
            if not 200 <= status < 300:
                raise self._refusal(what, status)
            yield answer

    def _refusal(self, what: str, status: int) -> DownloadFailed | DownloadRefused:
        if status in _TRANSIENT:
            return DownloadFailed(f"{self.place} is busy or not working (status {status}).")
        says = _REFUSALS.get(status, "refuses it")
        return DownloadRefused(f"{what}: {self.place} {says} (status {status}).")

    def _other_commit(self, repository: str) -> DownloadRefused:
        return DownloadRefused(f"{self.place} sent a different commit of {repository} than the one requested.")

    def _first(self, source: Source, choice: str, listed: Mapping[str, ListedFile]) -> str:
        """Return the file of a choice to download: a pinned one first, whatever else the server offers."""
        names = choice.split("|")
        for name in [name for name in names if name in source.pins] or names:
            if name in source.pins or name in listed:
                return name
        raise DownloadRefused(f"{source.repository} has no {choice.replace('|', ' or ')} at {self.place}.")


def _pinned(source: Source, commit: str, name: str) -> RemoteFile:
    pin = source.pins[name]
    return RemoteFile(source.repository, commit, name, pin.size, pin.sha256, is_known=True)


def _listed(source: Source, commit: str, file: ListedFile) -> RemoteFile:
    return RemoteFile(source.repository, commit, file.name, file.size, file.sha256, file.blob)


def _token(endpoint: str, *, is_mirror: bool) -> str | bool | None:
    """Return the token to send, as `huggingface_hub` takes it: None for the stored one, False for none."""
    if is_mirror:
        return False
    is_own = urlsplit(endpoint).hostname in _OWN_HOSTS and endpoint.startswith("https:")
    return None if is_own else os.environ.get("HF_TOKEN") or False


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
            "Pulling models needs the Python package huggingface_hub, which is not installed.",
            remedy=f"Install it with:\n  {extra_command('quality')}",
        )
