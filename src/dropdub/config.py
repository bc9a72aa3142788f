"""What `config.yaml`, a profile and a sidecar may say: read once, validated whole, frozen, passed down."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from dropdub.errors import BadSidecar, ConfigError
from dropdub.quantities import parse_duration_s
from dropdub.yamlfile import line_of, read_mapping

SIDECAR_SUFFIX = ".job.yaml"
ENV_PREFIX = "DROPDUB_"
MASK = "**********"
T = TypeVar("T")
_SECRETS = ("url", "secret")
_CORRECT = "Correct it, then: jobs config check."


def _language_tag(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", value):
        raise ValueError(f"{value!r} is not a language: write a tag such as en, pt or pt-BR")
    primary, *rest = value.split("-")
    return "-".join([primary.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


def _language_or_auto(value: str) -> str:
    return "auto" if value.lower() == "auto" else _language_tag(value)


def _number_or_language(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("write the number of a sound track, from 1, or its language")
    if isinstance(value, int):
        if value < 1:
            raise ValueError("sound tracks are counted from 1")
        return value
    return _number_or_language(int(value)) if value.isdecimal() else _language_or_auto(value)


def _no_repeats(value: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(value))


def _one_is_a_list(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _web_address(value: SecretStr) -> SecretStr:
    parts = urlsplit(value.get_secret_value())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is not a web address: write for example https://host/path")
    return value


def _signing_secret(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if len(text) < 16:
        raise ValueError("is too short: at least 16 characters are needed")
    coded = text.removeprefix("whsec_")
    if coded != text:
        try:
            base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True)
        except ValueError:
            raise ValueError("begins with whsec_, but no base64 follows") from None
    return value


def _masked_address(value: SecretStr) -> str:
    """Return where an address leads, without what may be a token in it."""
    parts = urlsplit(value.get_secret_value())
    return f"{parts.scheme}://{parts.hostname}/{MASK}"


def _safe_command(value: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a batch file with words of the job in its arguments: Windows would run what a file's name says."""
    is_batch = bool(value) and value[0].lower().endswith((".bat", ".cmd"))
    if is_batch and any("{" in argument for argument in value[1:]):
        raise ValueError("a batch file gets the job's facts from the environment only: leave out what is in braces")
    return value


LanguageTag = Annotated[str, AfterValidator(_language_tag)]
Seconds = Annotated[float, BeforeValidator(parse_duration_s)]
Bytes = Annotated[ByteSize, PlainSerializer(int, return_type=int), Field(ge=0)]
Positive = Annotated[Seconds, Field(gt=0)]
NotNegative = Annotated[Seconds, Field(ge=0)]


SecretUrl = Annotated[SecretStr, AfterValidator(_web_address), PlainSerializer(_masked_address, when_used="json")]
Command = Annotated[tuple[str, ...], AfterValidator(_safe_command)]


class Section(BaseModel):
    """Base of all parts: unknown keys are refused, values cannot change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SubtitleStyle(Section):
    """How subtitles are set, and where they go; the defaults are what broadcasters ask for.

    `mode` is about the dubbed video: tracks to be switched on (soft), the target's in the picture (burn), or none.
    """

    formats: Annotated[
        tuple[Literal["srt", "vtt", "ass"], ...], BeforeValidator(_one_is_a_list), AfterValidator(_no_repeats)
    ] = ("srt", "vtt")
    mode: Literal["soft", "burn", "none"] = "soft"
    line_length: int = Field(default=42, ge=16, le=120)
    lines: int = Field(default=2, ge=1, le=4)
    chars_per_second: float = Field(default=17.0, ge=5, le=60)
    min_duration: Positive = 5 / 6
    max_duration: Positive = 7.0
    gap: NotNegative = 2 / 25

    @model_validator(mode="after")
    def _ordered(self) -> SubtitleStyle:
        if self.min_duration >= self.max_duration:
            raise ValueError("min_duration must be below max_duration")
        return self


class Synthesis(Section):
    """How carefully speech is made."""

    verify: Literal["auto"] | bool = "auto"
    takes: int = Field(default=3, ge=1, le=5)


class Mix(Section):
    """What of the original's sound is heard in a dub."""

    original: Literal["duck", "mute", "keep"] = "duck"
    duck_db: float = Field(default=18.0, ge=0, le=60)
    separate: bool = False


class TextOptions(Section):
    """What is made of a text besides its translation and its sound."""

    m4b: bool = False


class JobOptions(Section):
    """What is made of one dropped file."""

    language: Annotated[str, AfterValidator(_language_or_auto)] = "auto"
    targets: Annotated[tuple[LanguageTag, ...], BeforeValidator(_one_is_a_list), AfterValidator(_no_repeats)] = ()
    audio_track: Annotated[int | str, BeforeValidator(_number_or_language)] = "auto"
    voice: str | None = Field(default=None, min_length=1, max_length=100)
    transcriber: str = "auto"
    translator: str = "auto"
    synthesizer: str = "auto"
    diarizer: str = "auto"
    initial_prompt: str | None = Field(default=None, max_length=1_000)
    hotwords: Annotated[tuple[str, ...], BeforeValidator(_one_is_a_list)] = ()
    cleanup: Literal["none", "pt"] = "none"
    speakers: Literal["auto", "one"] = "auto"
    synthesis: Synthesis = Synthesis()
    mix: Mix = Mix()
    report: bool = True
    duplicates: Literal["skip", "again"] = "skip"
    subtitles: SubtitleStyle = SubtitleStyle()
    text: TextOptions = TextOptions()
    out: str | None = None

    def overridden(self, changes: dict[str, Any]) -> JobOptions:
        """Return these options with `changes` laid over them, validated again.

        Raises pydantic.ValidationError.
        """
        merged = self.model_dump()
        for key, value in changes.items():
            both_maps = isinstance(value, dict) and isinstance(merged.get(key), dict)
            merged[key] = {**merged[key], **value} if both_maps else value
        return JobOptions.model_validate(merged)


class Folders(Section):
    """Where the five folders and the voices are; relative to the root, or absolute."""

    inbox: str = "inbox"
    outbox: str = "outbox"
    voices: str = "voices"
    work: str = "work"
    failed: str = "failed"
    archive: str = "archive"


class InboxSettings(Section):
    """How dropped files are noticed and when they count as whole."""

    settle: NotNegative = 5.0
    settle_empty: NotNegative = 30.0
    settle_subtitle: NotNegative = 20.0
    rescan: Positive = 30.0
    observer: Literal["auto", "native", "polling"] = "auto"
    polling_interval: Positive = 2.0
    ignore: tuple[str, ...] = ()


class Limits(Section):
    """What is refused, and what is waited for."""

    max_duration: Positive = 12 * 3600.0
    max_size: Bytes = Bytes(50_000_000_000)
    max_text: Bytes = Bytes(5_000_000)
    min_free_disk: Bytes = Bytes(1_000_000_000)
    min_free_memory: Bytes = Bytes(300_000_000)


class Split(Section):
    """When and where a long recording is cut."""

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
    """How often and when a step is tried again."""

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
    idle_exit: Positive | None = None


class MediaPoolSettings(PoolSettings):
    """The pool of ffmpeg: two at once, since they wait for the disk as much as they compute."""

    workers: int = Field(default=2, ge=1, le=64)


class EnginePoolSettings(PoolSettings):
    """A pool whose workers hold a model: how many, and how many threads each has, follows from the machine."""

    workers: Annotated[int, Field(ge=1, le=64)] | Literal["auto"] = "auto"  # type: ignore[assignment]
    threads: Annotated[int, Field(ge=1, le=256)] | Literal["auto"] = "auto"  # type: ignore[assignment]

    def resolved(self, *, workers: int, threads: int) -> PoolSettings:
        """Return it with numbers: these, where it says auto."""
        numbers = {"workers": workers, "threads": threads}
        return PoolSettings.model_validate(
            {**self.model_dump(), **{name: number for name, number in numbers.items() if getattr(self, name) == "auto"}}
        )


class Pools(Section):
    """The four pools."""

    media: MediaPoolSettings = MediaPoolSettings()
    transcribe: EnginePoolSettings = EnginePoolSettings()
    translate: EnginePoolSettings = EnginePoolSettings()
    synthesize: EnginePoolSettings = EnginePoolSettings()


class Models(Section):
    """Where the quality engines' models are, and how they are used."""

    dir: str = "models"
    mirror: str | None = None
    use: dict[str, str] = Field(default_factory=dict)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    compute_type: Literal["auto", "int8", "int8_float32", "int8_float16", "float16", "float32"] = "auto"
    allow_smaller: bool = False
    fallback: Literal["none", "light"] = "none"


class CacheSettings(Section):
    """Costly results kept by content, so that the same work is not done twice."""

    enabled: bool = True
    max_size: Bytes = Bytes(5_000_000_000)


class LogSettings(Section):
    """The log files in work/logs."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    max_size: Bytes = Bytes(10_000_000)
    keep: int = Field(default=5, ge=0, le=1000)


class Webhook(Section):
    """Whom to tell of ended jobs by HTTP. `secret` signs; both may stand in the environment instead of the file."""

    url: SecretUrl | None = None
    secret: Annotated[SecretStr, AfterValidator(_signing_secret)] | None = None
    timeout: Positive = 10.0


class Notify(Section):
    """Who is told when a job has ended: a web address, a program."""

    webhook: Webhook = Webhook()
    on_success: Command = ()
    on_failure: Command = ()
    command_deadline: Positive = 60.0
    give_up_after: Positive = 3 * 86_400.0


class MetricsSettings(Section):
    """Figures for Prometheus: into a file, or by HTTP on this machine."""

    file: Annotated[str, Field(pattern=r"\.prom$")] | None = None
    port: int | None = Field(default=None, ge=1, le=65_535)
    interval: Positive = 15.0


class Config(BaseSettings):
    """All of `config.yaml`. Environment variables `DROPDUB_SECTION__KEY` come before the file."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix=ENV_PREFIX, env_nested_delimiter="__")

    folders: Folders = Folders()
    database: str | None = None
    inbox: InboxSettings = InboxSettings()
    job: JobOptions = JobOptions()
    profiles: dict[str, dict[str, Any]] = Field(default_factory=dict)
    limits: Limits = Limits()
    split: Split = Split()
    retry: Retry = Retry()
    deadlines: Deadlines = Deadlines()
    pools: Pools = Pools()
    preload: bool = True
    models: Models = Models()
    cache: CacheSettings = CacheSettings()
    log: LogSettings = LogSettings()
    notify: Notify = Notify()
    metrics: MetricsSettings = MetricsSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then the file (given as init values); no .env, no secrets folder."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def _profiles_are_options(self) -> Config:
        for name, changes in self.profiles.items():
            try:
                self.job.overridden(changes)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(str(part) for part in ("profiles", name, *first["loc"]))
                raise ValueError(f"{where}: {_allowed(first, JobOptions)}") from error
        return self

    def options_for(self, profile: str | None, changes: dict[str, Any]) -> JobOptions:
        """Return the job options that hold: config < profile < `changes` (sidecar or command line).

        Raises pydantic.ValidationError where `changes` are impossible.
        """
        return self.job.overridden(self.profiles.get(profile or "", {})).overridden(changes)


NO_SUCH_SETTING = "there is no such setting"


def load_config(path: Path) -> Config:
    """Read and validate `config.yaml`.

    Raises ConfigError that lists every problem: the line, what is wrong, what is allowed.
    """
    data, node = read_mapping(path)
    _refuse_private(path, node, data)
    try:
        return Config(**_without_blanks(data))
    except ValidationError as error:
        raise ConfigError(_problems(path, node, error), remedy=_CORRECT) from error
    except SettingsError as error:
        raise ConfigError(f"An environment variable {ENV_PREFIX}… is not as it should be: {error}.") from error


def _refuse_private(path: Path, node: yaml.Node | None, data: Mapping[str, Any]) -> None:
    """Refuse names that begin with `_`: the settings class would take them for arguments of its own."""
    for key in data:
        if key.startswith("_"):
            raise ConfigError(f"{path}, line {line_of(node, (key,))}: {key}: {NO_SUCH_SETTING}", remedy=_CORRECT)


def _without_blanks(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return `data` less what has no value: a heading whose settings are all commented out sets nothing.

    A profile keeps them: there, no value may take away what the job options set.
    """
    return {
        key: _without_blanks(value) if isinstance(value, dict) and key != "profiles" else value
        for key, value in data.items()
        if value is not None
    }


def read_sidecar(path: Path) -> dict[str, Any]:
    """Return the job options that a `NAME.job.yaml` sets.

    Raises BadSidecar naming line and what is allowed.
    """
    try:
        data, node = read_mapping(path)
        JobOptions().overridden(data)
    except ConfigError as error:
        raise BadSidecar(error.message.replace(str(path), path.name)) from error
    except ValidationError as error:
        raise BadSidecar(_problems(Path(path.name), node, error)) from error
    return data


def _problems(path: Path, node: yaml.Node | None, error: ValidationError) -> str:
    model = Config if error.title == Config.__name__ else JobOptions
    return "\n".join(_problem(path, node, detail, model) for detail in error.errors())


def _problem(path: Path, node: yaml.Node | None, detail: Any, model: type[BaseModel]) -> str:
    name = ".".join(str(part) for part in detail["loc"])
    return f"{_where(path, node, detail['loc'])}: {name + ': ' if name else ''}{_allowed(detail, model)}"


def _settings_at(model: type[BaseModel], location: tuple[int | str, ...]) -> Iterable[str]:
    """Return the names that may stand where the last name of `location` stands."""
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            break
        model = field.annotation
    return model.model_fields


def _where(path: Path, node: yaml.Node | None, location: tuple[int | str, ...]) -> str:
    variable = (ENV_PREFIX + "__".join(str(part) for part in location)).upper()
    if any(name.upper() == variable for name in os.environ):
        return f"environment variable {variable}"
    line = line_of(node, location)
    return f"{path}, line {line}" if line else str(path)


def _allowed(detail: Any, model: type[BaseModel]) -> str:
    if detail["type"] == "extra_forbidden":
        return f"{NO_SUCH_SETTING}, there are: {', '.join(_settings_at(model, detail['loc']))}"
    if detail["type"] == "tuple_type":
        return "expected a list such as [pt, es]"
    if detail["type"].startswith("byte_size"):
        return f"{detail['input']!r} is not a size: write for example 500 MB or 4 GB"
    if detail["type"] in ("model_type", "dict_type"):
        return "expected settings as `name: value` lines below it"
    message = str(detail["msg"]).removeprefix("Value error, ")
    given = detail.get("input")
    is_told = isinstance(given, str | int | float | bool) and detail["loc"][-1:] not in [(name,) for name in _SECRETS]
    shown = f" (found {given!r})" if is_told else ""
    return message if shown and repr(given) in message else message + shown
