"""Settings from `config.yaml`, profiles and sidecars: read once, validated as a whole, frozen, passed down."""

from dropdub.config.job import JobOptions, Mix, SubtitleStyle
from dropdub.config.problems import ENV_PREFIX
from dropdub.config.settings import (
    Config,
    Deadlines,
    EnginePoolSettings,
    InboxSettings,
    Limits,
    LogSettings,
    Notify,
    PoolSettings,
    Retry,
    Split,
    Webhook,
)
from dropdub.config.sidecar_limits import ANYTHING, Policy, SidecarLimits
from dropdub.config.sources import SIDECAR_SUFFIX, load_config, read_sidecar
from dropdub.config.web import WebSettings

__all__ = [
    "ANYTHING",
    "ENV_PREFIX",
    "SIDECAR_SUFFIX",
    "Config",
    "Deadlines",
    "EnginePoolSettings",
    "InboxSettings",
    "JobOptions",
    "Limits",
    "LogSettings",
    "Mix",
    "Notify",
    "Policy",
    "PoolSettings",
    "Retry",
    "SidecarLimits",
    "Split",
    "SubtitleStyle",
    "WebSettings",
    "Webhook",
    "load_config",
    "read_sidecar",
]
