"""`jobs show --timeline`: a job's fits as pictures beside its manifest."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dropdub.errors import UsageError

if TYPE_CHECKING:
    from PIL import Image

    from dropdub.store.views import JobView


def draw(job: JobView) -> dict[str, list[Path]]:
    """Write `timeline.TARGET.png` (longer ones on several pages: `timeline.TARGET.2.png`), and return them by target.

    Raises UsageError where there is nothing to draw.
    """
    from dropdub.engines.languages import display_name
    from dropdub.pipeline.fits import fits_of
    from dropdub.pipeline.published import line_times, read_manifest
    from dropdub.pipeline.report.timeline import timeline_pages

    folder = Path(job.published) if job.published else None
    manifest = read_manifest(folder) if folder else None
    if folder is None or manifest is None:
        raise UsageError(f"There is no manifest of job {job.id} ({job.name}).", remedy="Draw it when the job is done.")
    fits = fits_of(manifest)
    if not fits:
        remedy = "Only dubs of recordings have one. Where there is such a dub, drop the file again."
        raise UsageError(f"The manifest of job {job.id} ({job.name}) tells of no fit.", remedy=remedy)
    times, length_s = line_times(folder, job.name), _length_s(manifest)
    return {
        target: _written(folder, target, timeline_pages(fit, times, length_s, f"{display_name(target)} dub"))
        for target, fit in fits.items()
    }


def _length_s(manifest: Mapping[str, Any]) -> float:
    return float(manifest["inputs"][0]["duration_s"] or 0.0)


def _written(folder: Path, target: str, pages: list[Image.Image]) -> list[Path]:
    from dropdub.files import write_whole

    paths: list[Path] = []
    for number, page in enumerate(pages, start=1):
        kept = io.BytesIO()
        page.save(kept, "PNG", optimize=True)
        paths.append(folder / (f"timeline.{target}.{number}.png" if number > 1 else f"timeline.{target}.png"))
        write_whole(paths[-1], kept.getvalue())
    return paths
