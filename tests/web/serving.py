"""A real server on loopback with the guard around a small application, and ways to ask it anything."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute

from dropdub.config import Config
from dropdub.web.assets import Assets
from dropdub.web.pages.login import login_router
from dropdub.web.pages.rendering import Pages
from dropdub.web.security.access import Access
from dropdub.web.security.guard import AUTH, Guard
from dropdub.web.security.rules import Rules
from dropdub.web.serving.connections import server_config
from dropdub.web.serving.listening import listen, port_of
from tests.waiting import wait_until

OPEN = {("GET", "/v1/health"), ("GET", "/status"), ("GET", "/login"), ("POST", "/login"), ("GET", "/static")}
"""The routes that need no authentication: health, status, log-in, static files."""


@dataclass(frozen=True)
class Answer:
    """An answer to a request: its status, its headers in small letters (all cookies joined), its body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def cookie(self) -> str:
        """Return NAME=VALUE of the cookie that it sets."""
        return self.headers["set-cookie"].partition(";")[0]


@dataclass(frozen=True)
class Served:
    """A running server. `origin` is that of its pages."""

    port: int
    root: Path
    token: str
    rules: Rules
    app: FastAPI = field(repr=False)
    access: Access = field(repr=False)
    certificate: str | None = None

    @property
    def origin(self) -> str:
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}"

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """Send a request with exactly these headers; Host and Content-Length are added if they are missing."""
        given = {"Host": f"127.0.0.1:{self.port}", **(headers or {})}
        if body is not None:
            given.setdefault("Content-Length", str(len(body)))
        connection = self._connection()
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in given.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            names = {name.lower() for name, _ in answer.getheaders()}
            joined = {name: ", ".join(answer.headers.get_all(name, [])) for name in names}
            return Answer(answer.status, joined, answer.read())
        finally:
            connection.close()

    def log_in(self) -> dict[str, str]:
        """Log in by a code, as a page does; return the headers of a page's requests from then on."""
        code = self.ask("POST", "/v1/login-codes", self.bearer).json["code"]
        page = {"Origin": self.origin, "Content-Type": "application/json"}
        answer = self.ask("POST", "/login", page, json.dumps({"code": code}).encode())
        assert answer.status == 200, answer.body
        return {"Cookie": answer.cookie, "Origin": self.origin}

    def _connection(self) -> http.client.HTTPConnection:
        if self.certificate is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        trusting = ssl.create_default_context(cafile=self.certificate)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=trusting)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)


@contextmanager
def served(
    root: Path, *, app: FastAPI | None = None, changes: Mapping[str, Any] | None = None, **web: Any
) -> Iterator[Served]:
    """Run a server for a root with these settings of `web`. `changes`: of the rules."""
    config = Config(web=web)
    sockets = listen(config.web.bind, 0)
    port = port_of(sockets)
    rules = replace(Rules.of(config, root, port=port), **(changes or {}))
    access = Access(root, rules, ended_file=root / "work" / "web" / "ended.json")
    app = app or small_app(access, rules)
    server = uvicorn.Server(server_config(Guard(app, rules, access), config.web))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets)), daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started, "the server to have started", timeout_s=60)
        token = (root / "web.token").read_text("ascii").strip()
        yield Served(port, root, token, rules, app, access, config.web.tls.cert)
    finally:
        server.should_exit = True
        thread.join(60)
        for one in sockets:
            one.close()


def small_app(access: Access, rules: Rules) -> FastAPI:
    """Return an application with the log-in, and routes that say what reached them."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    assets = Assets.load()
    app.include_router(assets.router())
    app.include_router(login_router(access, Pages(assets), cookie=rules.cookie))

    @app.get("/v1/health")
    async def health() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/status")
    async def status() -> dict[str, str]:
        return {"version": "Dropdub"}

    @app.get("/")
    async def home() -> Response:
        return HTMLResponse("<!doctype html><title>Home</title><p>You are in.</p>")

    @app.get("/own-policy")
    async def own_policy() -> Response:
        return PlainTextResponse("x", headers={"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "x"})

    @app.api_route("/v1/jobs", methods=["GET", "POST"])
    @app.api_route("/v1/jobs/actions", methods=["POST"])
    @app.get("/v1/jobs/{job}/events")
    @app.post("/v1/audio/transcriptions")
    async def who(request: Request) -> Response:
        size = sum([len(part) async for part in request.stream()])
        assert request.client is not None
        asked = {"auth": request.scope[AUTH], "client": request.client.host, "scheme": request.url.scheme}
        return JSONResponse({**asked, "size": size})

    return app


def routes_in(routes: list[BaseRoute] | Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield method and path of every route of an application, in included routers and mounted applications, too."""
    for route in routes:
        if hasattr(route, "effective_route_contexts"):
            yield from routes_in(route.effective_route_contexts(), prefix)
        elif getattr(route, "methods", None):
            yield from ((method, prefix + route.path) for method in sorted(route.methods))
        elif inner := getattr(getattr(route, "original_route", route), "routes", None):
            yield from routes_in(inner, prefix + route.path)
        else:
            raise AssertionError(f"whether this route is guarded is unknown: {route!r}")


def ask_every_route(served: Served) -> dict[tuple[str, str], int]:
    """Ask every route of the server's application without a token; return the status of each that let that pass.

    The caller compares the keys with `OPEN`: everything else has to be answered with 401.
    """
    passed = {}
    for method, path in routes_in(served.app.routes):
        filled = re.sub(r"\{[^}]*\}", "1", path)
        answer = served.ask(method, filled, {"Origin": served.origin})
        if answer.status != 401:
            passed[method, "/static" if path.startswith("/static/") else path] = answer.status
    return passed
