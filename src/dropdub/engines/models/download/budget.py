"""Limits of a pull: not far more data than the catalogue expects, and not more than the disk has room for."""

from __future__ import annotations

from pathlib import Path

from dropdub.engines.models.download.origin import Origin, RemoteFile, Supply, total_size
from dropdub.engines.models.known import KnownModel
from dropdub.errors import DiskFull, DownloadRefused
from dropdub.files.durable import too_little_free
from dropdub.units import format_size

_MAX_FACTOR = 3
"""Files that are not pinned may take this many times the size in the catalogue."""


def refuse_oversize(model: KnownModel, files: list[RemoteFile], origin: Origin) -> None:
    """Raise DownloadRefused if the server offers far more than the catalogue expects."""
    announced = sum(file.size for file in files if not file.is_known)
    if announced > _MAX_FACTOR * model.download_bytes:
        raise DownloadRefused(
            f"{origin.place} offers {format_size(announced)} for {model.name}, "
            f"which should be about {format_size(model.download_bytes)}. Nothing was downloaded.",
            remedy="Use another mirror: `dropdub models pull --mirror URL`.",
        )


def check_room(model: KnownModel, files: list[RemoteFile], supply: Supply, part: Path, models_dir: Path) -> None:
    """Raise DiskFull if the files, and what is needed besides them, do not fit on the disk.

    What is in `part` already needs no more space.
    """
    here = sum(min(file.size, (part / file.name).stat().st_size) for file in files if (part / file.name).is_file())
    needed = total_size(files) - here + supply.scratch_bytes
    free = too_little_free(part, needed)
    if free is not None:
        raise DiskFull(
            f"{model.name} needs {format_size(needed)} of disk space; only {format_size(free)} is free "
            f"on the disk of {models_dir}.",
            remedy="Free some disk space, or set models.dir in config.yaml to a folder on another disk.",
        )
