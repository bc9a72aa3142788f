"""Limits how often an address may try to log in."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass

TRIES = 5
PERIOD_S = 60.0
LONGEST_S = 3600.0
_MOST_ADDRESSES = 10_000
_FORGOTTEN_S = 2 * LONGEST_S


@dataclass(frozen=True)
class _Tries:
    """The tries of an address in its current period, until when it is refused, and how often it has been."""

    since: float
    count: int
    refused_until: float = 0.0
    refusals: int = 0


class Throttle:
    """Allows five tries a minute and address; whoever exceeds that waits a minute, then two, four … up to an hour.

    Successes are forgotten, and so is everything after two quiet hours. At most 10,000 addresses are remembered. Times
    are in seconds, of a clock that only moves forward.
    """

    def __init__(self) -> None:
        self._addresses: OrderedDict[str, _Tries] = OrderedDict()

    def try_once(self, address: str, now: float) -> float:
        """Count a try, before it is known whether it succeeds; return how long the address has to wait: 0, go ahead."""
        key = _group(address)
        known = self._addresses.pop(key, _Tries(now, 0))
        tries = _counted(known if now - known.since < _FORGOTTEN_S else _Tries(now, 0), now)
        self._addresses[key] = tries
        while len(self._addresses) > _MOST_ADDRESSES:
            self._addresses.popitem(last=False)
        return max(0.0, tries.refused_until - now)

    def succeeded(self, address: str) -> None:
        """Forget the failures of an address."""
        self._addresses.pop(_group(address), None)


def _counted(tries: _Tries, now: float) -> _Tries:
    if now < tries.refused_until:
        return tries
    if now - tries.since >= PERIOD_S:
        return _Tries(now, 1, refusals=tries.refusals)
    if tries.count < TRIES:
        return _Tries(tries.since, tries.count + 1, refusals=tries.refusals)
    wait_s = min(LONGEST_S, PERIOD_S * 2**tries.refusals)
    return _Tries(now, TRIES, now + wait_s, min(tries.refusals + 1, 20))


def _group(address: str) -> str:
    """Return what counts as one address: of IPv6 a whole /64, since that is what one connection to the internet has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address
