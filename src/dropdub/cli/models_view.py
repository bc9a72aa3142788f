"""Describe models: the table, and the lines about each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.table import Table
from rich.text import Text

from dropdub.cli.formatting import shortened
from dropdub.engines.models.catalogue import all_models, find, how_to_download
from dropdub.engines.models.download.record import Condition, Presence
from dropdub.engines.models.known import KnownModel
from dropdub.engines.models.places import Place
from dropdub.operations.models import ModelView
from dropdub.pasting import pasted
from dropdub.units import format_size

NAME_WIDTH = 23
_STYLES = {
    Presence.WHOLE: "green",
    Presence.BY_HAND: "green",
    Presence.BEGUN: "yellow",
    Presence.LACKING: "bold red",
    Presence.DAMAGED: "bold red",
}
SELLING_STYLES = {"yes": "green", "no": "bold red", "ask": "yellow"}
"""How the answers to the question whether results may be used commercially are shown."""


def table(models: list[ModelView]) -> Table:
    """Return a table with a row for each model."""
    rows = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    for column in ("MODEL", "ENGINE", "LANG"):
        rows.add_column(column, no_wrap=True)
    rows.add_column("SIZE", justify="right", no_wrap=True)
    for column in ("LICENCE", "SELL", "STATE"):
        rows.add_column(column, no_wrap=True)
    for model in models:
        rows.add_row(*_cells(model))
    return rows


def _cells(model: ModelView) -> Iterator[Text]:
    known = find(model.name)
    yield Text(shortened(model.name, NAME_WIDTH))
    yield Text(model.engine or "-")
    yield Text(model.languages or "-")
    yield Text(format_size(model.size or model.bytes or 0))
    yield Text(known.licence.short if known else "-")
    yield Text(model.commercial or "ask", SELLING_STYLES[model.commercial or "ask"])
    presence = Presence(model.state)
    yield Text(_state(presence, used=model.used), _STYLES.get(presence, ""))


def _state(presence: Presence, *, used: bool) -> str:
    """Return the state in at most 10 columns. A model that is neither here nor needed has none."""
    if presence is Presence.ABSENT:
        return "missing" if used else ""
    return "by hand" if presence is Presence.BY_HAND else presence.shown


def notes(models: list[ModelView], *, models_dir: Path, recommended: str | None) -> Iterator[str]:
    """Yield the lines to print below the table, unwrapped. `recommended`: the name of a Whisper model, if any."""
    yield f"Models are in {models_dir}"
    used = [model.name for model in models if model.used]
    yield f"This root uses: {', '.join(used)}" if used else "This root's engines need no models."
    if not all(model.here for model in models if model.used):
        yield "Download what is missing with: `dropdub models pull`"
    if recommended is not None:
        yield f"Recommended for transcribing on this computer: {recommended}"
    loose = [model.name for model in models if model.compared_with != "catalogue" and find(model.name)]
    if loose:
        yield f"Not pinned (the first download is trusted): {', '.join(loose)}"
    for model in models:
        if model.here and model.pulled_from not in (None, Place.HUB):
            yield f"{model.name} came from {model.place}"
    yield "SELL: may results be used commercially? ask: the licence has conditions, or is not known"
    held = [model.name for model in models if model.commercial == "no"]
    if held:
        yield f"Not for commercial use: {', '.join(held)}"
    more = len({model.name for model in all_models()} - {model.name for model in models})
    if more:
        yield f"{more} more are available. To list them: `dropdub models list --all`"


def reported(name: str, condition: Condition, model: KnownModel | None) -> list[str]:
    """Return the lines in which `dropdub models verify` reports on a model."""
    if condition.others:
        return [f"{name}: copied by hand. These files differ from the catalogue: {', '.join(condition.others)}."]
    if condition.presence is Presence.WHOLE:
        return [f"{name}: complete, {format_size(condition.size)}."]
    if condition.presence is Presence.BY_HAND and model is not None and model.is_pinned:
        return [f"{name}: copied by hand, identical to the catalogue, {format_size(condition.size)}."]
    if condition.presence is Presence.BY_HAND:
        return [
            f"{name}: has the required files, {format_size(condition.size)}. There are no checksums to verify them."
        ]
    remedies = {
        Presence.LACKING: "Add what is missing, or move the folder away and download the model.",
        Presence.DAMAGED: f"Repair it with: `dropdub models pull {pasted(name)}`",
        Presence.ABSENT: how_to_download(name),
        Presence.BEGUN: f"Resume the download with: `dropdub models pull {pasted(name)}`",
    }
    if condition.presence is Presence.LACKING and model is None:
        remedies[Presence.LACKING] = "Copy its files again."
    return [
        f"{name}: {condition.presence.shown}. {remedies[condition.presence]}",
        *(f"  {f}" for f in condition.faults),
    ]
