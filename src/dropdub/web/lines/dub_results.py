"""What is known about the dubs of a job: from the results of its steps, and the manifest that it published."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from dropdub.dubbing.published_timing import Fit
from dropdub.dubbing.quality import Quality, TargetQuality, quality_of
from dropdub.pipeline.artifacts import Suspect
from dropdub.pipeline.facts import Facts
from dropdub.publishing.manifest_file import MANIFEST, MOST_OF_MANIFEST, NOT_THERE
from dropdub.report.commercial_use import CommercialUse, commercial_use_of
from dropdub.store.views import JobView
from dropdub.translations.words import Words
from dropdub.web.answering.errors import ApiError
from dropdub.web.jobs.outputs import opened_outputs
from dropdub.web.site import Site


@dataclass(frozen=True)
class Missing:
    """A language that could not be made, why, and what to do."""

    target: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class DubResults:
    """`facts`: the results of the steps of the last round; `manifest`: empty before it is published."""

    facts: Facts
    manifest: Mapping[str, Any]

    @cached_property
    def fits(self) -> Mapping[str, Fit]:
        """Return the timing of each dub; without those that cannot be read: others may have changed the file."""
        found, listed = {}, self.manifest.get("fit")
        for target, item in listed.items() if isinstance(listed, dict) else ():
            try:
                fit = Fit.from_json(item)
            except NOT_THERE:
                continue
            if _is_sound(fit):
                found[target] = fit
        return found

    @cached_property
    def quality(self) -> Quality:
        """Return the figures of all dubs that are finished."""
        return quality_of(self.facts, self.fits, self.facts.translated)

    def quality_of(self, target: str) -> TargetQuality | None:
        return self.quality.targets.get(target)

    @property
    def missing(self) -> list[Missing]:
        """Return the languages that could not be made, as the manifest says."""
        listed = self.manifest.get("failed")
        found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        return [Missing(*(str(one.get(name, "")) for name in ("target", "reason", "remedy"))) for one in found]

    def commercial_use(self, words: Words) -> CommercialUse | None:
        """Return whether the results may be used commercially; None if the manifest does not say."""
        try:
            return commercial_use_of(self.manifest, words)
        except NOT_THERE:  # others may have changed the file
            return None

    @property
    def suspects(self) -> tuple[Suspect, ...]:
        """Return what the transcriber may have invented."""
        return self.quality.suspects

    def understood(self, target: str) -> dict[int, bool]:
        """Return whether each line that was verified can be understood, by its id."""
        return {line: one.good for line, one in self.facts.last_verification(target).items()}


def dub_results(site: Site, job: JobView) -> DubResults:
    """Return what is known about the dubs of a job. It reads the database and the disk."""
    return DubResults(Facts(site.reader.results(job.id)), _manifest(site, job))


def _manifest(site: Site, job: JobView) -> Mapping[str, Any]:
    try:
        with opened_outputs(job, site.place.root) as (folder, _), folder.read(MANIFEST) as reader:
            found = json.loads(reader.read(MOST_OF_MANIFEST))
    except (ApiError, *NOT_THERE):
        return {}
    return found if isinstance(found, dict) else {}


def _is_sound(fit: Fit) -> bool:
    """Return whether all numbers are numbers, and all lines are ids of lines."""
    utterances = fit.utterances
    numbers = [part for one in utterances for part in (one.start, one.end, one.stretch, *one.slot)]
    totals = [value for value in asdict(fit.totals).values() if value is not None]
    lines = [line for one in utterances for line in one.segments]
    return all(_is_number(value) for value in (*numbers, *totals)) and all(type(line) is int for line in lines)


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]  # mypy knows no `type(…) in`
