"""Who is to be told of which end."""

from __future__ import annotations

from typing import Literal

from dropdub.config import Notify

Channel = Literal["webhook", "command"]
CHANNELS: tuple[Channel, ...] = ("webhook", "command")


def channels_for(settings: Notify, state: str) -> tuple[Channel, ...]:
    """Return the channels that are told of a job that ends in `state`."""
    chosen: list[Channel] = []
    if settings.webhook.url is not None:
        chosen.append("webhook")
    if command_for(settings, state):
        chosen.append("command")
    return tuple(chosen)


def command_for(settings: Notify, state: str) -> tuple[str, ...]:
    """Return the program and arguments that are set for an end, empty where none are."""
    return {"succeeded": settings.on_success, "failed": settings.on_failure}.get(state, ())


def open_channels(settings: Notify) -> tuple[Channel, ...]:
    """Return the channels that any end may be told to."""
    found = {channel for state in ("succeeded", "failed") for channel in channels_for(settings, state)}
    return tuple(channel for channel in CHANNELS if channel in found)
