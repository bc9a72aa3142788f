"""Log browsers in and out: by the code in a link, or by the password."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from dropdub.web.answering.errors import ApiError
from dropdub.web.pages.rendering import Pages
from dropdub.web.security.access import Access
from dropdub.web.security.codes import LIFETIME_S
from dropdub.web.security.guard import AUTH, SESSION
from dropdub.web.security.sessions import set_cookie

_PAGE, _HOME = "/login", "/"
_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"


def login_router(access: Access, pages: Pages, *, cookie: str) -> APIRouter:
    """Return the routes /login, /logout and /v1/login-codes. `cookie`: the name of the session's cookie."""
    router = APIRouter(include_in_schema=False)

    def page(request: Request, *, status: int = 200, problem: str = "") -> Response:
        return pages.page(request, "login.html.j2", status=status, has_password=access.has_password, problem=problem)

    def logged_in(request: Request, answer: Response, value: str) -> Response:
        answer.headers["Set-Cookie"] = set_cookie(cookie, value, is_secure=_is_secure(request))
        return answer

    @router.api_route(_PAGE, methods=["GET", "HEAD"])
    async def show_login(request: Request) -> Response:
        return page(request)

    @router.post(_PAGE)
    async def log_in(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == _JSON:
            return await by_code(request)
        if kind == _FORM:
            return await by_password(request)
        return _refusal(ApiError(415, f"Send the code as {_JSON}, or the password as {_FORM}."))

    async def by_code(request: Request) -> Response:
        try:
            value, page = await access.log_in_with_code(_address(request), _code_in(await request.body()))
        except ApiError as error:
            return _refusal(error)
        return logged_in(request, JSONResponse({"path": page}), value)

    async def by_password(request: Request) -> Response:
        try:
            value = await access.log_in_with_password(_address(request), _password_in(await request.body()))
        except ApiError as error:
            answer = page(request, status=error.status, problem=error.message)
            answer.headers.update(error.headers)
            return answer
        return logged_in(request, RedirectResponse(_HOME, 303), value)

    @router.post("/logout")
    async def log_out(request: Request) -> Response:
        if (session := request.scope.get(SESSION)) is not None:
            await access.log_out(session)
        answer = RedirectResponse(_PAGE, 303)
        answer.headers["Set-Cookie"] = set_cookie(cookie, "", is_secure=_is_secure(request), lifetime_s=0)
        return answer

    @router.post("/v1/login-codes")
    async def new_code(request: Request) -> Response:
        if request.scope.get(AUTH) != "bearer":
            return _refusal(ApiError(403, "Only a program that has the token can make links.", "bearer_needed"))
        code = access.new_code()
        return JSONResponse({"code": code, "path": f"{_PAGE}#{code}", "expires_in": int(LIFETIME_S)}, 201)

    return router


def _code_in(body: bytes) -> str:
    """Return the code of a body such as {"code": "…"}; empty if there is none. Raises ApiError."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise ApiError(400, "The body is not JSON.", "bad_json") from None
    code = data.get("code") if isinstance(data, dict) else None
    return code if isinstance(code, str) else ""


def _password_in(body: bytes) -> str:
    """Return the password of a form; empty if there is none. Raises ApiError."""
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=10, encoding="utf-8", errors="strict")
    except ValueError:
        raise ApiError(400, "The form cannot be read.", "bad_form") from None
    return fields.get("password", [""])[0]


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _is_secure(request: Request) -> bool:
    return request.scope.get("scheme") == "https"


def _refusal(error: ApiError) -> Response:
    return JSONResponse(error.body(), error.status, dict(error.headers))
