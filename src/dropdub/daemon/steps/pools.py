"""The four worker pools of one run: number of workers and start parameters."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import psutil

from dropdub.config import Config, EnginePoolSettings, JobOptions, PoolSettings
from dropdub.language_server.server import Server
from dropdub.media.ffmpeg import FFMPEG_VARIABLE
from dropdub.pool.messages import Start
from dropdub.pool.pool import Launch, Pool
from dropdub.root import Root
from dropdub.stage_table import ENGINE_POOLS, ENGINES_OF_A_DUB, POOLS_OF_A_TRANSCRIPT, POOLS_OF_REQUESTS

LEAST_LIMIT = 4_000_000_000
_SHARE_OF_MEMORY = 0.6


def make_pools(root: Root, config: Config, wake: Callable[[], None]) -> dict[str, Pool]:
    """Return the pools by name, without starting any workers."""
    return {name: make_pool(root, config, name, wake) for name, _ in config.pools}


def make_pool(root: Root, config: Config, name: str, wake: Callable[[], None], *, run_dir: Path | None = None) -> Pool:
    """Return one of the pools. `run_dir`: where its workers have their locks and temporary files; None: in the root."""
    settings: PoolSettings = getattr(config.pools, name)
    cores, total = psutil.cpu_count(logical=False) or 1, psutil.virtual_memory().total
    numbers = resolved_settings(name, settings, cores=cores, total_memory=total)
    launch = Launch(
        run_dir=run_dir or root.run_dir,
        start=_start(root, config, name, numbers),
        stall_s=config.deadlines.stall,
        start_s=config.deadlines.start,
        environment={FFMPEG_VARIABLE: config.ffmpeg} if config.ffmpeg else {},
        variables=config.environment,
    )
    return Pool(name, numbers, launch, wake=wake)


def pools_to_warm(config: Config, *, options: Collection[JobOptions] | None, serves: bool = False) -> frozenset[str]:
    """Return the pools whose workers start before a step needs them.

    A daemon (`options` None) prepares for what `config.yaml` makes of a recording; other files start what they need.
    A run of a few files, with these `options`, prepares the engines of their dubs, which are needed last. Whether there
    is any speech to transcribe is known only after it has begun. A daemon that `serves` requests prepares for texts to
    speak, too.
    """
    if not config.preload:
        return frozenset()
    known = config.all_options() if options is None else options
    dubs = ENGINES_OF_A_DUB if any(one.targets for one in known) else frozenset()
    requests = POOLS_OF_REQUESTS if serves else frozenset[str]()
    return dubs | requests | POOLS_OF_A_TRANSCRIPT if options is None else dubs


def resolved_settings(name: str, settings: PoolSettings, *, cores: int, total_memory: int) -> PoolSettings:
    """Return a pool's settings with `auto` replaced by numbers.

    Large models run in one process with several threads: two processes with one thread each are as fast but take 1.5
    times the memory. The limit lets a worker use most of the machine's memory, because large models need it; it only
    prevents swapping.
    """
    if not isinstance(settings, EnginePoolSettings):
        return settings
    memory = max(LEAST_LIMIT, round(total_memory * _SHARE_OF_MEMORY))
    all_cores = ENGINE_POOLS[name].uses_all_cores
    return settings.resolved(workers=1, threads=cores if all_cores else max(cores // 2, 1), memory=memory)


def _engine(config: Config, name: str) -> str:
    return str(getattr(config.job, ENGINE_POOLS[name].role)) if name in ENGINE_POOLS else ""


def _start(root: Root, config: Config, name: str, settings: PoolSettings) -> Start:
    return Start(
        preload=config.preload,
        cache_dir=str(root.cache_dir) if config.cache.enabled else None,
        cache_max_bytes=int(config.cache.max_size),
        threads=settings.threads,
        engines=[ENGINE_POOLS[name].role, _engine(config, name)] if name in ENGINE_POOLS else [],
        models=engine_settings(root, config),
    )


def engine_settings(root: Root, config: Config) -> dict[str, Any]:
    """Return what workers get of the engine settings: `EngineSettings.of_json`, and `fallback`."""
    models = config.models
    return {
        **models.model_dump(include={"use", "device", "compute_type", "allow_smaller", "fallback"}),
        "dir": str(root.models_dir(models.dir)),
        "state_dir": str(root.state_dir),
        "server": Server.of(models.openai).to_json(),
    }
