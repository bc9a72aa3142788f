"""What a pull was started with. It is kept with the files until they are complete, so that revisions never mix."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from dropdub.engines.models.download.listing import COMMIT
from dropdub.engines.models.download.record import commits_in, read_record
from dropdub.engines.models.folders import FileRecord, files_in, read_json_object
from dropdub.engines.models.known import Source
from dropdub.engines.models.pins import Pin
from dropdub.files.durable import write_whole

PLAN_NAME = "dropdub-pull.json"
"""In `NAME.part`."""


@dataclass(frozen=True)
class Plan:
    """The revision of each repository, and for a model that was here before, the content of its files."""

    revisions: Mapping[str, str] = field(default_factory=dict)
    remembered: tuple[FileRecord, ...] = ()

    @staticmethod
    def read(part: Path) -> Plan:
        """Return the plan in a folder, or an empty one if there is none that can be read."""
        try:
            data = read_json_object(part / PLAN_NAME)
            return Plan(commits_in(data, "revisions"), files_in(data, "remembered"))
        except (OSError, ValueError):
            return Plan()

    @staticmethod
    def remembering(folder: Path) -> Plan:
        """Return the plan that restores a model to what its record says."""
        try:
            record = read_record(folder)
        except ValueError:
            return Plan()
        return Plan(record.sources, record.files) if record else Plan()

    def begun(self, revisions: Mapping[str, str]) -> Plan:
        return replace(self, revisions=revisions)

    def write(self, part: Path) -> None:
        write_whole(part / PLAN_NAME, json.dumps(asdict(self)).encode())

    def applied(self, source: Source) -> Source:
        """Return what to download from a source: what the catalogue pins, else what is remembered, else the revision
        that the pull was started with. A commit that the catalogue names is not replaced: two sources may have
        different ones of a repository.
        """
        is_fixed = source.pins or COMMIT.fullmatch(source.revision)
        revision = source.revision if is_fixed else self.revisions.get(source.repository)
        if source.is_pinned or revision is None:
            return source
        known = {file.name: Pin(file.size, file.sha256) for file in self.remembered if file.name in source.names()}
        return replace(source, revision=revision, pins={**known, **source.pins})
