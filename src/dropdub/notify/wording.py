"""What a notification says to a person about an ended job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dropdub.translations.words import Words


def text_of(job: Mapping[str, Any], words: Words) -> str:
    """Return what became of a job, given as in `dropdub show --json`. Its reason and remedy stay English."""
    name, state, warnings = job["name"], job["state"], len(job.get("warnings") or ())
    if state == "succeeded" and warnings:
        return words.ngettext(
            "%(name)s is done, with %(num)s warning.", "%(name)s is done, with %(num)s warnings.", warnings, name=name
        )
    if state == "succeeded":
        return words.gettext("%(name)s is done.", name=name)
    if state == "cancelled":
        return words.gettext("%(name)s was cancelled.", name=name)
    reason = " ".join(filter(None, (job.get("reason"), job.get("remedy"))))
    if reason:
        return words.gettext("%(name)s failed: %(reason)s", name=name, reason=reason)
    return words.gettext("%(name)s failed.", name=name)
