"""A stand-in for servers with a language model: it speaks their protocol over HTTP, and fails in the ways they do.

It has no model: a translation is the text after a word, so tests see which text it is that of.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from dropdub.engines.base import EngineSettings
from dropdub.engines.openai.engine import OpenAiTranslator
from dropdub.language_server.server import Server

MODEL = "tiny-model"
LINES = [
    "Good evening to all of you.",
    "The train to Lisbon leaves at nine.",
    "Nobody knew where the old man lived.",
    "She closed the window and sat down.",
]
EN_PT = {"source": "en", "target": "pt"}
_NUMBERED = re.compile(r"(\d+): (.*)")


@dataclass(frozen=True)
class Asked:
    """A request for translations, as the server reads it. `shorten`: whether shorter wordings are asked for."""

    body: dict[str, Any]

    @property
    def prompt(self) -> str:
        return "\n".join(str(message["content"]) for message in self.body["messages"])

    @property
    def form(self) -> str:
        return str(self.body.get("response_format", {}).get("type", "plain"))

    @property
    def shorten(self) -> bool:
        return "in fewer characters" in self.prompt

    @property
    def lines(self) -> dict[str, Any]:
        """The lines by number: a text, or an object if they are to be shortened."""
        text = self.body["messages"][-1]["content"]
        if self.form != "plain" or "JSON object" in text:
            found: dict[str, Any] = json.loads(text[text.index("{\n") :])
            return found
        asked = text[text.index("nothing else:") :]
        return {match[1]: match[2] for match in _NUMBERED.finditer(asked)}


@dataclass
class Said:
    """What the server answers. `raw`: instead of a completion. `pause_s`: before each byte, without end if `raw` is."""

    content: Any = ""
    status: int = 200
    finish: str = "stop"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    message: dict[str, Any] = field(default_factory=dict)
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    trickles: bool = False
    stalls: bool = False


def translated(text: str) -> str:
    return f"Pois {text}"


def good(asked: Asked) -> Said:
    """Answer as asked, in any form."""
    found: dict[str, Any] = {at: translated(line) for at, line in asked.lines.items() if isinstance(line, str)}
    if asked.shorten and asked.form != "plain":
        lines = asked.lines.items()
        found = {at: [one["translation"][: one["at_most"]], one["translation"][:8]] for at, one in lines}
    if asked.form == "plain":
        return Said("\n".join(f"{at}: {one}" for at, one in found.items()))
    return Said(json.dumps(found, ensure_ascii=False))


@dataclass
class FakeOpenAiServer:
    """A running server. `answer` is called for each request for translations; change it at any time.

    `models`: None if it does not list them. `ollama`: what its own API says of the loaded model, if it is to be Ollama.
    """

    port: int
    answer: Callable[[Asked], Said] = good
    models: Sequence[str] | None = (MODEL,)
    key: str | None = None
    loading: bool = False
    ollama: dict[str, Any] | None = None
    asked: list[Asked] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    proxied: list[str] = field(default_factory=list)
    unloaded: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def batches(self) -> list[Asked]:
        """The requests after those by which it was met."""
        return [one for one in self.asked if "Good morning." not in one.prompt]


def engine_for(server: FakeOpenAiServer, **values: Any) -> OpenAiTranslator:
    """Return a loaded engine. `values` are those of `Server`."""
    engine = OpenAiTranslator(settings_for(server, **values))
    engine.load()
    return engine


def settings_for(server: FakeOpenAiServer, **values: Any) -> EngineSettings:
    return EngineSettings(server=Server(**{"address": server.address, "is_named": True, **values}))


def by_size(*, most: int, else_: Said) -> Any:
    """Return a way to answer that is good for at most `most` lines."""
    return lambda asked: good(asked) if len(asked.lines) <= most else else_


@contextmanager
def serving(*, port: int = 0, **values: Any) -> Iterator[FakeOpenAiServer]:
    """Yield a running server; `port` replaces an earlier one on the same port."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    server.daemon_threads = True
    fake = FakeOpenAiServer(server.server_address[1], **values)
    server.fake = fake  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def fake(self) -> FakeOpenAiServer:
        found: FakeOpenAiServer = self.server.fake  # type: ignore[attr-defined]
        return found

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        self._serve(None)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._serve(json.loads(body or b"{}"))

    def _serve(self, body: dict[str, Any] | None) -> None:
        fake = self.fake
        fake.paths.append(self.path)
        if self.path.startswith("http"):
            fake.proxied.append(self.path)
        with suppress(OSError):
            if fake.key is not None and self.headers.get("Authorization") != f"Bearer {fake.key}":
                self._json({"error": {"message": "Invalid API key"}}, 401)
            elif fake.loading:
                self._json({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, 503)
            elif self.path == "/v1/models" and fake.models is not None:
                self._json({"object": "list", "data": [{"id": one, "object": "model"} for one in fake.models]})
            elif self.path == "/v1/chat/completions" and body is not None:
                self._complete(Asked(body))
            else:
                self._other(body)

    def _complete(self, asked: Asked) -> None:
        fake = self.fake
        fake.asked.append(asked)
        if fake.models is not None and asked.body["model"] not in fake.models:
            self._json({"error": {"message": f"model '{asked.body['model']}' not found"}}, 404)
            return
        said = fake.answer(asked)
        if said.stalls:
            fake.over.wait(300)
        elif said.raw is not None:
            self._bytes(said.raw, said.status, said.headers, trickles=said.trickles)
        elif said.status >= 300:
            self._json({"error": {"message": said.content}}, said.status)
        else:
            self._json(_completion(asked, said))

    def _other(self, body: dict[str, Any] | None) -> None:
        fake = self.fake
        if fake.ollama is not None and self.path == "/api/version":
            self._json({"version": "0.20.1"})
        elif fake.ollama is not None and self.path in ("/api/ps", "/api/tags"):
            self._json({"models": [fake.ollama]})
        elif fake.ollama is not None and self.path == "/api/generate" and body is not None:
            fake.unloaded.append(str(body["model"]) if body.get("keep_alive") == 0 else "?")
            self._json({"done": True})
        else:
            self._json({"error": {"message": "not found"}}, 404)

    def _json(self, value: Any, status: int = 200) -> None:
        self._bytes(json.dumps(value).encode(), status, {"Content-Type": "application/json"})

    def _bytes(self, body: bytes, status: int, headers: dict[str, str], *, trickles: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not trickles:
            self.wfile.write(body)
        for byte in body if trickles else b"":
            if self.fake.over.wait(0.05):
                return
            self.wfile.write(bytes([byte]))


def _completion(asked: Asked, said: Said) -> dict[str, Any]:
    prompt = len(asked.prompt) // 4 if said.prompt_tokens is None else said.prompt_tokens
    answer = len(str(said.content)) // 4 if said.completion_tokens is None else said.completion_tokens
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": asked.body["model"],
        "system_fingerprint": "fp_1",
        "choices": [
            {
                "index": 0,
                "finish_reason": said.finish,
                "message": {"role": "assistant", "content": said.content, **said.message},
            }
        ],
        "usage": {"prompt_tokens": prompt, "completion_tokens": answer},
    }
