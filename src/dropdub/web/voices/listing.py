"""The voices of a root as the API lists them, and those that its engines have of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dropdub.config.watch import InForce
from dropdub.files.durable import sha256
from dropdub.operations.voice_files import Consent, consent_to, existing_voice, voice_files
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.described_engines import (
    DescribedEngine,
    EngineVoice,
    chosen_engines,
    described_engines,
    engine_in_use,
)
from dropdub.pipeline.prepared_voices import prepared_for
from dropdub.root import Root

if TYPE_CHECKING:
    from dropdub.operations.voices import VoiceView

SYNTHESIZER = "synthesizer"
_Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class ListedVoice:
    """A voice of the root. `prepared`: its embedding is in the cache. `created_at`: epoch seconds.

    `problems` and `warnings` are sentences about its recording, which has this level in dB.
    """

    name: str
    seconds: float
    level_db: float
    problems: Sequence[str]
    warnings: Sequence[str]
    prepared: bool
    consent: Consent | None
    created_at: float


@dataclass(frozen=True)
class OwnVoiceOf:
    """A voice that an engine has of its own."""

    engine: str
    voice: EngineVoice


@dataclass(frozen=True)
class _Examined:
    stamp: _Stamp
    sha256: str
    view: VoiceView


class VoiceList:
    """Lists voices. All methods block. What a recording is like is found out once, until it is replaced."""

    def __init__(self, root: Root, in_force: InForce) -> None:
        self._root = root
        self._in_force = in_force
        self._cache = Cache(root.cache_dir, max_bytes=0)
        self._examined: dict[Path, _Examined] = {}

    def all(self) -> list[ListedVoice]:
        """Return the voices of the root, by name."""
        engine, files = self.engine(), voice_files(self._root.voices)
        self._examined = {path: self._examined[path] for path in files if path in self._examined}
        return [self._listed(path, engine) for path in files]

    def one(self, name: str) -> ListedVoice:
        """Return a voice of the root. Raises VoiceMissing, and UsageError if it cannot be a name."""
        return self._listed(existing_voice(self._root.voices, name), self.engine())

    def engine(self) -> DescribedEngine | None:
        """Return the synthesizer that speaks; None as long as it was not described."""
        return engine_in_use(described_engines(self._root.state_dir, SYNTHESIZER), self._synthesizer)

    def of_engines(self) -> list[OwnVoiceOf]:
        """Return the voices of the engines that can speak now."""
        engines = chosen_engines(described_engines(self._root.state_dir, SYNTHESIZER), self._synthesizer)
        return [OwnVoiceOf(engine.name, voice) for engine in engines if engine.is_ready for voice in engine.voices]

    @property
    def _synthesizer(self) -> str:
        return self._in_force.config.job.synthesizer

    def _listed(self, path: Path, engine: DescribedEngine | None) -> ListedVoice:
        found = self._look(path)
        prepared = prepared_for(self._cache, found.sha256)
        view = found.view
        return ListedVoice(
            view.name,
            view.seconds,
            view.level_db,
            view.problems,
            view.warnings,
            prepared=prepared is not None and (engine is None or engine.name == prepared),
            consent=consent_to(path),
            created_at=found.stamp[2] / 1e9,
        )

    def _look(self, path: Path) -> _Examined:
        # Not before somebody asks: it needs the library for arrays, which a server without voices does without.
        from dropdub.operations.voices import view  # noqa: PLC0415

        status = path.stat()
        stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
        known = self._examined.get(path)
        if known is None or known.stamp != stamp:
            known = self._examined[path] = _Examined(stamp, sha256(path), view(path))
        return known
