"""Who is really asking, and by which address: what a trusted proxy says, else what the connection says."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from dropdub.web.security.asgi import Headers, Scope

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
_MOST_HOPS = 20


@dataclass(frozen=True)
class Caller:
    """The address of the client, and scheme and host of the address that it asked for. `host` is None if unclear."""

    address: str
    scheme: str
    host: str | None

    @property
    def origin(self) -> str:
        """Return the origin that pages of this server have for this client."""
        return f"{self.scheme}://{self.host}"


def caller_of(scope: Scope, headers: Headers, proxies: Sequence[Network]) -> Caller:
    """Return who is asking. X-Forwarded-For, -Proto and -Host count only if the connection is a trusted proxy's."""
    client = scope.get("client")
    peer = address_in(client[0]) if client else None
    scheme, host = str(scope.get("scheme", "http")), headers.only("host")
    if peer is not None and is_among(peer, proxies):
        peer = _client(headers, proxies) or peer
        scheme = {"http": "http", "https": "https"}.get(_last(headers, "x-forwarded-proto").lower(), scheme)
        host = _last(headers, "x-forwarded-host") or host
    return Caller(str(peer or "unknown"), scheme, host.lower() if host else None)


def _client(headers: Headers, proxies: Sequence[Network]) -> Address | None:
    """Return the last address in X-Forwarded-For that is no trusted proxy's: those before it may be invented."""
    found: Address | None = None
    for text in reversed(headers.joined("x-forwarded-for").split(",")[-_MOST_HOPS:]):
        hop = address_in(text.strip())
        if hop is None:
            break
        found = hop
        if not is_among(hop, proxies):
            break
    return found


def _last(headers: Headers, name: str) -> str:
    return headers.joined(name).rpartition(",")[2].strip()


def is_among(address: Address, networks: Sequence[Network]) -> bool:
    """Return whether an address belongs to one of the networks."""
    return any(address.version == network.version and address in network for network in networks)


def address_in(text: str) -> Address | None:
    """Return the address that a text names, in IPv4's form if it has one; None if it names none."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
