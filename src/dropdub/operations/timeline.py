"""Draw the timing of a job's dubs: an SVG picture for each target, next to the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dropdub.config import load_config
from dropdub.dubbing.published_timing import Fit, fits_of
from dropdub.errors import UsageError
from dropdub.files.durable import part_name, rename_held
from dropdub.files.held import held
from dropdub.files.privacy import share_open
from dropdub.operations.place import Place
from dropdub.process.language import language_without_browser
from dropdub.publishing.earlier_results import line_times
from dropdub.publishing.manifest_file import MANIFEST, read_manifest
from dropdub.report.page import picture
from dropdub.report.timeline import timeline_of
from dropdub.store.views import JobView
from dropdub.translations import AUTO
from dropdub.translations.words import Words, words_in


def draw(job: JobView, words: Words) -> dict[str, list[Path]]:
    """Write `timeline.TARGET.svg` next to the manifest, and return the files by target.

    Raises UsageError if there is nothing to draw.
    """
    folder = Path(job.published) if job.published else None
    manifest = read_manifest(folder) if folder else None
    if folder is None or manifest is None:
        raise UsageError(f"Job {job.id} ({job.name}) has no manifest.", remedy="Try again when the job is done.")
    fits = {target: fit for target, fit in fits_of(manifest).items() if target in job.targets}
    if not fits:
        remedy = "Only dubs of recordings have a timeline. If this is one, drop the file again."
        raise UsageError(f"The manifest of job {job.id} ({job.name}) has no timing data.", remedy=remedy)
    times, length_s = line_times(folder, job.name), job.duration_s or 0.0
    drawn = {
        target: timeline_of(fit, times, _understood(manifest, target, fit), length_s, target, words)
        for target, fit in fits.items()
    }
    return {target: [_write(folder, target, picture(timeline))] for target, timeline in drawn.items()}


def words_of(place: Place) -> Words:
    """Return the words of the language that the settings choose for reports. Raises ConfigError."""
    setting = AUTO if place.trouble else load_config(place.root.config_file).web.language
    return words_in(language_without_browser(setting))


def _understood(manifest: Mapping[str, Any], target: str, fit: Fit) -> dict[int, bool]:
    """Return whether each line can be understood, as far as the manifest says it.

    It names the lines that cannot be understood, and only the number of those that were verified.
    """
    lines = [line for one in fit.utterances for line in one.segments]
    match manifest.get("quality"):
        case {"targets": {**targets}} if isinstance(found := targets.get(target), dict):
            heard = found.get("heard_back")
        case _:
            heard = None
    if not isinstance(heard, dict):
        return {}
    bad = set(heard.get("bad") or ())
    all_verified = heard.get("lines") == len(lines)
    return {line: line not in bad for line in lines if all_verified or line in bad}


def _write(folder: Path, target: str, drawn: str) -> Path:
    """Write a picture into a folder of the outbox, never through a link: others may be able to replace the folder."""
    name = f"timeline.{target}.svg"
    part = part_name(name)
    with held(folder.parent, folder.name) as opened:
        with opened.create(part) as writer:
            writer.write(drawn.encode())
            share_open(writer.fileno(), place=folder, made_of=[folder / MANIFEST])
        rename_held(opened, part, opened, name, replace=True)
    return folder / name
