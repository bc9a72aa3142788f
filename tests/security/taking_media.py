"""Take recordings as a worker does, and say of each how it ended and what it took: a program for `test_media.py`."""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dropdub.errors import DropdubError
from dropdub.publishing.tagged_dub import tag_dub
from tests.films import drive_to_mux, mux_step

LANGUAGE = "pt-BR"


def taken(source: Path, folder: Path) -> str:
    """Read `source`, and put its dub together; return what was made, or why nothing was."""
    try:
        job = drive_to_mux(source, folder, target=LANGUAGE, targets=[LANGUAGE])
        step = mux_step(LANGUAGE)
        if job.facts["probe"]["video"]:
            job.run_step(step)
            return "film"
        task = job.task(step)
        return "; ".join(tag_dub(task.dropped, task.work, LANGUAGE, deadline_s=task.deadline_s)) or "dub"
    except DropdubError as error:
        return f"{type(error).__name__}: {error.sentence}"


def account(source: Path) -> dict[str, Any]:
    """Return how `source` ended, with seconds, the most bytes of memory of a process, and what was written."""
    with tempfile.TemporaryDirectory() as made:
        began = time.monotonic()
        end = taken(source, Path(made))
        written = sum(path.stat().st_size for path in Path(made).rglob("*") if path.is_file())
        used = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    said = {"name": source.name, "end": end, "seconds": time.monotonic() - began}
    return {**said, "memory": max(used) * 1024, "written": written}


def main() -> None:
    for name in sys.argv[1:]:
        child = os.fork()  # each has its own account of memory
        if child == 0:
            print(json.dumps(account(Path(name))), flush=True)
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
