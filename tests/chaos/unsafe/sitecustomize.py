"""Takes one safeguard out of Dropdub, in every process that has this folder on its path: `DROPDUB_WITHOUT=NAME`.

The harness must notice each: a harness that lets one of these pass proves nothing.
"""

from __future__ import annotations

import os
from typing import Any


def without_one_place_for_each_deliverable() -> None:
    """A deliverable whose place is taken gets another name: publishing again makes a second one."""
    from dropdub.daemon.steps import outbox

    def placed(_job: Any, staging: Any, folder: Any, name: str) -> str:
        if staging is None or not staging.has(name):
            raise outbox.UnexpectedError(f"{name} is not staged.")
        new_name = outbox.free_name(folder.path, name)
        outbox.rename_held(staging, name, folder, new_name)
        return new_name

    outbox._placed = placed


def without_one_rename() -> None:
    """A deliverable is written into its place bit by bit."""
    from dropdub.daemon.steps import outbox
    from dropdub.failpoints import reach

    def copied(staging: Any, name: str, folder: Any, new_name: str, *, replace: bool = False) -> None:
        source, target = staging.path / name, folder.path / new_name
        data = source.read_bytes()
        with target.open("wb") as writer:
            writer.write(data[: len(data) // 2])
            writer.flush()
            reach("half-published")
            writer.write(data[len(data) // 2 :])
        source.unlink()

    outbox.rename_held = copied


def without_the_intent() -> None:
    """A file is moved before it is recorded that it will be."""
    from dropdub.daemon.intake import intake as intaking

    new_job = intaking.new_job

    def moved_first(drop: Any) -> Any:
        limbo = drop.path.parents[1] / "work" / "limbo"
        limbo.mkdir(exist_ok=True)
        drop.path.rename(limbo / drop.path.name)
        return new_job(drop)

    intaking.new_job = moved_first


def without_recovery() -> None:
    """Steps that ran when the daemon died stay as they are."""
    from dropdub.daemon.start import recovery

    recovery.queries.running_steps = lambda store: []


def without_liveness() -> None:
    """Workers live on without their daemon, and nobody looks for them."""
    from dropdub import process

    process.end_self_and_children = lambda: None
    os._exit = lambda code: None
    from dropdub.daemon.start import recovery

    recovery.reap_survivors = lambda run_dir: []


def without_spared_originals() -> None:
    """What removes a job's folder removes the original in it, too."""
    from dropdub.files import removal

    removal.originals_in = lambda folder: iter(())


_NAME = os.environ.get("DROPDUB_WITHOUT")
if _NAME:
    globals()[f"without_{_NAME}"]()
