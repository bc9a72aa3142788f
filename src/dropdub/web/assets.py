"""The scripts and styles of the pages: read once, addressed by their content, so that browsers may keep them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Assets:
    """The files of the package's folder `static`, and of others in its folder `vendor`, by name."""

    files: dict[str, bytes] = field(repr=False)

    @staticmethod
    def load() -> Assets:
        folder = resources.files("dropdub.web").joinpath("static")
        files = [*folder.iterdir(), *folder.joinpath("vendor").iterdir()]
        return Assets({one.name: one.read_bytes() for one in files if _suffix(one.name) in _TYPES})

    def path(self, name: str) -> str:
        """Return the path of a file on the server: it changes with the content of any, since modules import others."""
        if name not in self.files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    @cached_property
    def version(self) -> str:
        """Return the first digits of the hash of all files."""
        found = hashlib.sha256()
        for name in sorted(self.files):
            found.update(f"{name} {len(self.files[name])}\n".encode() + self.files[name])
        return found.hexdigest()[:16]

    def router(self) -> APIRouter:
        """Return the route of the files. It reads no path: names are looked up."""
        router = APIRouter()

        @router.api_route("/static/{version}/{name}", methods=["GET", "HEAD"], include_in_schema=False)
        async def asset(version: str, name: str) -> Response:
            content = self.files.get(name)
            if content is None or version != self.version:
                return PlainTextResponse("There is no such file.", 404)
            return Response(content, media_type=_TYPES[_suffix(name)], headers={"Cache-Control": _FOREVER})

        return router


def _suffix(name: str) -> str:
    return name[name.rfind(".") :]
