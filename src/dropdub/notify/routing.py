"""Which channels are notified of which end state."""

from __future__ import annotations

from typing import Literal

from dropdub.config import Notify

Channel = Literal["webhook", "command"]
CHANNELS: tuple[Channel, ...] = ("webhook", "command")


def channels_for(settings: Notify, state: str) -> tuple[Channel, ...]:
    """Return the channels to notify of a job that ends in `state`."""
    chosen: list[Channel] = []
    if settings.webhook.url is not None:
        chosen.append("webhook")
    if command_for(settings, state):
        chosen.append("command")
    return tuple(chosen)


def command_for(settings: Notify, state: str) -> tuple[str, ...]:
    """Return the command configured for an end state: program and arguments, empty if none."""
    return {"succeeded": settings.on_success, "failed": settings.on_failure}.get(state, ())


def open_channels(settings: Notify) -> tuple[Channel, ...]:
    """Return the channels that are used for at least one end state."""
    found = {channel for state in ("succeeded", "failed") for channel in channels_for(settings, state)}
    return tuple(channel for channel in CHANNELS if channel in found)
