"""Whether the engines of this installation can do what options ask for, asked before any file is dropped."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from dropdub.config import Config, JobOptions
from dropdub.dubbing.possible import AUTO, Source, own_voices, refuse_impossible
from dropdub.engines.base import EngineSettings
from dropdub.engines.models.misnamed import misnamed
from dropdub.engines.registry import EngineRegistry
from dropdub.errors import EngineMissing, UnsupportedLanguage, UsageError, VoiceMissing
from dropdub.language_server.server import Server
from dropdub.languages import DETECTED_LANGUAGES
from dropdub.media.ffmpeg import refuse_ffmpeg
from dropdub.root import Root

Impossible = EngineMissing | UnsupportedLanguage | VoiceMissing
IMPOSSIBLE = (EngineMissing, UnsupportedLanguage, VoiceMissing)
_ROLES = ("transcriber", "translator", "synthesizer", "diarizer", "separator")
"""The roles whose engine an option names."""


class Installed:
    """The engines of this installation, for a root's settings. Imports their modules, but loads no model."""

    def __init__(self, root: Root, config: Config) -> None:
        models = config.models
        self._settings = EngineSettings(root.models_dir(models.dir), models.use, server=Server.of(models.openai))
        self._engines = EngineRegistry(settings=self._settings, fallback=models.fallback == "any")
        self._root, self._config = root, config

    def refuse(self, options: JobOptions, *, is_heard: bool) -> None:
        """Raise EngineMissing, UnsupportedLanguage or VoiceMissing for options that cannot succeed here.

        `is_heard`: whether they are for recordings only. Otherwise they may be for texts, too.
        """
        refuse_ffmpeg(self._config.ffmpeg)
        self._refuse_options(options, is_heard=is_heard)

    def _refuse_options(self, options: JobOptions, *, is_heard: bool) -> None:
        for role in _ROLES:
            self._engines.require_named(role, str(getattr(options, role)))
        for voice in own_voices(options, self._root.voices):
            self._engines.require_voice(options.synthesizer, voice)
        refuse_impossible(options, self._source(options, is_heard=is_heard), self._engines, voices=self._root.voices)

    def impossible(self) -> Iterator[tuple[str, Impossible]]:
        """Yield what cannot succeed, once, with where it is set: `ffmpeg`, `models.use`, `job` or `profiles.NAME`."""
        seen = set[str]()
        for setting, error in chain(self._missing(), self._impossible_options()):
            if error.message not in seen:
                seen.add(error.message)
                yield setting, error

    def _missing(self) -> Iterator[tuple[str, EngineMissing]]:
        try:
            refuse_ffmpeg(self._config.ffmpeg)
        except EngineMissing as error:
            yield "ffmpeg", error
        engines = [offer.name for offer in self._engines.describe()]
        yield from (("models.use", error) for error in misnamed(self._settings, engines))

    def _impossible_options(self) -> Iterator[tuple[str, Impossible]]:
        sections = {"job": None, **{f"profiles.{name}": name for name in self._config.profiles}}
        for section, profile in sections.items():
            try:
                self._refuse_options(self._config.options_for(profile, {}), is_heard=False)
            except IMPOSSIBLE as error:
                yield section, error

    def _source(self, options: JobOptions, *, is_heard: bool) -> Source:
        if options.language != AUTO:
            return Source([options.language], is_heard=is_heard or options.transcriber != AUTO)
        understood = self._engines.understood(options.transcriber) if options.targets else None
        others = () if is_heard and understood else DETECTED_LANGUAGES
        languages = sorted({*(understood or ()), *others})
        return Source(languages, is_heard=is_heard or options.transcriber != AUTO, is_foreign=True)


def as_usage_error(error: Impossible, where: str = "") -> UsageError:
    """Return an error for somebody who has not dropped anything yet: the advice to retry a job is not shown then."""
    return UsageError(f"{where}: {error.message}" if where else error.message, remedy=error.remedy)
