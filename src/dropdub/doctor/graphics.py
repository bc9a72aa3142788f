"""Check the graphics card: what its driver reports, and whether the engines can use it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, ok, problem, warning
from dropdub.engines.devices.nvidia import Card, answer_of, listed_cards
from dropdub.installation import extra_command
from dropdub.units import format_size

COUNT = "from dropdub.engines.devices import cuda; n = cuda.cards(); print(n, (cuda.lacking() if n else None) or '')"
"""Prints the number of cards and the missing library. Run in a separate process, which a wrong driver may crash."""


@dataclass(frozen=True)
class Engines:
    """What CTranslate2 reports: the number of cards it sees, and the missing NVIDIA library."""

    devices: int
    lacking: str | None = None


def findings(subject: ExaminedRoot) -> Iterator[Finding]:
    cards = listed_cards()
    engines = engines_in(answer_of((sys.executable, "-c", COUNT)) or "") if find_spec("ctranslate2") else None
    yield graphics_finding(cards, engines, wanted=subject.config.models.device)


def graphics_finding(cards: list[Card], engines: Engines | None, *, wanted: str) -> Finding:
    """Judge the cards that the driver lists and those that the engines see (None: CTranslate2 is not installed).

    `wanted` is `models.device`: auto, cpu or cuda.
    """
    devices = engines.devices if engines else 0
    if not cards and not devices:
        text = "no NVIDIA card, or no driver: everything runs on the CPU"
        remedy = "Install the card's driver, or set models.device to auto."
        return problem("Graphics card", text, remedy) if wanted == "cuda" else ok("Graphics card", text)
    text = "; ".join(map(_described, cards)) or f"{devices} seen by the engines, but nvidia-smi lists none"
    if wanted == "cpu":
        return ok("Graphics card", f"{text}; not used (models.device: cpu)")
    if engines is None:
        return ok("Graphics card", f"{text}; not used, because CTranslate2 is not installed")
    if devices and not engines.lacking:
        return ok("Graphics card", text)
    remedy = "Update the card's driver." if not devices else f"Install it with:\n  {extra_command('cuda')}"
    why = f"{engines.lacking} is not installed" if engines.lacking else "the engines cannot use it"
    text = f"{text}; {why}, so everything runs on the CPU"
    return problem("Graphics card", text, remedy) if wanted == "cuda" else warning("Graphics card", text, remedy)


def _described(card: Card) -> str:
    memory = f", {format_size(card.free)} of {format_size(card.memory)} free" if card.memory and card.free else ""
    return f"{card.name}, driver {card.driver}{memory}"


def engines_in(answer: str) -> Engines:
    """Parse the output of `COUNT`. Empty output, as after a crash, means no card."""
    devices, _, lacking = answer.strip().partition(" ")
    return Engines(int(devices) if devices.isdigit() else 0, lacking.strip() or None)
