"""The language to speak if no browser chooses it: in files, and in messages to other programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from dropdub.translations import AUTO, best

if sys.platform == "win32":
    from dropdub.process.windows import system_languages
else:
    from dropdub.process.posix import system_languages


def language_without_browser(setting: str) -> str:
    """Return the language that a setting names; for `auto` the system's, or English if that is not offered."""
    if setting != AUTO:
        return setting
    named = languages_of_environment(os.environ)
    return best(system_languages() if named is None else named)


def languages_of_environment(variables: Mapping[str, str]) -> list[str] | None:
    """Return the tags of the languages that the variables of a locale name, by gettext's rules; None if none is set."""
    locale = next(filter(None, map(variables.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), None)
    if locale is None:
        return None
    if locale.partition(".")[0] in ("C", "POSIX"):
        return []
    named = [*variables.get("LANGUAGE", "").split(":"), locale]
    return [name.partition(".")[0].partition("@")[0].replace("_", "-") for name in named if name]
