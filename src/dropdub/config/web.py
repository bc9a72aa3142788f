"""The settings of the web server: who can reach it, by which names, and how much it accepts."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from dropdub.config.fields import Positive, Section, full_path, one_line
from dropdub.config.live import LIVE
from dropdub.config.password import refuse_weak
from dropdub.translations import AUTO, offered

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?P<name>{_LABEL}(\.{_LABEL})*|\[[0-9a-f:.]+\])(:(?P<port>[1-9][0-9]{{0,4}}))?")
_CLIENTS_NEEDED = (
    "wyoming: {} can be reached from other machines, and the Wyoming protocol has no password: name the machines that "
    "may use it in web.wyoming_clients, for example [192.168.1.20], the address of Home Assistant"
)
_PASSWORD_NEEDED = (
    "bind: {} can be reached from other machines, so a password is required: set web.password, or "
    "DROPDUB_WEB__PASSWORD in the environment. Without bind, only this machine reaches the server"
)


def _address(value: str) -> str:
    if value == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(value.strip("[]")))
    except ValueError:
        raise ValueError(
            f"{value!r} is not an address of a machine: use 127.0.0.1 for this machine only, 0.0.0.0 for all networks, "
            "or one address of this machine"
        ) from None


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise ValueError(f"{value!r} is not an address or network: use for example 10.0.0.2 or 10.0.0.0/24") from None


def _host(value: str) -> str:
    host = value.lower()
    found = _HOST.fullmatch(host)
    if not found or len(host) > 260 or int(found["port"] or 1) > 65_535:
        raise ValueError(f"{value!r} is not a host name: use for example dub.example.org or dub.example.org:8443")
    return host


def _origin(value: str) -> str:
    parts = urlsplit(value.lower())
    origin = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme not in ("http", "https") or origin != value.lower() or not _HOST.fullmatch(parts.netloc):
        raise ValueError(f"{value!r} is not an origin: use for example https://app.example.org, without a path")
    return origin


def _listener(value: str) -> str:
    address, _, port = value.rpartition(":")
    if not re.fullmatch(r"[1-9][0-9]{0,4}", port) or int(port) > 65_535:
        raise ValueError(f"{value!r} is not an address with a port: use for example 127.0.0.1:10300")
    host = _address(address)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _spoken(value: str) -> str:
    """Return a language that the page speaks, as the catalogues name it. Raises ValueError."""
    possible = {one.lower(): one for one in (AUTO, *offered())}
    found = possible.get(value.replace("_", "-").lower())
    if found is None:
        raise ValueError(f"{value!r} is not a language of the page: use {', '.join(possible.values())}")
    return found


def _password(value: SecretStr) -> SecretStr:
    refuse_weak(value.get_secret_value())
    return value


Path = Annotated[str, AfterValidator(full_path)]


class Tls(Section):
    """The certificate with which the server speaks HTTPS. Both files are PEM."""

    cert: Path | None = None
    key: Path | None = None

    @model_validator(mode="after")
    def _both(self) -> Tls:
        if (self.cert is None) != (self.key is None):
            raise ValueError("set both cert and key, or neither")
        return self


class WebSettings(Section):
    """The web server: the page and the API."""

    enabled: bool = False
    language: Annotated[str, AfterValidator(_spoken), LIVE] = AUTO
    bind: Annotated[str, AfterValidator(_address)] = "127.0.0.1"
    port: int = Field(default=8760, ge=1, le=65_535)
    hosts: tuple[Annotated[str, AfterValidator(_host)], ...] = ()
    origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()
    password: Annotated[SecretStr, AfterValidator(_password)] | None = None
    tls: Tls = Tls()
    trusted_proxies: tuple[Annotated[str, AfterValidator(_network)], ...] = ()
    voices: Annotated[dict[str, Annotated[str, AfterValidator(one_line)]], LIVE] = Field(default_factory=dict)
    keep: Annotated[Positive, LIVE] = 24 * 3600.0
    max_waiting: Annotated[int, LIVE] = Field(default=1_000, ge=1, le=1_000_000)
    longest_wait: Annotated[Positive, LIVE] = 60.0
    wyoming: Annotated[str, AfterValidator(_listener)] | None = None
    wyoming_clients: tuple[Annotated[str, AfterValidator(_network)], ...] = ()

    @property
    def is_local(self) -> bool:
        """Return whether only this machine can reach the server."""
        return ipaddress.ip_address(self.bind).is_loopback

    @property
    def wyoming_address(self) -> tuple[str, int] | None:
        """Return the address and port for the Wyoming protocol; None if it is not spoken."""
        if self.wyoming is None:
            return None
        address, _, port = self.wyoming.rpartition(":")
        return address.strip("[]"), int(port)

    @model_validator(mode="after")
    def _wyoming_needs_its_clients(self) -> WebSettings:
        found = self.wyoming_address
        if found is not None and not ipaddress.ip_address(found[0]).is_loopback and not self.wyoming_clients:
            raise ValueError(_CLIENTS_NEEDED.format(self.wyoming))
        return self

    @model_validator(mode="after")
    def _others_need_a_password(self) -> WebSettings:
        if not self.is_local and self.password is None:
            raise ValueError(_PASSWORD_NEEDED.format(self.bind))
        return self
