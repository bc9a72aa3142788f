"""Pull a whole model: put it together in `NAME.part`, check it, and only then rename it to NAME.

After a kill at any moment, the next pull resumes with what is in `NAME.part`. Only one pull of a model runs at a time.
It writes the model's files, the plan and the record, all in `NAME.part`, and never more than is pinned or announced.
If a place cannot be reached or does not have the model, the next one is tried; what has arrived is kept. A file with
the wrong content ends the pull: that a place cannot be trusted must not be overlooked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from dropdub.engines.models.download.budget import check_room, refuse_oversize
from dropdub.engines.models.download.exclusive import pull_lock
from dropdub.engines.models.download.origin import Meter, Origin, RemoteFile, Supply
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
from dropdub.engines.models.download.remedies import (
    disk_errors,
    nowhere,
    suggest_copying,
    suggest_elsewhere,
    suggest_starting_over,
)
from dropdub.engines.models.download.started_with import PLAN_NAME, Plan
from dropdub.engines.models.download.transfer import Patience, fetch
from dropdub.engines.models.folders import FileRecord
from dropdub.engines.models.known import KnownModel
from dropdub.engines.models.places import Place
from dropdub.errors import DownloadFailed, DownloadRefused, DropdubError, EngineMissing, ModelIncomplete, WrongContent
from dropdub.files.durable import rename
from dropdub.files.held import HeldFolder
from dropdub.files.removal import remove, remove_tree
from dropdub.units import format_size

_SHOWN = {
    Place.HUB: "the hub",
    Place.PUBLISHER: "its publisher",
    Place.FOLDER: "the folder with models",
    Place.PACKAGES: "packages",
}


def pull(
    model: KnownModel,
    models_dir: Path,
    origins: Sequence[Origin],
    *,
    meter: Meter,
    patience: Patience | None = None,
) -> Condition:
    """Download a model to `models_dir`, or repair it, and return its condition. `origins` are tried in this order.

    A model that is complete, or that a person put there, is left as it is. Raises DownloadFailed, DownloadRefused,
    EngineMissing, WrongContent, DiskFull, AccessDenied, and ModelIncomplete if a folder that a person created is in
    the way.
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
                _fill_from_any(model, work, origins, meter=meter, patience=patience or Patience())
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


def _fill_from_any(
    model: KnownModel, work: HeldFolder, origins: Sequence[Origin], *, meter: Meter, patience: Patience
) -> None:
    """Fill the part folder from the first place that can."""
    failures: list[DropdubError] = []
    for index, origin in enumerate(origins):
        others = [other.kind for other in origins[index + 1 :]]
        try:
            with suggest_elsewhere(model, others[0] if others else None):
                return _fill(model, work, origin, meter=meter, patience=patience)
        except WrongContent:
            raise
        except (DownloadFailed, DownloadRefused, EngineMissing) as error:
            if len(origins) == 1:
                raise
            failures.append(error)
            if others:
                meter.say(f"{model.name}: {error.message} Next: {_SHOWN[others[0]]}.")
    raise nowhere(model, failures)


def _fill(model: KnownModel, work: HeldFolder, origin: Origin, *, meter: Meter, patience: Patience) -> None:
    """Download all files into the part folder, and write the record last."""
    part = work.through(PLAN_NAME).parent
    scratch = work.path.with_name(f".{model.name}.packages")
    files = patience.retrying()(_listed, model, origin, Plan.read(part))
    refuse_oversize(model, files, origin)
    revisions = {file.repository: file.revision for file in files if file.revision}
    Plan.read(part).begun(revisions).write(part)
    with origin.supply(model.sources, files, scratch=scratch, meter=meter) as supply:
        check_room(model, files, supply, part, work.path.parent)
        meter.say(_announced(model, supply))
        meter.begin(supply.download_bytes)
        records = tuple(_fetched(file, part, supply, patience) for file in files)
    for name in model.names() - {file.name for file in files}:  # left by another server, and never checked
        remove(part / name)
    remove(part / PLAN_NAME)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    licence = model.licence.name
    write_record(part, ModelRecord(model.name, revisions, records, licence, now, origin.kind.value, supply.place))


def _announced(model: KnownModel, supply: Supply) -> str:
    """Return what a person should know before anything is downloaded."""
    size, terms = (
        format_size(supply.download_bytes),
        f"{model.licence.name}; commercial use: {model.licence.commercial}",
    )
    said = f"{model.name} ({model.origin}; {terms}): {size} from {supply.place}."
    return f"{said} {model.remark}".strip()


def _fetched(file: RemoteFile, part: Path, supply: Supply, patience: Patience) -> FileRecord:
    digest = fetch(supply, file, part / file.name, patience=patience)
    return FileRecord(file.name, file.size, digest)


def _listed(model: KnownModel, origin: Origin, plan: Plan) -> list[RemoteFile]:
    """Return all files of a model: pinned, remembered, or at the revisions that the pull was started with.

    If the hub no longer has those revisions, the current ones are used.
    """
    begun = [plan.applied(source) for source in model.sources]
    try:
        return [file for source in begun for file in origin.files(source)]
    except DownloadRefused:
        if begun == list(model.sources) or plan.remembered:
            raise
        return [file for source in model.sources for file in origin.files(source)]
