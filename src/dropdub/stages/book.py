"""book: the dub of a text as an audiobook, with a chapter for each heading and what its book says."""

from __future__ import annotations

from dropdub.dubbing.audiobook import Audiobook
from dropdub.pipeline.artifacts import dub_name
from dropdub.pipeline.task import Result, Task, target_of


def run(task: Task) -> Result:
    """Write dub.T.m4b; return its number of chapters. An unusable cover is left out, with a warning."""
    target = target_of(task)
    book = Audiobook(task.dropped, task.work, task.facts, target)
    chapters = book.write(dub_name(target, "m4b"), deadline_s=task.deadline_s, progress=task.progress)
    return {"chapters": chapters, "warnings": book.warnings}
