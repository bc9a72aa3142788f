"""The page of the settings in force: where each comes from, and what waits for a restart. It changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from dropdub.config.origins import SettingView
from dropdub.config.template import descriptions
from dropdub.web.administration import settings_in_force
from dropdub.web.jobs.shapes import hiding
from dropdub.web.pages.rendering import Pages
from dropdub.web.pages.wording import SOURCES
from dropdub.web.site import Site

Text = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True)
class ShownSetting:
    """A setting as the page has it: values as in config.yaml. `later`: the value after a restart; None if the same."""

    setting: SettingView
    value: str
    default: str
    later: str | None
    description: str


def settings_routes(router: APIRouter, site: Site, pages: Pages) -> None:
    """Add the route of the page to a router."""

    @router.api_route("/settings", methods=["GET", "HEAD"])
    async def settings(request: Request, q: Text = "", changed: Text = "") -> Response:
        view = await settings_in_force(site)
        shown = [_shown(one, view.after_restart) for one in view.settings]
        found = [one for one in shown if _matches(one, q, only_changed=bool(changed))]
        return pages.page(
            request,
            "settings.html.j2",
            sections=_sections(found),
            waiting=[one for one in shown if one.later is not None],
            problem=hiding(site.place.root)(view.problem),
            sources=SOURCES,
            descriptions=descriptions(),
            q=q,
            changed=changed,
        )


def _shown(one: SettingView, after_restart: Mapping[str, Any]) -> ShownSetting:
    later = _text(after_restart[one.name]) if one.name in after_restart else None
    return ShownSetting(one, _text(one.value), _text(one.default), later, descriptions().get(one.name, ""))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _matches(one: ShownSetting, text: str, *, only_changed: bool) -> bool:
    if only_changed and one.setting.source == "default" and one.later is None:
        return False
    words = f"{one.setting.name} {one.value} {one.description}".casefold()
    return all(word in words for word in text.casefold().split())


def _sections(found: Sequence[ShownSetting]) -> dict[str, list[ShownSetting]]:
    sections: dict[str, list[ShownSetting]] = {}
    for one in found:
        sections.setdefault(one.setting.name.partition(".")[0], []).append(one)
    return sections
