"""Whether a server is there, and has its model: what jobs wait for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dropdub.errors import EngineMissing, Waiting
from dropdub.language_server.exchange import Answer, ServerAway, ask, said
from dropdub.language_server.server import Server
from dropdub.pasting import pasteable

SERVER = "server"
"""The condition of a job that waits for a server or its model."""
LOOK_S = 10.0
_REFUSED = (401, 403)
_NO_LIST = (404, 405, 501)
"""Statuses of servers that do not list their models."""
_MOST_NAMED = 10


def found(server: Server, *, within_s: float = LOOK_S) -> Server:
    """Return a server with the name of its model: the one that is set, or the only one that it has.

    Raises Waiting if it is away, or lacks the model, and EngineMissing if it refuses.
    """
    try:
        answer = ask(server, "/models", within_s=within_s)
    except ServerAway as error:
        raise away(server, str(error)) from error
    if answer.status in _NO_LIST and server.model is not None:
        return server
    refuse(server, answer)
    return _with_model(server, _names(answer.data))


def is_there(server: Server, *, within_s: float = LOOK_S) -> bool:
    """Return whether a job that waited for it may resume: it answers and has its model, or its refusal is an error."""
    try:
        found(server, within_s=within_s)
    except Waiting:
        return False
    except EngineMissing:
        return True
    return True


def away(server: Server, why: str) -> Waiting:
    """Return the error that waits for a server; `why` completes the sentence that begins with its name."""
    return Waiting(
        f"The translator's server {server.host} {why}.",
        condition=SERVER,
        remedy="Start it, or correct models.openai.address in config.yaml and restart the daemon. The job resumes "
        "automatically once the server answers.",
    )


def absent(server: Server, *, has: Sequence[str] = ()) -> Waiting:
    """Return the error that waits for a model. `has`: those that the server has."""
    listed = f" It has: {', '.join(has[:_MOST_NAMED])}." if has else ""
    pull = f", with Ollama:\n  {pasteable(['ollama', 'pull', str(server.model)])}\n" if server.model else ". "
    return Waiting(
        f"The translator's server {server.host} has no model '{server.model}'.{listed}",
        condition=SERVER,
        remedy=f"Add it to the server{pull}Or set models.openai.model to a model that it has, and restart the daemon. "
        "The job resumes automatically once the model is there.",
    )


def refuse(server: Server, answer: Answer, *, may_be_unreadable: bool = False) -> None:
    """Raise EngineMissing or Waiting if an answer is a refusal, or not that of such a server.

    `may_be_unreadable`: whether it may also be no JSON, or too long.
    """
    if answer.status in _REFUSED:
        raise EngineMissing(
            f"The translator's server {server.host} requires a key, or refuses the one that is set.",
            remedy="Set models.openai.key in config.yaml, or DROPDUB_MODELS__OPENAI__KEY in the environment, and "
            "restart the daemon. Then run: `dropdub retry JOB`.",
        )
    if 300 <= answer.status < 400:
        raise EngineMissing(
            f"The translator's server {server.host} redirects to another address, which is not followed.",
            remedy="Set models.openai.address in config.yaml to the address of the server itself, and restart the "
            "daemon. Then run: `dropdub retry JOB`.",
        )
    if answer.status == 503:
        raise away(server, "is busy, or still loads its model")
    if not 200 <= answer.status < 300:
        says = f": {answer.error}" if answer.error else ""
        raise away(server, f"does not work (status {answer.status}{says})")
    if not isinstance(answer.data, Mapping) and not may_be_unreadable:
        raise away(server, "does not answer as a server of the OpenAI protocol does")


def _with_model(server: Server, names: Sequence[str]) -> Server:
    if server.model is None and len(names) == 1:
        return replace(server, model=names[0])
    if server.model is None and names:
        raise EngineMissing(
            f"The translator's server {server.host} has several models, and none is set.",
            remedy=f"Set models.openai.model in config.yaml to one of: {', '.join(names[:_MOST_NAMED])}. Restart the "
            "daemon. Then run: `dropdub retry JOB`.",
        )
    if server.model is None:
        raise away(server, "has no model yet")
    if names and not {server.model, f"{server.model}:latest"} & set(names):
        raise absent(server, has=names)
    return server


def _names(data: Mapping[str, object]) -> list[str]:
    """Return the names of the models in a server's list, without those that no message could show as they are."""
    listed = data.get("data")
    items = listed if isinstance(listed, list) else []
    names = (one.get("id") for one in items if isinstance(one, Mapping))
    return [name for name in names if isinstance(name, str) and name and name == said(name)]
