"""One browser for all tests of pages, one real server for those that change nothing, and others for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

from playwright.sync_api import Browser, Page, expect  # noqa: E402  after the check

from tests.acceptance.served import Served  # noqa: E402
from tests.acceptance.site import Site  # noqa: E402
from tests.pages.browser import CHROMIUM, Faults, chromium, logged_in  # noqa: E402
from tests.pages.dubbing import dubbed_at  # noqa: E402

PATIENCE_MS = 90_000
"""How long anything in a page is awaited: on a busy machine, Playwright's own 5 s are too short."""
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser. It ends with these tests: Playwright keeps an event loop, and others in this process run their own."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def dubbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Yield a server whose job 1 is a dubbed recording; tests may change it, and add others."""
    with dubbed_at(tmp_path_factory.mktemp("dubbed") / "root") as one:
        yield one


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start roots with their daemons and web servers, which are ended with the test."""
    made: list[Served] = []

    def start(*, prepare: Callable[[Site], None] | None = None, **settings: Any) -> Served:
        one = Served(Site(tmp_path / f"root{len(made)}", **settings))
        made.append(one)
        if prepare is not None:
            prepare(one.site)
        one.start()
        return one

    yield start
    for old in made:
        old.close()
        old.site.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in which somebody has logged in; in the end, nothing may have gone wrong in any."""
    faults: list[Faults] = []
    contexts = []

    def open_page(one: Served, path: str = "/", *, expected: tuple[str, ...] = (), **options: Any) -> Page:
        context = browser.new_context(locale=options.pop("locale", "en"), **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        faults.append(Faults(f"127.0.0.1:{one.port}", expected=expected))
        page = context.new_page()
        faults[-1].watch(page)
        logged_in(page, one)
        if path != "/":
            page.goto(f"{one.address}{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [text for one in faults for text in one.found] == []
