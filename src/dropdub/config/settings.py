"""The sections of `config.yaml`, with defaults and bounds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from dropdub.config.fields import (
    Bytes,
    Command,
    DatabasePlace,
    NotNegative,
    Positive,
    SecretUrl,
    Section,
    VariableNames,
    full_path,
    prom_file,
    signing_secret,
)
from dropdub.config.job import JobOptions
from dropdub.config.language_server import LanguageServer
from dropdub.config.live import LIVE
from dropdub.config.monitor import MonitorSettings
from dropdub.config.problems import ENV_PREFIX
from dropdub.config.web import WebSettings


class Folders(Section):
    """Where the five folders and the voices are: relative to the root, or absolute."""

    inbox: str = "inbox"
    outbox: str = "outbox"
    voices: str = "voices"
    work: str = "work"
    failed: str = "failed"
    archive: str = "archive"


class InboxSettings(Section):
    """How dropped files are detected, when they are considered complete, and which options their sidecars may set."""

    settle: NotNegative = 5.0
    settle_empty: NotNegative = 30.0
    settle_subtitle: NotNegative = 20.0
    settle_download: NotNegative = 3600.0
    rescan: Annotated[Positive, LIVE] = 30.0
    observer: Literal["auto", "native", "polling"] = "auto"
    polling_interval: Positive = 2.0
    ignore: Annotated[tuple[str, ...], LIVE] = ()
    sidecars: Literal["auto", "all", "safe", "none"] = "auto"


class Limits(Section):
    """What is refused, and what makes jobs wait."""

    max_duration: Positive = 12 * 3600.0
    max_size: Bytes = Bytes(50_000_000_000)
    max_text: Bytes = Bytes(5_000_000)
    min_free_disk: Bytes = Bytes(1_000_000_000)
    min_free_memory: Bytes = Bytes(300_000_000)


class Split(Section):
    """When and where a long recording is split."""

    above_duration: Positive = 40 * 60.0
    above_size: Bytes = Bytes(500_000_000)
    target: Positive = 12 * 60.0
    window: Positive = 60.0

    @model_validator(mode="after")
    def _window_fits(self) -> Split:
        if self.window * 2 > self.target:
            raise ValueError("window must be at most half of target")
        return self


class Retry(Section):
    """How often and when a step is retried."""

    attempts: int = Field(default=3, ge=1, le=100)
    interruptions: int = Field(default=3, ge=1, le=100)
    first: Positive = 10.0
    longest: Positive = 600.0


class Deadlines(Section):
    """How long a step may take, and how long a worker may be silent."""

    factor: float = Field(default=1.0, gt=0, le=1000)
    probe: Positive = 10.0
    stall: Positive = 60.0
    start: Positive = 300.0


class PoolSettings(Section):
    """One pool of warm worker processes."""

    workers: int = Field(default=1, ge=1, le=64)
    memory: Bytes = Bytes(4_000_000_000)
    recycle_after: int = Field(default=200, ge=1)
    recycle_age: Positive = 6 * 3600.0
    threads: int = Field(default=1, ge=1, le=256)
    idle_exit: Positive | None = 5 * 60.0
    """Seconds. Files that come one after another find a warm worker; loading takes 1 to 30 s, so that an unused engine
    need not hold its memory, from 60 MB to 4 GB, for the sake of the next file."""


class MediaPoolSettings(PoolSettings):
    """The pool for ffmpeg: two workers, since they wait for the disk as much as they compute."""

    workers: int = Field(default=2, ge=1, le=64)


class EnginePoolSettings(PoolSettings):
    """A pool whose workers load a model. `auto` numbers of workers and threads depend on the machine."""

    workers: Annotated[int, Field(ge=1, le=64)] | Literal["auto"] = "auto"  # type: ignore[assignment]
    memory: Bytes | Literal["auto"] = "auto"  # type: ignore[assignment]
    threads: Annotated[int, Field(ge=1, le=256)] | Literal["auto"] = "auto"  # type: ignore[assignment]

    def resolved(self, *, workers: int, threads: int, memory: int) -> PoolSettings:
        """Return the settings with these numbers in place of `auto`. `memory` is in bytes."""
        numbers = {"workers": workers, "threads": threads, "memory": memory}
        return PoolSettings.model_validate(
            {**self.model_dump(), **{name: number for name, number in numbers.items() if getattr(self, name) == "auto"}}
        )


class Pools(Section):
    """The four pools."""

    media: MediaPoolSettings = MediaPoolSettings()
    transcribe: EnginePoolSettings = EnginePoolSettings()
    translate: EnginePoolSettings = EnginePoolSettings()
    synthesize: EnginePoolSettings = EnginePoolSettings()


ModelSource = Literal["hub", "publisher", "folder", "packages"]
"""The values of `dropdub.engines.models.places.Place`."""


class Models(Section):
    """Where the models of engines are, where they are downloaded from, and how they are used."""

    dir: str = "models"
    sources: tuple[ModelSource, ...] = Field(default=("hub", "publisher", "folder", "packages"), min_length=1)
    mirror: SecretUrl | None = None
    folder: Annotated[str, AfterValidator(full_path)] | None = None
    use: dict[str, str] = Field(default_factory=dict)
    openai: LanguageServer = LanguageServer()
    device: Literal["auto", "cpu", "cuda"] = "auto"
    compute_type: Literal["auto", "int8", "int8_float32", "int8_float16", "float16", "float32"] = "auto"
    allow_smaller: bool = False
    fallback: Literal["none", "any"] = "none"


class CacheSettings(Section):
    """Expensive results are kept by content hash, so that the same work is not done twice."""

    enabled: bool = True
    max_size: Bytes = Bytes(5_000_000_000)


class LogSettings(Section):
    """The log files in work/logs."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    max_size: Bytes = Bytes(10_000_000)
    keep: int = Field(default=5, ge=0, le=1000)


class Webhook(Section):
    """Notification of ended jobs by HTTP. `secret` signs it. Both can be set in the environment instead of the file."""

    url: SecretUrl | None = None
    secret: Annotated[SecretStr, AfterValidator(signing_secret)] | None = None
    timeout: Positive = 10.0


class Notify(Section):
    """Notification of ended jobs: by webhook, by running a program."""

    webhook: Webhook = Webhook()
    on_success: Command = ()
    on_failure: Command = ()
    command_deadline: Positive = 60.0
    environment: VariableNames = ()
    """Variables that the programs get in addition to the usual ones."""
    give_up_after: Positive = 3 * 86_400.0


class MetricsSettings(Section):
    """Metrics for Prometheus: in a file, or by HTTP on this machine."""

    file: Annotated[str, AfterValidator(prom_file)] | None = None
    port: int | None = Field(default=None, ge=1, le=65_535)
    interval: Positive = 15.0


class Config(BaseSettings):
    """All of `config.yaml`. Environment variables `DROPDUB_SECTION__KEY` override the file."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix=ENV_PREFIX, env_nested_delimiter="__")

    folders: Folders = Folders()
    database: DatabasePlace | None = Field(default=None, repr=False)
    ffmpeg: str | None = None
    environment: VariableNames = ()
    """Variables that workers get in addition to the usual ones."""
    inbox: InboxSettings = InboxSettings()
    job: Annotated[JobOptions, LIVE] = JobOptions()
    profiles: Annotated[dict[str, dict[str, Any]], LIVE] = Field(default_factory=dict)
    allowed_outputs: Annotated[tuple[Annotated[str, AfterValidator(full_path)], ...], LIVE] = ()
    limits: Annotated[Limits, LIVE] = Limits()
    split: Annotated[Split, LIVE] = Split()
    retry: Annotated[Retry, LIVE] = Retry()
    deadlines: Deadlines = Deadlines()
    pools: Pools = Pools()
    preload: bool = True
    models: Models = Models()
    cache: CacheSettings = CacheSettings()
    log: LogSettings = LogSettings()
    notify: Notify = Notify()
    metrics: MetricsSettings = MetricsSettings()
    web: WebSettings = WebSettings()
    monitor: Annotated[MonitorSettings, LIVE] = MonitorSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use the environment first, then the file (given as init values); no .env, no secrets folder."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def _profiles_are_options(self) -> Config:
        found = [mistake for name, changes in self.profiles.items() for mistake in self._mistakes(name, changes)]
        if found:
            raise ValidationError.from_exception_data("profiles", found)
        return self

    def _mistakes(self, profile: str, changes: dict[str, Any]) -> list[InitErrorDetails]:
        """Return what is wrong with a profile, at the places of its settings."""
        try:
            self.job.overridden(changes)
        except ValidationError as error:
            return [_at(("profiles", profile), detail) for detail in error.errors()]
        return []

    def named_outputs(self) -> dict[str, str]:
        """Return the output folders that `job` and the profiles name, by the name of the setting."""
        named = {"job.out": self.job.out} | {
            f"profiles.{name}.out": one.get("out") for name, one in self.profiles.items()
        }
        return {name: out for name, out in named.items() if out}

    def all_outputs(self) -> dict[str, str]:
        """Return the folders that results or spoken lines are put in, by the name of the setting."""
        saved = {f"monitor.files.{name}.save": one.save for name, one in self.monitor.files.items()}
        return {**self.named_outputs(), **{name: folder for name, folder in saved.items() if folder}}

    def all_options(self) -> list[JobOptions]:
        """Return the options of files without a profile, and of those with each of the profiles."""
        return [self.options_for(profile, {}) for profile in (None, *self.profiles)]

    def options_for(self, profile: str | None, changes: dict[str, Any]) -> JobOptions:
        """Return the job options in force: config < profile < `changes` (sidecar or command line).

        Raises pydantic.ValidationError if `changes` are invalid.
        """
        return self.job.overridden(self.profiles.get(profile or "", {})).overridden(changes)


def _at(section: tuple[str, ...], detail: ErrorDetails) -> InitErrorDetails:
    """Return a mistake whose place is given from `section` on."""
    return {
        "type": detail["type"],
        "loc": (*section, *detail["loc"]),
        "input": detail["input"],
        "ctx": detail.get("ctx", {}),
    }
