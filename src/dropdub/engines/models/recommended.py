"""The Whisper model to recommend for a machine: the best one that fits and is fast enough there.

Turbo makes the fewest errors of those that a usual computer can run (5.6 % of the words of the Portuguese MLS,
according to the Open ASR leaderboard), but takes 2.7 times as long as small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from dropdub.engines.devices.nvidia import listed_cards
from dropdub.engines.models.catalogue import GB, named
from dropdub.engines.models.known import KnownModel
from dropdub.files.durable import free_bytes

WHISPER = "faster-whisper"
"""The engine that runs them."""
CANDIDATES = ("whisper-turbo", "whisper-small", "whisper-base")
"""The best first; the last one is recommended if none fits."""
BESIDE_BYTES = 3 * GB
"""Memory for everything else. An estimate: 1.5 GB for the system, 0.3 GB for the daemon (measured), 1.2 GB for the
model of a translation, which stays loaded for some minutes.
"""
SPARE_DISK_BYTES = 1 * GB
"""What must stay free after the download: jobs wait for this much by default (`limits.min_free_disk`)."""
CPU_S: Mapping[str, float] = {"whisper-turbo": 0.38, "whisper-small": 0.14}
"""CPU seconds for a second of speech. Measured with random weights of the models' geometry in 8 bits, two windows at
once on two cores of an AMD EPYC server: 4 windows of 28 s, beam 5, word times. Others are not judged by their speed.
"""
SLOWEST = 4.0
"""How often slower than those the cores of an old laptop may be: an estimate."""
CARD_BYTES = 4 * GB
"""Memory of a card on which all candidates are fast: faster-whisper's benchmarks took 2.5 GB for turbo in 16 bits."""


@dataclass(frozen=True)
class Machine:
    """What a model may use: total memory, free disk space for models, physical cores, and the largest card's memory.

    `free_disk_bytes`: None if it is not known. `card_bytes`: 0 without a card of NVIDIA. `here`: the candidates that
    need no more disk space, since they were downloaded.
    """

    memory_bytes: int
    free_disk_bytes: int | None
    cores: int
    card_bytes: int = 0
    here: frozenset[str] = frozenset()


def this_machine(models_dir: Path, *, device: str = "auto") -> Machine:
    """Return this machine, for models in a folder, which need not exist. `device` is the setting `models.device`."""
    cards = [] if device == "cpu" else listed_cards()
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    disk = next((folder for folder in (models_dir, *models_dir.parents) if folder.is_dir()), models_dir)
    here = frozenset(name for name in CANDIDATES if (models_dir / name).is_dir())
    card_bytes = max((card.memory or 0 for card in cards), default=0)
    return Machine(psutil.virtual_memory().total, free_bytes(disk), cores, card_bytes, here)


def recommended(machine: Machine) -> KnownModel:
    """Return the best candidate that fits a machine: in memory, on the disk, and an hour of speech in about an hour."""
    models = [named(name) for name in CANDIDATES]
    fitting = (model for model in models if has_room(model, machine) and shortcoming(model, machine) is None)
    return next(fitting, models[-1])


def has_room(model: KnownModel, machine: Machine) -> bool:
    """Return whether a model can be downloaded, or is here."""
    if model.name in machine.here or machine.free_disk_bytes is None:
        return True
    return machine.free_disk_bytes >= model.download_bytes + SPARE_DISK_BYTES


def shortcoming(model: KnownModel, machine: Machine) -> str | None:
    """Return why a model does not suit a machine, as the end of a sentence; None if it does."""
    if machine.memory_bytes < model.memory_bytes + BESIDE_BYTES:
        return "needs more memory than this computer has beside everything else"
    if machine.card_bytes < CARD_BYTES and CPU_S.get(model.name, 0.0) * SLOWEST > machine.cores:
        return "may take longer than the recording lasts, on the cores of this computer"
    return None
