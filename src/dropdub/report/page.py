"""Render the report as one HTML page that needs only the files next to it."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dropdub.report.contents import Contents
from dropdub.report.timeline import Timeline
from dropdub.translations.words import Words
from dropdub.units import format_duration, format_moment

REPORT = "report.html"
_HERE = Path(__file__).parent


def page(contents: Contents) -> str:
    """Return the page, in the language of its contents. Every text is escaped, and only its own script may run."""
    style, script = _own("report.css") + _own("timeline.css"), _own("report.js")
    return (
        _environment(contents.words)
        .get_template("report.html.j2")
        .render(contents=contents, style=style, script=script, policy=_policy(style, script))
    )


def picture(timeline: Timeline) -> str:
    """Return a timeline as a standalone SVG file. Every text is escaped."""
    template = _environment(timeline.words).get_template("timeline.svg.j2")
    return template.render(timeline=timeline, own_style=_own("timeline.css"))


def _own(name: str) -> Markup:
    return Markup((_HERE / name).read_text(encoding="utf-8"))


@cache
def _environment(words: Words) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(words.catalogue, newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {"address": _address, "clock": format_moment, "duration": format_duration}
    return environment


def _address(name: str) -> str:
    """Return the relative URL of a file next to the page."""
    return quote(name, safe="")


def _policy(style: str, script: str) -> str:
    """Return a content security policy: nothing from the network, and only this style and script."""
    return (
        f"default-src 'none'; media-src 'self' file:; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
