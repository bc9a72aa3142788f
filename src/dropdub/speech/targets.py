"""Which of the wanted languages nothing is made for."""

from __future__ import annotations

from dropdub.config import JobOptions
from dropdub.languages import same_language


def skipped_targets(options: JobOptions, language: str, *, kind: str) -> list[str]:
    """Return the targets that are the language already spoken or written.

    A text whose targets are all its own language is read aloud in them: none is skipped.
    """
    same = [target for target in options.targets if same_language(target, language)]
    return [] if kind == "text" and len(same) == len(options.targets) else same


def skip_warnings(job_name: str, kind: str, language: str, skipped: list[str]) -> list[str]:
    """Return the sentence that says so, if any is skipped."""
    how = "written" if kind == "text" else "spoken"
    return [f"{job_name} is already {how} in {language}: no dub into {target}." for target in skipped]
