"""Run the web server of a root: beside its daemon, or as the daemon's child."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import uvicorn

from dropdub.config import load_config
from dropdub.operations.place import find_place
from dropdub.web.app import build_app
from dropdub.web.events.feed import Feed
from dropdub.web.serving.address import address_of
from dropdub.web.serving.connections import server_config
from dropdub.web.serving.link import Link
from dropdub.web.serving.listening import listen, port_of
from dropdub.web.serving.settings import ServedSettings
from dropdub.web.site import Site
from dropdub.web.wyoming.server import serve_wyoming
from dropdub.web.wyoming.wire import ended

_YOUNGEST = 20_000
"""Objects that are made until Python looks for unused cycles among them. A page of three hours makes 100,000 and no
cycle; with Python's own 700 it took 0.4 s, of which half was this search.
"""


class _Server(uvicorn.Server):
    """A server whose end the supervisor decides, if there is one."""

    is_attached = False
    streams: Feed | None = None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams of events, which never end by themselves, before the other connections are awaited."""
        if self.streams is not None:
            self.streams.close()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the supervisor: Ctrl-C reaches all processes of a console."""
        if self.is_attached:
            yield
        else:
            with super().capture_signals():
                yield


def serve(root: Path, *, link: Link | None, report: Callable[[str], None]) -> None:
    """Answer requests until stopped. Raises ConfigError, StoreError, PortTaken, TokenUnusable."""
    gc.set_threshold(_YOUNGEST)
    place = find_place(root)
    config = load_config(place.root.config_file)
    sockets = listen(config.web.bind, config.web.port)
    with contextlib.ExitStack() as parts:
        for one in sockets:
            parts.enter_context(one)
        site = parts.enter_context(contextlib.closing(Site(place, config, link)))
        asyncio.run(_serve(site, sockets, link, report))


async def _serve(
    site: Site, sockets: Sequence[socket.socket], link: Link | None, report: Callable[[str], None]
) -> None:
    port = port_of(list(sockets))
    server = _Server(server_config(build_app(site, port=port), site.config.web))
    server.is_attached = link is not None
    server.streams = site.feed
    wyoming = _wyoming(server, site, port, link, report)
    settings = ServedSettings(site, report)
    works = [site.watch.poll(), _announce(server, site, port, link, report), wyoming]
    if link is None:
        works.append(settings.follow())
    tasks = [asyncio.ensure_future(work) for work in works]
    if link is not None:
        _follow(link, site, server, settings)
    try:
        await server.serve(sockets=list(sockets))
    finally:
        for task in tasks:
            await ended(task)


def _follow(link: Link, site: Site, server: uvicorn.Server, settings: ServedSettings) -> None:
    """Wake waiting clients when the supervisor reports changes, use its settings, and end when it is gone."""
    loop = asyncio.get_running_loop()

    def on_news(jobs: Collection[int]) -> None:
        loop.call_soon_threadsafe(site.watch.changed, jobs)

    def on_end() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(setattr, server, "should_exit", True)

    def on_settings() -> None:
        site.threads.submit(settings.take_over)

    link.listen(on_news=on_news, on_settings=on_settings, on_end=on_end)


async def _wyoming(
    server: uvicorn.Server, site: Site, port: int, link: Link | None, report: Callable[[str], None]
) -> None:
    """Serve Wyoming clients once HTTP is served, and report what keeps them away."""
    await _started(server)

    def said(trouble: str | None) -> None:
        if link is None:
            report(trouble or "Wyoming clients can connect.")
        elif trouble is None:
            link.listening(address_of(site.config.web, port))
        else:
            link.trouble(trouble)

    await serve_wyoming(site, said)


async def _announce(
    server: uvicorn.Server, site: Site, port: int, link: Link | None, report: Callable[[str], None]
) -> None:
    await _started(server)
    url = address_of(site.config.web, port)
    if link is not None:
        link.listening(url)
    else:
        report(f"Listening at {url}")


async def _started(server: uvicorn.Server) -> None:
    while not server.started:
        await asyncio.sleep(0.01)
