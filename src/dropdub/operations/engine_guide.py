"""Say which engine to use when: on this machine, or on all kinds of machines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dropdub.engines.guide import CHOICES, KINDS, ROWS, Basis, Kind, cell, kind_of
from dropdub.engines.licence import Commercial
from dropdub.engines.models.recommended import this_machine
from dropdub.engines.offers import installed_offers
from dropdub.operations.models import RootModels


@dataclass(frozen=True)
class GuideRow:
    """What to use for a task, as in `dropdub engines guide --json`. Empty: no engine of this version does it there."""

    machine: str
    task: str
    languages: str
    private: str
    commercial: str


@dataclass(frozen=True)
class Reason:
    """Why an engine is in the guide. `basis`: `measured` with Dropdub, or the `claim` of others; `source`: where."""

    engine: str
    task: str
    languages: str
    sell: Commercial
    why: str
    basis: Basis
    source: str


@dataclass(frozen=True)
class Guide:
    """The guide; `machine` is the kind that this one is of."""

    machine: str
    rows: list[GuideRow]
    reasons: list[Reason]


def guide(root: Path, *, everything: bool = False) -> Guide:
    """Return the guide for this machine, or with `everything` for all kinds. Raises ConfigError."""
    root_models = RootModels.of(root)
    machine = this_machine(root_models.models_dir, device=root_models.config.models.device)
    here, among = kind_of(machine), frozenset(installed_offers())
    rows = [_row(kind, number, among) for kind in (Kind if everything else [here]) for number in range(len(ROWS))]
    reasons = [
        Reason(one.engine, one.task.value, one.spoken.value, one.commercial, one.why, one.basis, one.source)
        for one in CHOICES
        if one.engine in among
    ]
    return Guide(KINDS[here], rows, reasons)


def _row(kind: Kind, number: int, among: frozenset[str]) -> GuideRow:
    task, spoken = ROWS[number]
    found = cell(task, spoken, kind, among=among)
    return GuideRow(KINDS[kind], task.value, spoken.value, found["private"], found["commercial"])
