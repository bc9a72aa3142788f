"""The outermost layer of the server: nothing reaches a route that has not passed here."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from dropdub.web.answering.errors import ApiError
from dropdub.web.security.access import Access, Identity
from dropdub.web.security.answer_headers import foreign_origin, preflight
from dropdub.web.security.asgi import App, Receive, Scope, Send
from dropdub.web.security.bodies import BodyLimit, is_form
from dropdub.web.security.credentials import credentials_in
from dropdub.web.security.exchange import Exchange, too_long
from dropdub.web.security.hosts import own_address
from dropdub.web.security.origins import is_from_own_page
from dropdub.web.security.request import Request
from dropdub.web.security.rules import Rules
from dropdub.web.security.scopes import admits

log = logging.getLogger("dropdub.web")
AUTH, SESSION, NONCE = "dropdub.auth", "dropdub.session", "dropdub.nonce"
"""What the scope of an accepted request has: `bearer`, `basic`, `session` or None; the `Session` or None; the nonce of
the styles in its page."""
_LOGIN_PAGE = "/login"
_STARTS_AGAIN_S = 2
"""In which a server that ended is usually there again."""


class Guard:
    """An ASGI application around another one, the outermost: FastAPI reads bodies before any dependency runs.

    In this order: the name by which the server is asked, the length of the body, the routes that are open to all,
    authentication, what the session is for, the page from which a browser asks, the type of the body, the number of
    requests. The scope gets the real client and scheme, and the keys above.
    """

    def __init__(self, app: App, rules: Rules, access: Access) -> None:
        self._app, self._rules, self._access = app, rules, access
        self._running = 0
        self._running_for: Counter[str] = Counter()
        """Those of guests, by what their sessions are for."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._guard(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _guard(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request.of(scope, self._rules.trusted_proxies)
        nonce = secrets.token_urlsafe(16)
        limit = self._rules.bodies().of(request.path)
        exchange = self._exchange(request, receive, send, limit=limit, nonce=nonce)
        try:
            self._refuse_other_names(scope, request)
            if request.is_preflight and (origin := self._foreign_origin(request)):
                await exchange.answer(204, preflight(origin))
                return
            _refuse_long_bodies(request, limit)
            identity = await self._identify(request)
            _refuse_other_places(request, identity)
            self._refuse_other_pages(request, identity)
            _refuse_forms(request, limit)
            self._refuse_too_many(request, _scope_of(identity))
        except ApiError as error:
            _log_refusal(request, error)
            await exchange.refuse(error, has_body=request.has_body)
            return
        _complete(scope, request, identity, nonce)
        try:
            with self._counted(_scope_of(identity)):
                await self._app(scope, exchange.receive, exchange.send)
        except asyncio.CancelledError:  # the server ends; its own answer would be a bare 500
            await exchange.refuse(_stopped(), has_body=False)
            raise

    @contextmanager
    def _counted(self, session_scope: str) -> Iterator[None]:
        self._running += 1
        self._running_for[session_scope] += 1
        try:
            yield
        finally:
            self._running -= 1
            self._running_for[session_scope] -= 1
            self._running_for = +self._running_for

    def _exchange(self, request: Request, receive: Receive, send: Send, *, limit: BodyLimit, nonce: str) -> Exchange:
        return Exchange(
            receive, send, most=limit.most, idle_s=self._rules.body_idle_s,
            linger_s=self._rules.linger_s, nonce=nonce,
            origin=None if request.is_preflight else self._foreign_origin(request),
        )  # fmt: skip

    def _foreign_origin(self, request: Request) -> str | None:
        return foreign_origin(request.headers.only("origin"), self._rules.origins)

    def _refuse_other_names(self, scope: Scope, request: Request) -> None:
        host = request.caller.host
        own = own_address(scope.get("server"), scope["scheme"]) if self._rules.accepts_own_address else None
        if host is None or (host not in self._rules.hosts and host != own):
            raise ApiError(
                421, "This server is not asked by the name in this address.", "unknown_host",
                remedy="To allow the name, add it to web.hosts in config.yaml.",
            )  # fmt: skip

    async def _identify(self, request: Request) -> Identity | None:
        """Return who asks; None on open routes. Raises ApiError: 401, or for a page 303 to the log-in."""
        if request.is_open:
            return None
        credentials = credentials_in(request.headers, self._rules.cookie)
        identity = await self._access.identify(credentials) if credentials else None
        if identity is not None:
            return identity
        if request.is_page and "authorization" not in request.headers:
            raise ApiError(303, "Log in first.", headers={"Location": _LOGIN_PAGE})
        raise ApiError(
            401, "The token is missing or wrong.", "invalid_api_key",
            remedy="Send it as `Authorization: Bearer TOKEN`. To see it: `dropdub token show`",
            headers={"WWW-Authenticate": "Bearer"},
        )  # fmt: skip

    def _refuse_other_pages(self, request: Request, identity: Identity | None) -> None:
        """Refuse what a page of somebody else makes a browser send with what the browser adds by itself.

        Basic credentials without any sign of a page are a program's; browsers send an Origin with every unsafe method.
        """
        if identity is None and not request.is_login:
            return
        way = identity.way if identity else "session"
        if way == "bearer":
            return
        if request.is_unsafe:
            proof = is_from_own_page(request.headers, request.caller.origin, self._rules.origins)
            is_refused = proof is False or (proof is None and way == "session")
        else:
            is_refused = request.is_embedded_elsewhere
        if is_refused:
            raise ApiError(
                403, "This request does not come from a page of this server.", "foreign_origin",
                remedy="Behind a proxy, set web.trusted_proxies in config.yaml. Programs send the token as Bearer.",
            )  # fmt: skip

    def _refuse_too_many(self, request: Request, session_scope: str) -> None:
        """Refuse what would be too much at once, also of the guests of one room, who could otherwise take all places.

        What is open, such as the health, is answered anyway.
        """
        of_guests = self._running_for[session_scope] if session_scope else 0
        if request.is_open or (self._running < self._rules.most_requests and of_guests < self._rules.most_of_guests):
            return
        raise ApiError(
            503, f"The server is working on {of_guests or self._running} requests already.", "too_many_requests",
            headers={"Retry-After": "1"},
        )  # fmt: skip


def _refuse_long_bodies(request: Request, limit: BodyLimit) -> None:
    if "content-length" not in request.headers:
        return
    length = request.headers.only("content-length") or ""
    if not (length.isascii() and length.isdecimal()):
        raise ApiError(400, "Content-Length is not a number.", "bad_content_length")
    if len(length) > 18 or int(length) > limit.most:
        raise too_long(limit.most)


def _refuse_forms(request: Request, limit: BodyLimit) -> None:
    content_type = request.headers.joined("content-type")
    if request.has_body and is_form(content_type) and not limit.takes_forms:
        raise ApiError(415, "The body must be JSON, sent as application/json.", "forms_refused")


def _refuse_other_places(request: Request, identity: Identity | None) -> None:
    """Refuse a guest what their session is not for. It is decided here for all routes, so that none can forget it."""
    session = identity.session if identity else None
    if session is not None and not admits(session.scope, request.path):
        raise ApiError(403, "You are a guest here: only your room is open to you.", "guest")


def _scope_of(identity: Identity | None) -> str:
    """Return what the session of a request is for; empty for everything."""
    return identity.session.scope if identity and identity.session else ""


def _complete(scope: Scope, request: Request, identity: Identity | None, nonce: str) -> None:
    client = scope.get("client")
    scope["client"] = (request.caller.address, client[1] if client else 0)
    scope["scheme"] = request.caller.scheme
    scope[AUTH] = identity.way if identity else None
    scope[SESSION] = identity.session if identity else None
    scope[NONCE] = nonce


def _stopped() -> ApiError:
    return ApiError(
        503, "The server was stopped before the answer was ready.", "Stopped",
        remedy="Send the request again: what was begun is continued.",
        headers={"retry-after": str(_STARTS_AGAIN_S)},
    )  # fmt: skip


def _log_refusal(request: Request, error: ApiError) -> None:
    """Log a refusal, without what could contain a secret: the query and the headers."""
    if error.status >= 400:
        log.info(
            "request refused: status=%d code=%s method=%s path=%.200r address=%s",
            error.status, error.code, request.method, request.path, request.caller.address,
        )  # fmt: skip
