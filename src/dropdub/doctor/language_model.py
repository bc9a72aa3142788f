"""Check the server with the language model that translates: whether it answers, and where the texts go."""

from __future__ import annotations

from collections.abc import Iterator

from dropdub.config import Config
from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, ok, problem, warning
from dropdub.errors import EngineMissing, Waiting
from dropdub.language_server.presence import found
from dropdub.language_server.server import Server

ENGINE = "openai"
WITHIN_S = 5.0
_WHAT = "Language model"


def findings(subject: ExaminedRoot) -> Iterator[Finding]:
    """Ask the server for the list of its models only: that makes it load none."""
    server = Server.of(subject.config.models.openai)
    if not server.is_named or not _is_used(subject.config):
        return
    try:
        server = found(server, within_s=WITHIN_S)
    except Waiting as error:
        finding = problem(
            _WHAT, "its server cannot be used now, and jobs wait for it", error.remedy, detail=error.message
        )
    except EngineMissing as error:
        finding = problem(_WHAT, "its server refuses, and jobs fail", error.remedy, detail=error.message)
    else:
        finding = ok(_WHAT, "its server answers", detail=f"{server.model} at {server.host}")
    if server.warning:
        remedy = (
            "To translate on this machine only, set models.openai.address to a server on it, or another translator."
        )
        yield warning(_WHAT, "the texts that are translated leave this machine", remedy, detail=server.host)
    yield finding


def _is_used(config: Config) -> bool:
    return any(options.translator in ("auto", ENGINE) for options in config.all_options())
