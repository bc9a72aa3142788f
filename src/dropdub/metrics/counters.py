"""The metrics and their names. Counters start at zero in each run, as Prometheus expects."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dropdub import __version__
from dropdub.metrics.speed import Slowdown, Speed

SECONDS = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400)
"""Histogram buckets of step times, from a probe to a long chunk on a slow machine."""


@dataclass(frozen=True)
class Snapshot:
    """Values read at each scrape. Sizes in bytes, ages in seconds."""

    jobs: Mapping[str, int] = field(default_factory=dict)
    steps: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Open steps by pool and state."""
    notices: Mapping[str, int] = field(default_factory=dict)
    ended: Mapping[str, int] = field(default_factory=dict)
    """Jobs that ended in this run, by state."""
    oldest_s: float = 0.0
    memory: Mapping[str, int] = field(default_factory=dict)
    free: Mapping[str, int] = field(default_factory=dict)


class Metrics:
    """All metrics of one run. Any thread may read them; the supervisor's thread updates them."""

    def __init__(self, snapshot: Callable[[], Snapshot], speed: Speed) -> None:
        self.registry = CollectorRegistry()
        self._speed = speed
        self._lock = threading.Lock()
        self._seconds = Histogram(
            "dropdub_step_seconds",
            "Duration of successful steps, in seconds.",
            ["stage"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._attempts = Counter(
            "dropdub_attempts",
            "Step attempts, by outcome.",
            ["stage", "outcome", "error"],
            registry=self.registry,
        )
        self._up = self._gauge("dropdub_up", "1 while the daemon runs, 0 after a clean stop.")
        self._heartbeat = self._gauge("dropdub_heartbeat_timestamp_seconds", "Time of the supervisor's last heartbeat.")
        Gauge("dropdub_info", "The program version.", ["version"], registry=self.registry).labels(__version__).set(1)
        self.registry.register(_SnapshotCollector(snapshot))
        self.registry.register(_SpeedCollector(self))

    def step_ended(self, stage: str, outcome: str, error: str | None, seconds: float | None) -> None:
        """Record an attempt of a step; `error` is the class name of its error, if any."""
        self._attempts.labels(stage, outcome, error or "").inc()
        if error is None and seconds is not None:
            self._seconds.labels(stage).observe(seconds)

    def transcribed(self, recording_s: float, work_s: float) -> None:
        with self._lock:
            self._speed.add(recording_s, work_s)

    def beat(self, now: float) -> None:
        self._up.set(1)
        self._heartbeat.set(now)

    def end(self) -> None:
        self._up.set(0)

    @property
    def slowdown(self) -> Slowdown | None:
        with self._lock:
            return self._speed.slowdown

    @property
    def speed(self) -> float | None:
        with self._lock:
            return self._speed.recent

    def text(self) -> bytes:
        """Return all metrics in Prometheus text format."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, description: str) -> Gauge:
        return Gauge(name, description, registry=self.registry)


class _SpeedCollector(Collector):
    """The speed; absent until a chunk was transcribed, because 0 would trigger alarms."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        speed = GaugeMetricFamily(
            "dropdub_realtime_factor", "Seconds of recording transcribed per second: median of the newest chunks."
        )
        slow = GaugeMetricFamily("dropdub_slow", "1 while the real-time factor is at most half of its earlier value.")
        if (value := self._metrics.speed) is not None:
            speed.add_metric([], value)
        slow.add_metric([], float(self._metrics.slowdown is not None))
        yield speed
        yield slow


class _SnapshotCollector(Collector):
    """The values of a snapshot, taken at each scrape."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot

    def describe(self) -> Iterator[Metric]:
        """Return nothing, because registering must not query the database."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        now = self._snapshot()
        yield _by("dropdub_jobs", "Jobs in each state.", "state", now.jobs)
        steps = GaugeMetricFamily("dropdub_steps", "Queued or running steps.", labels=["pool", "state"])
        for (pool, state), number in now.steps.items():
            steps.add_metric([pool, state], number)
        yield steps
        yield _by("dropdub_notices", "Notifications in each state.", "state", now.notices)
        yield GaugeMetricFamily("dropdub_oldest_job_seconds", "Age of the oldest unfinished job.", value=now.oldest_s)
        yield _by("dropdub_memory_bytes", "Resident memory.", "of", now.memory)
        yield _by("dropdub_free_bytes", "Free space on the disk of a folder.", "folder", now.free)
        ended = CounterMetricFamily("dropdub_jobs_ended", "Jobs that ended in this run.", labels=["state"])
        for state, number in now.ended.items():
            ended.add_metric([state], number)
        yield ended


def _by(name: str, description: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, description, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family
