"""Whether the engines of this installation can do what options ask for, asked before any file is dropped."""

from __future__ import annotations

from collections.abc import Iterator

from dropdub.config import Config, JobOptions
from dropdub.dubbing.possible import AUTO, Source, own_voice, refuse_impossible
from dropdub.engines.base import EngineSettings
from dropdub.engines.registry import EngineRegistry
from dropdub.errors import EngineMissing, UnsupportedLanguage, UsageError, VoiceMissing
from dropdub.languages import DETECTED_LANGUAGES
from dropdub.root import Root

Impossible = EngineMissing | UnsupportedLanguage | VoiceMissing
IMPOSSIBLE = (EngineMissing, UnsupportedLanguage, VoiceMissing)
_ROLES = ("transcriber", "translator", "synthesizer", "diarizer")
"""The roles whose engine an option names."""


class Installed:
    """The engines of this installation, for a root's settings. Imports their modules, but loads no model."""

    def __init__(self, root: Root, config: Config) -> None:
        models = config.models
        settings = EngineSettings(root.models_dir(models.dir), models.use)
        self._engines = EngineRegistry(settings=settings, fallback=models.fallback == "any")
        self._root, self._config = root, config

    def refuse(self, options: JobOptions, *, is_heard: bool) -> None:
        """Raise EngineMissing, UnsupportedLanguage or VoiceMissing for options that cannot succeed.

        `is_heard`: whether they are for recordings only. Otherwise they may be for texts, too.
        """
        for role in _ROLES:
            self._engines.require_named(role, str(getattr(options, role)))
        voice = own_voice(options, self._root.voices)
        if voice is not None:
            self._engines.require_voice(options.synthesizer, voice)
        refuse_impossible(options, self._source(options, is_heard=is_heard), self._engines, voices=self._root.voices)

    def impossible(self) -> Iterator[tuple[str, Impossible]]:
        """Yield what cannot succeed, with where it is set: `job` or `profiles.NAME`."""
        sections = {"job": None, **{f"profiles.{name}": name for name in self._config.profiles}}
        for section, profile in sections.items():
            try:
                self.refuse(self._config.options_for(profile, {}), is_heard=False)
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
    """Return an error for somebody who has not dropped anything yet, whose remedy retries no job."""
    remedy = "" if "retry JOB" in error.remedy else error.remedy
    usual = "Choose another, or see what is installed: `dropdub doctor`"
    return UsageError(f"{where}: {error.message}" if where else error.message, remedy=remedy or usual)
