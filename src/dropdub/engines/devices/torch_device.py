"""The device of a torch model: the graphics card if it may be used and has room, else the CPU, with the reason."""

from __future__ import annotations

from typing import Any

from dropdub.engines.devices.precision import OFF_CARD, first_line, is_out_of_memory


def move_to_device(model: Any, *, device: str, engine: str, given_up: bool) -> tuple[str, str | None]:
    """Move the model to the graphics card if possible; return the device, and a sentence if a card cannot be used.

    `device` is auto, cpu or cuda. `given_up`: memory ran out so often that the card is not tried again.
    """
    import torch  # noqa: PLC0415  (heavy: only in workers that use it)

    present = torch.cuda.is_available()
    if device == "cpu" or (device == "auto" and not present):
        return "cpu", None
    if present and given_up:
        return "cpu", OFF_CARD.format(engine=engine, reason="it ran out of memory earlier")
    reason = _refusal(model) if present else "the installed PyTorch finds no usable card"
    return ("cuda", None) if reason is None else ("cpu", OFF_CARD.format(engine=engine, reason=reason))


def _refusal(model: Any) -> str | None:
    """Move the model to the graphics card; return the reason if that fails, else None."""
    import torch  # noqa: PLC0415

    try:
        model.to("cuda")
        torch.ones(1, device="cuda").add(1).item()  # fails if this torch was not built for the card
    except RuntimeError as error:
        model.to("cpu")
        torch.cuda.empty_cache()  # free the part that did fit
        return "its memory is full" if is_out_of_memory(error) else first_line(error)
    return None
