"""Where a model of torch computes: on the graphics card, if one is wanted and has room; else told why not."""

from __future__ import annotations

from typing import Any

from dropdub.engines.devices.precision import OFF_CARD, first_line, is_out_of_memory


def placed(model: Any, *, device: str, engine: str, given_up: bool) -> tuple[str, str | None]:
    """Move the model to the graphics card where one is wanted; return where it is, and the sentence why not there.

    `device` is auto, cpu or cuda; `given_up` whether memory ran out so often that the card is not to be tried again.
    """
    import torch  # noqa: PLC0415  (heavy: in the worker, when it is wanted)

    present = torch.cuda.is_available()
    if device == "cpu" or (device == "auto" and not present):
        return "cpu", None
    if present and given_up:
        return "cpu", OFF_CARD.format(engine=engine, reason="memory ran out before")
    reason = _refusal(model) if present else "there is none that this torch can use"
    return ("cuda", None) if reason is None else ("cpu", OFF_CARD.format(engine=engine, reason=reason))


def _refusal(model: Any) -> str | None:
    """Move the model to the graphics card; return why it cannot be there."""
    import torch  # noqa: PLC0415

    try:
        model.to("cuda")
        torch.ones(1, device="cuda").add(1).item()  # a card that this torch is not built for shows it only now
    except RuntimeError as error:
        model.to("cpu")
        torch.cuda.empty_cache()  # else what did fit keeps its place
        return "its memory is full" if is_out_of_memory(error) else first_line(error)
    return None
