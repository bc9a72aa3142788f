"""What only Ollama can be asked: the context that a model really has, its digest, and to free the card's memory.

Its API beside the OpenAI protocol: <https://docs.ollama.com/api>. Other servers answer 404, and nothing is done.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dropdub.language_server.exchange import ServerAway, ask_at
from dropdub.language_server.server import Server

DEFAULT_CONTEXT = 4_096
_WITHIN_S = 5.0


@dataclass(frozen=True)
class About:
    """What Ollama says of a loaded model; empty and 0 for another server, and what an older Ollama does not say."""

    version: str = ""
    digest: str = ""
    context: int = 0


def about(server: Server) -> About:
    """Return what Ollama says of the server's model, which was just used."""
    version = _asked(server, "/api/version").get("version")
    if not isinstance(version, str):
        return About()
    model = _loaded(server)
    digest, context = model.get("digest"), model.get("context_length")
    return About(
        version[:50],
        digest[:80] if isinstance(digest, str) else "",
        context if isinstance(context, int) and context > 0 else 0,
    )


def unload(server: Server) -> None:
    """Have Ollama free the memory of the server's models once they are not busy. Without effect on other servers."""
    for model in list(_models(server)):
        if isinstance(name := model.get("name"), str):
            _asked(server, "/api/generate", {"model": name, "keep_alive": 0})


def _loaded(server: Server) -> Mapping[str, Any]:
    names = (server.model, f"{server.model}:latest")
    return next((one for one in _models(server) if {one.get("name"), one.get("model")} & set(names)), {})


def _models(server: Server) -> Iterator[Mapping[str, Any]]:
    models = _asked(server, "/api/ps").get("models")
    yield from (one for one in (models if isinstance(models, list) else []) if isinstance(one, Mapping))


def _asked(server: Server, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    with contextlib.suppress(ServerAway):
        answer = ask_at(server, f"{server.address.removesuffix('/v1')}{path}", body, within_s=_WITHIN_S)
        if answer.status == 200 and isinstance(answer.data, Mapping):
            return answer.data
    return {}
