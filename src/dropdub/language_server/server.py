"""A server with a language model: where it is, and whether what is sent there leaves this machine. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from dropdub.config.language_server import OLLAMA, LanguageServer

HERE, ELSEWHERE = "this machine", "another machine"
_CLOUD = ("-cloud", ":cloud")
"""How the names of models end that Ollama does not run itself, but sends to its own service."""


@dataclass(frozen=True)
class Server:
    """The server that the settings name; `context`: how many tokens its model is run with.

    `is_named`: whether somebody has said which server or model to use. Otherwise, none is asked.
    """

    address: str = OLLAMA
    model: str | None = None
    key: str | None = field(default=None, repr=False)
    context: int = 4_096
    is_named: bool = False

    @staticmethod
    def of(settings: LanguageServer) -> Server:
        key = settings.key.get_secret_value() if settings.key is not None else None
        return Server(settings.address, settings.model, key, settings.context, settings.is_named)

    @staticmethod
    def of_json(found: Mapping[str, Any]) -> Server:
        return Server(**found)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON, with its key: only for processes of this root."""
        return asdict(self)

    @property
    def host(self) -> str:
        """Its host and port, for messages."""
        return urlsplit(self.address).netloc

    @property
    def mark(self) -> str:
        """What distinguishes its address from others in results, without naming it."""
        return sha256(self.address.encode()).hexdigest()[:12]

    @property
    def place(self) -> str:
        """Return `HERE` or `ELSEWHERE`: where the texts are read that it is sent."""
        return HERE if self.is_local and not self.is_cloud else ELSEWHERE

    @property
    def is_local(self) -> bool:
        """Whether its address is this machine's own, which no other machine can have. No name is looked up."""
        host = urlsplit(self.address).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    @property
    def is_cloud(self) -> bool:
        """Whether the name of its model says that a server of this machine sends the texts on to others."""
        return self.model is not None and self.model.casefold().endswith(_CLOUD)

    @property
    def warning(self) -> str | None:
        """Return a sentence if the texts leave this machine; None if they do not, or if no server is named."""
        if not self.is_named:
            return None
        if not self.is_local:
            return f"To be translated, the texts are sent to another machine: {self.host} (models.openai.address)."
        if self.is_cloud:
            return f"To be translated, the texts leave this machine: Ollama sends them on for the model {self.model}."
        return None
