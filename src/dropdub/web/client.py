"""Ask the web server of a root from a command on the same machine."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx2

from dropdub.config import WebSettings, load_config
from dropdub.errors import UsageError
from dropdub.pasting import marked
from dropdub.root import CONFIG_NAME
from dropdub.web.security import token
from dropdub.web.serving.address import address_of

TIMEOUT_S = 10.0


def login_link(root: Path) -> str:
    """Return a link that logs a browser in once. Raises UsageError if no server of the root answers."""
    settings = load_config(root / CONFIG_NAME).web
    address, key = address_of(settings), token.read_or_create(root)
    try:
        with httpx2.Client(verify=_trust(settings), timeout=TIMEOUT_S, trust_env=False) as client:
            answer = client.post(f"{address}/v1/login-codes", headers={"authorization": f"Bearer {key}"})
    except (httpx2.HTTPError, ssl.SSLError) as error:
        start = marked("watch", "--web")
        raise UsageError(f"No web server answers at {address}.", remedy=f"Start it with: {start}") from error
    if answer.status_code != 201:
        raise UsageError(
            f"What answers at {address} is not the web server of {root}.",
            remedy="Choose another port with web.port in config.yaml, and start the server again.",
        )
    return f"{address}{answer.json()['path']}"


def _trust(settings: WebSettings) -> ssl.SSLContext | bool:
    """Return what to verify the server's certificate with: itself, since it is this machine's own."""
    return ssl.create_default_context(cafile=settings.tls.cert) if settings.tls.cert else False
