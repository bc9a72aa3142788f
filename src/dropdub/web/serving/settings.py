"""The settings of a running server: those that the daemon uses, as soon as it does."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from dropdub.config.watch import LOOK_EVERY_S, SettingsWatch, User
from dropdub.web.site import Site

_logger = logging.getLogger("dropdub.web")
SECTIONS = ("folders", "database", "models", "metrics", "web")
"""What a server uses that holds until its restart. The daemon reports the rest."""


class ServedSettings:
    """Takes over what has changed in `config.yaml`: when the daemon says so, or without one by looking itself."""

    def __init__(self, site: Site, report: Callable[[str], None]) -> None:
        """`report` gets a line for the user; if a daemon is the parent, it reports the same itself."""
        root = site.place.root
        user = User("web server", report, lambda config: root.refuse_outputs(config.all_outputs()), _note, SECTIONS)
        self._site = site
        self._watch = SettingsWatch(root.config_file, site.in_force, user)

    def take_over(self) -> None:
        """Read the file, and use what needs no restart. Blocks."""
        if self._watch.read():
            self._site.settings_changed()

    async def follow(self) -> None:
        """Look at the file every second."""
        while True:
            if await self._site.run(self._watch.tick, time.monotonic()):
                self._site.settings_changed()
            await asyncio.sleep(LOOK_EVERY_S)


def _note(sentence: str, *, level: int = logging.INFO, trace: BaseException | None = None, **_fields: Any) -> None:
    """Log what nobody expects. The rest is in what is reported, and in the log of the daemon."""
    if trace is not None:
        _logger.log(level, sentence, exc_info=trace)
