"""A web server that runs in a thread, with a root and a database of its own, and no daemon."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from dropdub.config import load_config
from dropdub.operations.place import find_place
from dropdub.store import transitions
from dropdub.store.database import Store
from dropdub.store.states import JobState
from dropdub.web.app import build_app
from dropdub.web.security import token
from dropdub.web.serving import server as web_server
from dropdub.web.serving.connections import server_config
from dropdub.web.serving.listening import listen, port_of
from dropdub.web.site import Site
from tests.factories import NOW, a_claim, a_running_job, a_spec, completed
from tests.waiting import wait_until


@dataclass(frozen=True)
class Running:
    """A server with its root. `client` asks it."""

    root: Path
    site: Site
    store: Store
    client: httpx2.Client
    url: str
    server: uvicorn.Server

    def json(self, method: str, path: str, **how: Any) -> Any:
        """Return the JSON of an answer, which must not be an error."""
        answer = self.client.request(method, path, **how)
        assert answer.is_success, answer.text
        return answer.json()


@contextlib.contextmanager
def running(root: Path, settings: str = "") -> Iterator[Running]:
    """Yield a running server. It ends with the block."""
    (root / "config.yaml").write_text(settings, encoding="utf-8")
    place = find_place(root)
    place.root.create_folders()
    config = load_config(place.root.config_file)
    site = Site(place, config, None)
    sockets = listen(config.web.bind, 0)
    with contextlib.closing(site), contextlib.ExitStack() as bound:
        for one in sockets:
            bound.enter_context(one)
        port = port_of(sockets)
        url = f"http://127.0.0.1:{port}"
        server = web_server._Server(server_config(build_app(site, port=port), config.web))
        server.streams, server.is_attached = site.feed, True  # no signals in a thread
        thread = threading.Thread(target=lambda: asyncio.run(_serve(server, site, sockets)))
        thread.start()
        wait_until(lambda: server.started, "the server listens")
        headers = {"authorization": f"Bearer {token.read_or_create(root)}"}
        try:
            with httpx2.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
                yield Running(root, site, site.store, client, url, server)
        finally:
            server.should_exit = True
            thread.join()


async def _serve(server: uvicorn.Server, site: Site, sockets: list[Any]) -> None:
    polling = asyncio.ensure_future(site.watch.poll())
    try:
        await server.serve(sockets=sockets)
    finally:
        polling.cancel()


def a_published_job(
    web: Running,
    files: dict[str, bytes],
    *,
    name: str = "clip.mp4",
    results: dict[str, dict[str, Any]] | None = None,
    source: str = "/archive/x",
    targets: tuple[str, ...] = (),
    **manifest: Any,
) -> int:
    """Make a succeeded job whose folder in the outbox holds these files and a manifest; return its id.

    `results`: of its steps, by key; `source`: where its original is; `targets`: languages that it was to make.
    """
    import hashlib
    import json

    *earlier, (_, result) = (results or {"probe": {}}).items()
    specs = [a_spec(key, phase=phase) for phase, key in enumerate(results or {"probe": {}})]
    claim = a_running_job(web.store, name=name, steps=specs, options={"targets": list(targets)})
    assert claim.job.id is not None
    for _, found in earlier:
        completed(web.store, claim, result=found)
        claim = a_claim(web.store, job_ids=[claim.job.id])
        assert claim.job.id is not None
    folder = web.root / "outbox" / Path(name).stem
    folder.mkdir(parents=True)
    for file, data in files.items():
        (folder / file).write_bytes(data)
    listed = [{"name": n, "size": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in files.items()]
    (folder / "manifest.json").write_text(json.dumps({**manifest, "outputs": listed}), encoding="utf-8")
    transitions.claim_outbox(web.store, claim.job.id, choose=lambda _taken: str(folder))
    outputs = tuple(str(folder / file) for file in (*files, "manifest.json"))
    kind = (results or {}).get("probe", {}).get("kind")
    completed(web.store, claim, result=result, facts=transitions.JobFacts(kind, outputs=outputs, duration_s=2.0))
    ended(web.store, claim.job.id, JobState.SUCCEEDED, source=source)
    return claim.job.id


def ended(store: Store, job: int, verdict: JobState, *, source: str = "/archive/x") -> None:
    """End a job whose steps have ended."""
    transitions.begin_ending(store, job, verdict=verdict, reason=None, remedy=None, destination="/x", now=NOW)
    transitions.finish_job(store, job, source=source, now=time.time())
