"""The rules by which requests are accepted: made once from the settings."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dropdub.config import Config
from dropdub.config.password import PasswordHash
from dropdub.web.security.bodies import IDLE_S, BodyLimits, body_limits
from dropdub.web.security.hosts import allowed_hosts
from dropdub.web.security.proxies import Network
from dropdub.web.security.sessions import cookie_name

LINGER_S = 5.0
MOST_REQUESTS = 256
"""Requests that are worked on at the same time, streams of events and waiting ones included."""
MOST_OF_GUESTS = 16
"""Of these, those of the guests of one room: their pages have a stream, an utterance and a sound at a time."""


@dataclass(frozen=True)
class Rules:
    """Who may ask: by which names, from which pages, with which password, and how much at once.

    `bodies` returns the limits in force. `password_version` changes with the password's setting. `body_idle_s`: how
    long a client may send nothing of a body; `linger_s`: how long the rest of a refused body is read, so that its
    sender sees the answer.
    """

    cookie: str
    hosts: frozenset[str]
    accepts_own_address: bool
    origins: frozenset[str]
    trusted_proxies: tuple[Network, ...]
    bodies: Callable[[], BodyLimits]
    password: PasswordHash | None = field(default=None, repr=False)
    password_version: bytes = field(default=b"", repr=False)
    body_idle_s: float = IDLE_S
    most_requests: int = MOST_REQUESTS
    most_of_guests: int = MOST_OF_GUESTS
    linger_s: float = LINGER_S

    @staticmethod
    def of(config: Config, root: Path, *, port: int) -> Rules:
        """Return the rules for a root's server at `port`. Hashing a password that is set as text takes 100 ms."""
        web = config.web
        scheme = "https" if web.tls.cert else "http"
        password = web.password.get_secret_value() if web.password else None
        return Rules(
            cookie=cookie_name(root),
            hosts=allowed_hosts(web.hosts, port=port, scheme=scheme),
            accepts_own_address=not web.is_local,
            origins=frozenset(web.origins),
            trusted_proxies=tuple(ipaddress.ip_network(network) for network in web.trusted_proxies),
            bodies=lambda: body_limits(config.limits),
            password=PasswordHash.of_setting(password) if password else None,
            password_version=hashlib.sha256((password or "").encode("utf-8", "surrogatepass")).digest(),
        )
