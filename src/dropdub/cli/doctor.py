"""`jobs doctor`: whether all that the work needs is here, each with its remedy; and what suits this machine best."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dropdub.cli.console import say, say_json
from dropdub.cli.failures import DONE, FELL_SHORT
from dropdub.config import Config, load_config
from dropdub.errors import EngineMissing
from dropdub.quantities import format_size
from dropdub.root import CONFIG_NAME, Root

ROLES = ("transcriber", "translator", "synthesizer", "diarizer")


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `state` is ok, warning or problem."""

    what: str
    state: str
    text: str
    remedy: str = ""


def examine(path: Path, *, as_json: bool) -> int:
    """Look at everything; return 1 where something stands in the way."""
    config = load_config(path / CONFIG_NAME)
    root = Root.at(path, config.folders.model_dump())
    findings = [*_machine(root, config), *_folders(root), *_engines(config), *_models(root, config)]
    if as_json:
        say_json(findings)
    for finding in [] if as_json else findings:
        say(f"{finding.state:8} {finding.what}: {finding.text}")
        if finding.remedy:
            say(f"{'':8} {finding.remedy}")
    return FELL_SHORT if any(finding.state == "problem" for finding in findings) else DONE


def tune(path: Path) -> int:
    """Measure which precision is the fastest here, in a process of its own, and keep the choice."""
    say("Measuring, which takes a minute or two …")
    command = [sys.executable, "-m", "dropdub.ahead", "precision", str(path)]
    return FELL_SHORT if subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode else DONE


def _machine(root: Root, config: Config) -> Iterator[Finding]:
    import shutil

    import psutil

    from dropdub.media.ffmpeg import find_ffmpeg

    yield Finding("Python", "ok", f"{sys.version.split()[0]} ({sys.executable})")
    try:
        yield Finding("ffmpeg", "ok", str(find_ffmpeg()))
    except EngineMissing as error:
        yield Finding("ffmpeg", "problem", error.message, error.remedy)
    cores, memory = psutil.cpu_count(logical=False) or 1, psutil.virtual_memory()
    yield Finding("Machine", "ok", f"{cores} cores, {format_size(memory.available)} of memory free")
    free = shutil.disk_usage(root.path).free
    scarce = free < config.limits.min_free_disk
    text = f"{format_size(free)} free where {root.path} lies"
    yield Finding("Disk", "warning" if scarce else "ok", text, "Free some disk space: work waits." if scarce else "")


def _folders(root: Root) -> Iterator[Finding]:
    for name in ("inbox", "outbox", "work", "failed", "archive"):
        folder: Path = getattr(root, name)
        if folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            yield Finding(name, "ok", str(folder))
        else:
            remedy = "Connect the share, or make the folder and let this account write there."
            yield Finding(name, "problem", f"{folder} is not there or cannot be written to", remedy)


def _engines(config: Config) -> Iterator[Finding]:
    """Tell for each role which engine does the work; one that was named must be there."""
    from dropdub.engines.offers import installed_offers

    offers = installed_offers()
    for role in ROLES:
        wanted = getattr(config.job, role)
        of_role = [offer for offer in offers.values() if offer.role == role]
        usable = [offer.name for offer in of_role if offer.problem is None]
        if wanted == "auto":
            state = "ok" if usable or role == "diarizer" else "warning"
            yield Finding(role, state, f"auto: {', '.join(usable) or 'none is installed'}")
        elif wanted in usable:
            yield Finding(role, "ok", wanted)
        else:
            problem = next((offer.problem for offer in of_role if offer.name == wanted), None)
            yield Finding(role, "problem", problem or f"{wanted} is not installed")


def _models(root: Root, config: Config) -> Iterator[Finding]:
    from dropdub.engines.catalogue import find
    from dropdub.engines.download.record import examine
    from dropdub.engines.offers import installed_offers
    from dropdub.engines.uses import uses

    for use in uses(config, installed_offers().values()):
        folder = use.folder(root.models_dir(config.models.dir))
        if examine(folder, find(use.model), thorough=False).usable:
            yield Finding("model", "ok", f"{use.model} of {use.engine}")
        else:
            state = "warning" if config.models.fallback == "light" else "problem"
            remedy = f"Get it with: jobs models pull {use.model}"
            yield Finding("model", state, f"{use.model} of {use.engine} is not whole in {folder.parent}", remedy)
