"""By which names the server may be asked: that is what stops a foreign page whose name leads to this machine.

Its requests look like any other, also without an Origin, but for their Host: that is the page's own name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

_DEFAULT_PORTS = {"http": 80, "https": 443}


def allowed_hosts(configured: Iterable[str], *, port: int, scheme: str) -> frozenset[str]:
    """Return the values of Host that are accepted: this machine's names with the port, and the configured names.

    A configured name without a port holds for the server's own port and for the usual one, which a proxy has.
    """
    found = {with_port(name, port, scheme) for name in ("localhost", "127.0.0.1", "[::1]")}
    for host in configured:
        found |= {host} if _has_port(host) else {host, f"{host}:{port}"}
    return frozenset(found)


def with_port(name: str, port: int, scheme: str) -> str:
    """Return a Host as browsers send it: without the port if it is the usual one."""
    return name if port == _DEFAULT_PORTS.get(scheme) else f"{name}:{port}"


def own_address(server: tuple[str, int | None] | None, scheme: str) -> str | None:
    """Return the Host that names the address at which a connection arrived; None if it did not come by a network.

    A foreign page cannot send that one: its own name would have to be this address.
    """
    try:
        address = ipaddress.ip_address(server[0].partition("%")[0]) if server else None
    except ValueError:
        return None
    if server is None or address is None or server[1] is None:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    plain = mapped or address
    return with_port(f"[{plain}]" if plain.version == 6 else str(plain), server[1], scheme)


def _has_port(host: str) -> bool:
    return ":" in host.rpartition("]")[2]
