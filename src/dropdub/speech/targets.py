"""Targets to skip because they equal the source language, and those of them that are only written."""

from __future__ import annotations

from dropdub.config import JobOptions
from dropdub.languages import same_form, same_language
from dropdub.text.written_forms import converts, how_to_convert


def skipped_targets(options: JobOptions, language: str, *, kind: str) -> list[str]:
    """Return the targets that equal the source language.

    If all targets of a text equal its language, none is skipped, and the text is read aloud. A text in other letters,
    such as traditional Chinese, is another text, but the same speech.
    """
    same = [target for target in options.targets if same_language(target, language)]
    same = [target for target in same if kind != "text" or same_form(language, target)]
    return [] if kind == "text" and len(same) == len(options.targets) else same


def written_targets(options: JobOptions, language: str) -> list[str]:
    """Return the targets that are what is spoken in other letters, and that its text is converted into here now."""
    return [target for target in options.targets if _is_other_form(language, target) and converts(target)]


def skip_warnings(job_name: str, kind: str, language: str, skipped: list[str]) -> list[str]:
    """Return a warning for each skipped target; it says whether the text of a recording is converted."""
    how = "written" if kind == "text" else "spoken"
    no_dub = f"{job_name} is already {how} in {language}, so no"
    return [f"{no_dub} {target} dub is made.{_on_text(language, target, kind)}" for target in skipped]


def _on_text(language: str, target: str, kind: str) -> str:
    if kind == "text" or not _is_other_form(language, target):
        return ""
    if converts(target):
        return " Its text and subtitles were converted."
    return f" Its text and subtitles were not converted. {how_to_convert(target)}".rstrip()


def _is_other_form(language: str, target: str) -> bool:
    return same_language(target, language) and not same_form(language, target)
