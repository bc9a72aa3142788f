"""What only Ollama can be asked: the context that a model really has, its digest, and to free the card's memory.

Its API beside the OpenAI protocol: <https://docs.ollama.com/api>. Other servers answer 404, and nothing is done.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dropdub.language_server.exchange import ServerAway, ask_at, said
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
    version = said(_asked(server, "/api/version").get("version"), most=50)
    if not version:
        return About()
    context = _one_of(server, "/api/ps").get("context_length")
    return About(version, digest(server), context if isinstance(context, int) and context > 0 else 0)


def digest(server: Server) -> str:
    """Return what Ollama says distinguishes the model from others of its name; empty if it says nothing."""
    return said(_one_of(server, "/api/tags").get("digest"), most=80)


def unload(server: Server) -> None:
    """Have Ollama free the memory of the server's models once they are not busy. Without effect on other servers."""
    for model in list(_models(server, "/api/ps")):
        if isinstance(name := model.get("name"), str):
            _asked(server, "/api/generate", {"model": name, "keep_alive": 0})


def _one_of(server: Server, path: str) -> Mapping[str, Any]:
    """Return what a list of Ollama's says of the server's model: `ps` has the loaded ones, `tags` has all."""
    names = (server.model, f"{server.model}:latest")
    return next((one for one in _models(server, path) if {one.get("name"), one.get("model")} & set(names)), {})


def _models(server: Server, path: str) -> Iterator[Mapping[str, Any]]:
    models = _asked(server, path).get("models")
    yield from (one for one in (models if isinstance(models, list) else []) if isinstance(one, Mapping))


def _asked(server: Server, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    with contextlib.suppress(ServerAway):
        answer = ask_at(server, f"{server.address.removesuffix('/v1')}{path}", body, within_s=_WITHIN_S)
        if answer.status == 200 and isinstance(answer.data, Mapping):
            return answer.data
    return {}
