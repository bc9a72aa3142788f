"""What a person can do if a pull fails."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dropdub.engines.models.download.part_folder import link_refused
from dropdub.engines.models.download.started_with import PLAN_NAME, Plan
from dropdub.engines.models.known import KnownModel
from dropdub.engines.models.places import Place
from dropdub.errors import AccessDenied, DiskFull, DownloadFailed, DownloadRefused, DropdubError, WrongContent
from dropdub.files.held import HeldFolder


@contextmanager
def suggest_copying(model: KnownModel, folder: Path) -> Iterator[None]:
    """Suggest copying the folder from another machine if no place can be reached."""
    try:
        yield
    except DownloadFailed as error:
        if error.remedy != DownloadFailed.usual_remedy:
            raise
        again = f"To resume the download: `dropdub models pull {model.name}`."
        offline = f"Or copy the folder {model.name} from a machine that has it to {folder}."
        raise DownloadFailed(error.message, remedy=f"{again} {offline}") from error


@contextmanager
def suggest_elsewhere(model: KnownModel, other: Place | None) -> Iterator[None]:
    """Name the next place to download from if one sends wrong content. Nothing else is tried without the user."""
    try:
        yield
    except WrongContent as error:
        if other is None:
            raise
        command = f"`dropdub models pull {model.name} --from {other}`"
        raise WrongContent(
            error.message, remedy=f"It was discarded. To download it from elsewhere: {command}"
        ) from error


def nowhere(model: KnownModel, failures: Sequence[DropdubError]) -> DownloadFailed:
    """Return the error for a model that no place has provided."""
    reasons = " ".join(failure.message for failure in failures)
    return DownloadFailed(f"{model.name} could not be downloaded. {reasons}")


@contextmanager
def suggest_starting_over(model: KnownModel, work: HeldFolder) -> Iterator[None]:
    """Explain how to get the server's current files if it no longer has the remembered ones."""
    try:
        yield
    except (DownloadFailed, DownloadRefused) as error:
        if (
            model.is_pinned
            or not Plan.read(work.through(PLAN_NAME).parent).remembered
            or error.remedy == DownloadFailed.usual_remedy
        ):
            raise
        remedy = f"{model.name} had other content before. To get the current one, remove {work.path} and pull again."
        raise type(error)(error.message, remedy=remedy) from error


@contextmanager
def disk_errors(models_dir: Path) -> Iterator[None]:
    """Turn the system's errors about permissions, links and full disks into errors with sentences."""
    try:
        yield
    except PermissionError as error:
        raise AccessDenied(f"{error.filename or models_dir} cannot be written.") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise link_refused(error.filename or models_dir) from error
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFull(f"The disk of {models_dir} is full.") from error
