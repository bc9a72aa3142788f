"""Render the pages of the server. Every text is escaped; styles and scripts are files of `assets`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from dropdub import __version__
from dropdub.pasting import is_command
from dropdub.store.views.progress import iso_time
from dropdub.translations import AUTO, accepted, best, catalogue, offered
from dropdub.translations import mark as _
from dropdub.translations.words import Words, words_in
from dropdub.units import format_duration, format_moment
from dropdub.web.assets import Assets
from dropdub.web.pages.wording import STAGES
from dropdub.web.security.guard import NONCE

_CODE = re.compile(r"`([^`]+)`")
_TEMPLATES = Path(__file__).parents[1] / "templates"


@dataclass(frozen=True)
class Place:
    """A page that every page links to: its path, and its name as a message of the catalogues.

    `others`: paths of further pages that belong to it, beside those below its own.
    """

    path: str
    name: str
    others: tuple[str, ...] = ()

    def is_current(self, path: str) -> str:
        """Return `aria-current` for the page of a path: `page`, or `true` on one that belongs to it; else nothing."""
        if path == self.path:
            return "page"
        return "true" if any(f"{path}/".startswith(f"{one}/") for one in (self.path, *self.others)) else ""


PLACES = (
    Place("/", _("Jobs"), others=("/jobs", "/do")),
    Place("/new", _("New text")),
    Place("/voices", _("Voices")),
    Place("/live", _("Live"), others=("/rooms",)),
    Place("/models", _("Models")),
    Place("/settings", _("Settings")),
    Place("/health", _("Health")),
    Place("/docs", _("Help")),
)


class Pages:
    """The templates of the package's folder `templates`.

    In each, `asset(NAME)` is the path of a file, `_(TEXT)` a text in the language of the page, and `path` that of the
    page. The filter `message` shows a message of Dropdub; `stages` has a text for each stage.
    """

    def __init__(self, assets: Assets, setting: Callable[[], str] = lambda: AUTO) -> None:
        """`setting` returns `web.language`, each time that a page is rendered."""
        self._assets = assets
        self._setting = setting
        self._environment = cache(self._made)

    def page(self, request: Request, name: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Return the answer with a page, from the template of that name, in the language for this browser."""
        language = self.words(request).language
        template = self._environment(language).get_template(name)
        nonce = request.scope.get(NONCE, "")
        text = template.render(values, language=language, path=request.url.path, nonce=nonce)
        return HTMLResponse(text, status, headers={"Content-Language": language, "Vary": "Accept-Language"})

    def said(self, request: Request, message: str, values: Mapping[str, Any]) -> str:
        """Return a message of the catalogues in the language for this browser."""
        return self.words(request).gettext(message, **values)

    def words(self, request: Request) -> Words:
        """Return the words to answer a browser in: those of the setting's language, or of the one that it prefers."""
        setting = self._setting()
        return words_in(setting if setting != AUTO else best(accepted(request.headers.get("accept-language", ""))))

    def _made(self, language: str) -> Environment:
        words = words_in(language)
        environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        environment.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
        environment.globals |= {
            "asset": self._assets.path,
            "places": PLACES,
            "languages": offered(),
            "version": __version__,
            "stages": {name: words.gettext(text) for name, text in STAGES.items()},
        }
        environment.filters |= {
            "clock": format_moment,
            "duration": format_duration,
            "size": words.size,
            "decimal": words.decimal,
            "message": as_html,
            "iso": iso_time,
        }
        return environment


def _with_code(line: str) -> Markup:
    """Return a line with what is between backticks as code: a setting, for example."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(line))))


def as_html(message: str) -> Markup:
    """Return a message of Dropdub as HTML. It is English; each command has a line of its own and can be copied."""
    lines = (
        Markup("<code class='command'>{}</code>").format(line.strip()) if is_command(line) else _with_code(line)
        for line in message.splitlines()
    )
    return Markup("<span lang='en'>{}</span>").format(Markup("<br>").join(lines))
