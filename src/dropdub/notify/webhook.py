"""Post a message to a webhook."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from typing import Any

from dropdub.config import Webhook
from dropdub.errors import NotDelivered
from dropdub.notify.signature import headers
from dropdub.units import format_duration

CLIENT = "httpx2"


def post(webhook: Webhook, payload: Mapping[str, Any], *, id_: str) -> None:
    """Deliver a message; any status from 200 to 299 counts as success.

    The timeout covers the whole exchange, however slowly the receiver responds. Redirects are not followed, and
    response bodies are not read. Raises NotDelivered, whose message contains neither address nor secret.
    """
    body = json.dumps(payload, ensure_ascii=False, sort_keys=True).encode()
    secret = webhook.secret.get_secret_value() if webhook.secret else None
    signed = headers(secret, id_=id_, timestamp=int(time.time()), body=body)
    logging.getLogger(CLIENT).setLevel(logging.WARNING)  # it would log the address, which may contain a token
    status = asyncio.run(_status(webhook, body, signed))
    if not 200 <= status < 300:
        raise NotDelivered(f"The webhook receiver returned status {status}.")


async def _status(webhook: Webhook, body: bytes, signed: Mapping[str, str]) -> int:
    import httpx2  # noqa: PLC0415  takes 0.1 s, and only webhook users need it

    assert webhook.url is not None
    try:
        async with asyncio.timeout(webhook.timeout), httpx2.AsyncClient(timeout=None) as client:
            request = client.stream("POST", webhook.url.get_secret_value(), content=body, headers=dict(signed))
            async with request as response:
                return int(response.status_code)
    except TimeoutError as error:
        within = format_duration(webhook.timeout)
        raise NotDelivered(f"The webhook receiver did not respond within {within}.") from error
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        raise NotDelivered(f"The webhook receiver cannot be reached ({type(error).__name__}).") from None
