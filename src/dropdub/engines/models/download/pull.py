"""Pull a whole model: put it together in `NAME.part`, check it, and only then rename it to NAME.

After a kill at any moment, the next pull resumes with what is in `NAME.part`. Only one pull of a model runs at a time.
It writes the model's files, the plan and the record, all in `NAME.part`, and never more than is pinned or announced.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from dropdub.engines.models.catalogue import KnownModel
from dropdub.engines.models.download.budget import check_room, refuse_oversize
from dropdub.engines.models.download.exclusive import pull_lock
from dropdub.engines.models.download.hub import Hub, RemoteFile
from dropdub.engines.models.download.part_folder import (
    held_part,
    leads_elsewhere,
    link_refused,
    refuse_exchangeable,
    refuse_exchanged,
    refuse_foreign,
)
from dropdub.engines.models.download.record import (
    RECORD_NAME,
    Condition,
    ModelRecord,
    Presence,
    examine,
    part_folder,
    write_record,
)
from dropdub.engines.models.download.remedies import disk_errors, suggest_copying, suggest_starting_over
from dropdub.engines.models.download.started_with import PLAN_NAME, Plan
from dropdub.engines.models.download.transfer import Patience, fetch
from dropdub.engines.models.folders import FileRecord
from dropdub.errors import DownloadRefused, ModelIncomplete
from dropdub.files.durable import rename
from dropdub.files.held import HeldFolder
from dropdub.files.removal import remove, remove_tree


class Meter(Protocol):
    """Shows the progress of a pull."""

    def begin(self, total: int) -> None:
        """Set the size of the whole model in bytes. `advance` also gets the bytes that are here already."""

    def advance(self, count: int) -> None:
        """Add bytes that have arrived; a negative number was discarded."""

    def say(self, line: str) -> None:
        """Show a line to a person."""


def pull(model: KnownModel, models_dir: Path, hub: Hub, *, meter: Meter, patience: Patience | None = None) -> Condition:
    """Download a model to `models_dir`, or repair it, and return its condition.

    A model that is complete, or that a person put there, is left as it is. Raises DownloadFailed, DownloadRefused,
    DiskFull, AccessDenied, and ModelIncomplete if a folder that a person created is in the way.
    """
    folder = models_dir / model.name
    with disk_errors(models_dir), pull_lock(model.name, models_dir, say=meter.say):
        refuse_exchangeable(models_dir)
        refuse_foreign(folder)
        condition = examine(folder, model, thorough=True)
        if condition.usable:
            return condition
        if condition.presence is Presence.LACKING:
            raise ModelIncomplete(
                f"{folder} was copied there by hand and is incomplete: {' '.join(condition.faults)}",
                remedy=f"Add what is missing, or move the folder away, then run: `dropdub models pull {model.name}`",
            )
        is_damaged = condition.presence is Presence.DAMAGED
        plan = _reopened(folder, condition) if is_damaged else None
        with held_part(part_folder(folder)) as work:
            part = work.through(PLAN_NAME).parent
            if plan is not None:
                plan.write(part)
                for name in (*condition.bad, RECORD_NAME):
                    remove(part / name)
            with suggest_copying(model, folder), suggest_starting_over(model, work):
                _fill(model, work, hub, meter=meter, patience=patience or Patience())
            refuse_exchanged(work)
        rename(work.path, folder)
        return examine(folder, model, thorough=False)


def _reopened(folder: Path, condition: Condition) -> Plan:
    """Turn a damaged model back into a part folder, to reuse its good files; return the plan that restores it."""
    part = part_folder(folder)
    if leads_elsewhere(folder):
        raise ModelIncomplete(
            f"{folder} is a link, and its target is incomplete or damaged: {' '.join(condition.faults)}",
            remedy="Repair the target, or remove the link.",
        )
    if part.is_symlink():
        raise link_refused(part)
    remove_tree(part)
    plan = Plan.remembering(folder)
    rename(folder, part)
    return plan


def _fill(model: KnownModel, work: HeldFolder, hub: Hub, *, meter: Meter, patience: Patience) -> None:
    """Download all files into the part folder, and write the record last."""
    part = work.through(PLAN_NAME).parent
    files = patience.retrying()(_listed, model, hub, Plan.read(part))
    refuse_oversize(model, files, hub)
    revisions = {file.repository: file.revision for file in files}
    Plan.read(part).begun(revisions).write(part)
    check_room(model, files, part, work.path.parent)
    meter.begin(sum(file.size for file in files))
    records = tuple(_fetched(file, part, hub, meter, patience) for file in files)
    for name in model.names() - {file.name for file in files}:  # left by another server, and never checked
        remove(part / name)
    remove(part / PLAN_NAME)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    write_record(part, ModelRecord(model.name, revisions, records, model.licence.name, now))


def _fetched(file: RemoteFile, part: Path, hub: Hub, meter: Meter, patience: Patience) -> FileRecord:
    digest = fetch(hub, file, part / file.name, patience=patience, advance=meter.advance)
    return FileRecord(file.name, file.size, digest)


def _listed(model: KnownModel, hub: Hub, plan: Plan) -> list[RemoteFile]:
    """Return all files of a model: pinned, remembered, or at the revisions that the pull was started with.

    If the hub no longer has those revisions, the current ones are used.
    """
    begun = [plan.applied(source) for source in model.sources]
    try:
        return [file for source in begun for file in hub.files(source)]
    except DownloadRefused:
        if begun == list(model.sources) or plan.remembered:
            raise
        return [file for source in model.sources for file in hub.files(source)]
