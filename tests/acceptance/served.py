"""A root whose real daemon has the real web server as its child."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import openai
import psutil

from tests.acceptance.site import Site
from tests.receiver import free_port
from tests.waiting import wait_until


class Served:
    """A site, and clients of its server."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.port = free_port()
        self._clients: list[openai.OpenAI] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        return (self.site.root / "web.token").read_text(encoding="ascii").strip()

    @property
    def endpoint(self) -> str:
        """Return the address with the token as a password."""
        return f"http://x:{self.token}@127.0.0.1:{self.port}"

    def start(self, **environment: str) -> None:
        """Start the daemon, and wait until its server answers."""
        self.site.start("--web", DROPDUB_WEB__PORT=str(self.port), **environment)
        wait_until(self.answers, "the web server answers")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Run `dropdub serve`, which has no daemon, in the block."""
        words = [sys.executable, "-m", "dropdub", "--root", str(self.site.root), "serve"]
        environment = {**os.environ, "DROPDUB_WEB__PORT": str(self.port)}
        with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL) as server:
            try:
                wait_until(self.answers, "the web server answers")
                yield
            finally:
                server.terminate()

    def answers(self) -> bool:
        return server_answers(self.port)

    def process(self) -> psutil.Process:
        """Return the process of the server."""
        [found] = [one for one in self.site.ours() if "dropdub.web" in " ".join(one.cmdline())]
        return found

    def client(self, *, key: str | None = None, **options: Any) -> openai.OpenAI:
        """Return OpenAI's own client, with the token or another `key`."""
        made = openai.OpenAI(base_url=f"{self.address}/v1", api_key=key or self.token, **options)
        self._clients.append(made)
        return made

    def close(self) -> None:
        """Close the clients' connections."""
        for client in self._clients:
            client.close()

    def ask(self, path: str, body: Any = None, *, method: str | None = None, **headers: str) -> tuple[int, Any, Any]:
        """Return status, headers and body (JSON if it is) of a request; `body` is sent as JSON."""
        data = None if body is None else json.dumps(body).encode()
        sent = {"authorization": f"Bearer {self.token}", "content-type": "application/json", **headers}
        request = urllib.request.Request(f"{self.address}{path}", data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, answer.headers, _read(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, _read(error)

    def attempts(self) -> int:
        """Return how often any step was run."""
        return int(self.site.rows("SELECT count(*) AS number FROM attempt")[0]["number"])

    def left(self) -> list[Path]:
        """Return what requests have left in the folder of uploads."""
        return list((self.site.root / "work" / "uploads").glob("*"))


@contextmanager
def served_at(root: Path, *, forks: bool = True, **settings: Any) -> Iterator[Served]:
    """Yield a root whose daemon and web server run in the block. `forks`: from a warm process, where that is there."""
    one = Served(Site(root, **settings))
    one.site.forks = forks
    try:
        one.start()
        yield one
    finally:
        one.close()
        one.site.close()


def server_answers(port: int) -> bool:
    """Return whether a server is ready: its port is taken, and its token written, before that."""
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/health", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def _read(answer: Any) -> Any:
    content = answer.read()
    is_json = answer.headers.get_content_type() == "application/json"
    return json.loads(content) if is_json and content else content
