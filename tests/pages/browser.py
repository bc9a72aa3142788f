"""Debian's Chromium, driven by Playwright, with everything noted that a page must not do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.acceptance.served import Served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_OPTIONS = ("--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
"""Root may not use the sandbox; the microphone is a fake one, which beeps."""


@dataclass(eq=False)
class Faults:
    """What went wrong in pages: messages of the console, exceptions, and requests to other hosts."""

    host: str
    found: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    """Parts of messages that a test causes on purpose, such as a server that is gone."""

    def watch(self, page: Page) -> None:
        _watched[page] = self
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._note(f"exception: {error}"))
        page.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._note(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self.host:
            self._note(f"request to another host: {request.url}")

    def _note(self, text: str) -> None:
        if not any(part in text for part in self.expected):
            self.found.append(text)


_watched: WeakKeyDictionary[Page, Faults] = WeakKeyDictionary()


@contextmanager
def hearing(browser: Browser, sound: Path) -> Iterator[Browser]:
    """Yield another browser, whose microphone plays a file again and again."""
    options = [*_OPTIONS, f"--use-file-for-fake-audio-capture={sound}"]
    with browser.browser_type.launch(executable_path=CHROMIUM, args=options) as found:
        yield found


def logged_in(page: Page, one: Served) -> None:
    """Log in as the link of `dropdub open` does."""
    status, _, code = one.ask("/v1/login-codes", method="POST")
    assert status == 201
    page.goto(f"{one.address}{code['path']}")
    page.wait_for_url(f"{one.address}/")


@contextmanager
def opened(browser: Browser, one: Served, path: str = "/", **options: Any) -> Iterator[Page]:
    """Yield an English page, with somebody logged in. `options`: of the browser's context."""
    with browser.new_context(locale="en", timezone_id="UTC", **options) as context:
        page = context.new_page()
        logged_in(page, one)
        if path != "/":
            page.goto(f"{one.address}{path}")
        yield page


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with a page for people who use it otherwise than by eye and mouse."""
    faults = _watched[page]
    before = len(faults.found)
    found = Axe().run(page).response["violations"]
    faults.found[before:] = [text for text in faults.found[before:] if "inline style" not in text]  # axe's own
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]
