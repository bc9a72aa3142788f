"""Who may use the server: checks tokens and sessions, logs browsers in and out."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from pathlib import Path

from dropdub.web.answering.errors import ApiError
from dropdub.web.security import token
from dropdub.web.security.codes import LoginCodes
from dropdub.web.security.credentials import Credentials, Way
from dropdub.web.security.rules import Rules
from dropdub.web.security.scopes import page_of
from dropdub.web.security.sessions import EndedSessions, Session, new_session, read_signed, signed, signing_key
from dropdub.web.security.throttle import Throttle

log = logging.getLogger("dropdub.web")
_TOKEN_READ_EVERY_S = 1.0
_MOST_WAITING = 4
"""Passwords are checked one after another, since each takes 32 MiB and 100 ms. No more than these wait."""

_UNREADABLE = "The server cannot read its token."
_LINK_USED = "This link was already used, or is too old."


@dataclass(frozen=True)
class Identity:
    """How a request proved who sends it. `session`: that of a browser."""

    way: Way
    session: Session | None = None


class Access:
    """Checks credentials, and logs browsers in and out. One for each server; its methods run in the event loop.

    The token is read again when it was renewed, at most a second later. Sessions survive a restart of the server.
    """

    def __init__(self, root: Path, rules: Rules, *, ended_file: Path, codes: LoginCodes | None = None) -> None:
        """`codes`: those with which one can log in. Raises TokenUnusable, SessionsUnreadable."""
        self._root, self._rules = root, rules
        self._token, self._token_read = token.read_or_create(root), time.monotonic()
        self._ended = EndedSessions(ended_file)
        self._throttle, self._codes = Throttle(), codes or LoginCodes()
        self._checking, self._waiting = asyncio.Lock(), 0
        self._ending = asyncio.Lock()

    @property
    def has_password(self) -> bool:
        return self._rules.password is not None

    async def identify(self, credentials: Credentials) -> Identity | None:
        """Return who sends these credentials; None if they are not valid."""
        await self._refresh_token()
        if credentials.way != "session":
            return Identity(credentials.way) if token.is_same(credentials.secret, self._token) else None
        session = read_signed(credentials.secret, self._key(), time.time())
        return Identity("session", session) if session and session not in self._ended else None

    def new_code(self) -> str:
        return self._codes.issue(time.monotonic())

    async def log_in_with_code(self, address: str, code: str) -> tuple[str, str]:
        """Use up a code, and return the cookie of a new session, and the path of its first page.

        Raises ApiError: 403, or 429 after too many tries.
        """
        self._count_try(address)
        scope = self._codes.use(code, time.monotonic())
        if scope is None:
            raise _refused(address, _LINK_USED, "To get a new one: `dropdub open`")
        return await self._new_cookie(address, scope), page_of(scope)

    async def log_in_with_password(self, address: str, password: str) -> str:
        """Return the cookie of a new session. Raises ApiError: 403, or 429 after too many tries."""
        self._count_try(address)
        if not await self._is_password(password):
            raise _refused(address, "The password is wrong.")
        return await self._new_cookie(address)

    async def log_out(self, session: Session) -> None:
        """End a session. Raises OSError if that cannot be written down."""
        async with self._ending:
            await asyncio.to_thread(self._ended.add, session, time.time())

    async def _new_cookie(self, address: str, scope: str = "") -> str:
        self._throttle.succeeded(address)
        await self._refresh_token()
        log.info("logged in: address=%s%s", address, f" scope={scope}" if scope else "")
        return signed(new_session(time.time(), scope), self._key())

    def _key(self) -> bytes:
        return signing_key(self._token, self._rules.password_version)

    async def _refresh_token(self) -> None:
        """Read the token again if that was a while ago. While its file is unusable, nobody gets in."""
        now = time.monotonic()
        if now - self._token_read >= _TOKEN_READ_EVERY_S:
            self._token_read = now
            try:
                self._token = await asyncio.to_thread(token.read_or_create, self._root)
            except token.TokenUnusable as error:
                self._token_read = 0.0
                log.error("token not read: %s", error.message)
                raise ApiError(
                    503, "The server cannot read its token.", "token_unusable", remedy=error.remedy
                ) from error

    async def _is_password(self, password: str) -> bool:
        if self._rules.password is None:
            return False
        if self._waiting >= _MOST_WAITING:
            raise _too_many(1.0)
        self._waiting += 1
        try:
            async with self._checking:
                return await asyncio.to_thread(self._rules.password.matches, password)
        finally:
            self._waiting -= 1

    def _count_try(self, address: str) -> None:
        wait_s = self._throttle.try_once(address, time.monotonic())
        if wait_s:
            log.warning("log-in refused: address=%s reason=too many tries wait_s=%.0f", address, wait_s)
            raise _too_many(wait_s)


def _refused(address: str, message: str, remedy: str = "") -> ApiError:
    log.warning("log-in refused: address=%s reason=%s", address, message)
    return ApiError(403, message, "login_refused", remedy=remedy)


def _too_many(wait_s: float) -> ApiError:
    seconds = max(1, round(wait_s))
    return ApiError(
        429, f"Too many tries to log in. Try again in {seconds} s.", "too_many_tries",
        headers={"Retry-After": str(seconds)},
    )  # fmt: skip
