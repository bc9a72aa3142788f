"""Targets to skip because they equal the source language."""

from __future__ import annotations

from dropdub.config import JobOptions
from dropdub.languages import same_form, same_language


def skipped_targets(options: JobOptions, language: str, *, kind: str) -> list[str]:
    """Return the targets that equal the source language.

    If all targets of a text equal its language, none is skipped, and the text is read aloud. A text in other letters,
    such as traditional Chinese, is another text, but the same speech.
    """
    same = [target for target in options.targets if same_language(target, language)]
    same = [target for target in same if kind != "text" or same_form(language, target)]
    return [] if kind == "text" and len(same) == len(options.targets) else same


def skip_warnings(job_name: str, kind: str, language: str, skipped: list[str]) -> list[str]:
    """Return a warning for each skipped target."""
    how = "written" if kind == "text" else "spoken"
    return [f"{job_name} is already {how} in {language}, so no {target} dub is made." for target in skipped]
