"""Say which Whisper model suits this machine, and whether the configured one does."""

from __future__ import annotations

from collections.abc import Iterator

from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, ok, warning
from dropdub.engines.models.catalogue import find, how_to_download
from dropdub.engines.models.known import KnownModel
from dropdub.engines.models.recommended import WHISPER, Machine, recommended, shortcoming, this_machine
from dropdub.engines.models.uses import uses
from dropdub.engines.offers import installed_offers


def findings(subject: ExaminedRoot) -> Iterator[Finding]:
    models = subject.config.models
    here = subject.root.models_dir(models.dir)
    all_used = uses(subject.config, installed_offers().values(), models_dir=here)
    used = [use.model for use in all_used if use.engine == WHISPER]
    if used:
        machine = this_machine(here, device=models.device)
        yield recommendation_finding(used[0], machine)


def recommendation_finding(configured: str, machine: Machine) -> Finding:
    """Judge the configured Whisper model: a warning only if it does not suit the machine."""
    best, model = recommended(machine), find(configured)
    if model is not None and model.name == best.name:
        return ok("Whisper model", f"{best.name}, as recommended for this computer")
    lacks = shortcoming(model, machine) if model is not None else None
    if model is not None and lacks is not None:
        return warning("Whisper model", f"{model.name} {lacks}; {best.name} is recommended", _how_to_use(best, machine))
    return ok("Whisper model", f"{best.name} is recommended for this computer. {_how_to_use(best, machine)}")


def _how_to_use(model: KnownModel, machine: Machine) -> str:
    setting = f"et models.use to {{{WHISPER}: {model.name}}}."
    return f"S{setting}" if model.name in machine.here else f"{how_to_download(model.name)}. Then s{setting}"
