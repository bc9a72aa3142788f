"""The figures and their names. Counters begin at zero with each run, as Prometheus expects."""

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
"""The bounds of the step times' histogram: from a probe to a long chunk on a slow machine."""


@dataclass(frozen=True)
class Snapshot:
    """What is looked up when somebody asks. Sizes in bytes, ages in seconds."""

    jobs: Mapping[str, int] = field(default_factory=dict)
    steps: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """How many are open, by pool and state."""
    notices: Mapping[str, int] = field(default_factory=dict)
    ended: Mapping[str, int] = field(default_factory=dict)
    """How many jobs ended in this run, by state."""
    oldest_s: float = 0.0
    memory: Mapping[str, int] = field(default_factory=dict)
    free: Mapping[str, int] = field(default_factory=dict)


class Figures:
    """All figures of one run. Any thread may ask for them; steps are told by the supervisor's."""

    def __init__(self, look: Callable[[], Snapshot], speed: Speed) -> None:
        self.registry = CollectorRegistry()
        self._speed = speed
        self._lock = threading.Lock()
        self._seconds = Histogram(
            "dropdub_step_seconds", "Time of steps that succeeded.", ["stage"], buckets=SECONDS, registry=self.registry
        )
        self._attempts = Counter(
            "dropdub_attempts",
            "Runs of steps, by how they ended.",
            ["stage", "outcome", "error"],
            registry=self.registry,
        )
        self._up = self._gauge("dropdub_up", "1 while the daemon runs, 0 once it has ended in good order.")
        self._heartbeat = self._gauge(
            "dropdub_heartbeat_timestamp_seconds", "When the supervisor last gave sign of life."
        )
        Gauge("dropdub_info", "The program.", ["version"], registry=self.registry).labels(__version__).set(1)
        self.registry.register(_Looked(look))
        self.registry.register(_Told(self))

    def step_ended(self, stage: str, outcome: str, error: str | None, seconds: float | None) -> None:
        """Take note of a run of a step; `error` is the class of what it ended in."""
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
        """Return all figures in Prometheus' text format."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, told: str) -> Gauge:
        return Gauge(name, told, registry=self.registry)


class _Told(Collector):
    """The speed: absent until something was transcribed, for a 0 would be an alarm."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        speed = GaugeMetricFamily(
            "dropdub_realtime_factor", "Seconds of recording transcribed a second: median of the newest chunks."
        )
        slow = GaugeMetricFamily("dropdub_slow", "1 while the real-time factor is half of what it was, or less.")
        if (value := self._figures.speed) is not None:
            speed.add_metric([], value)
        slow.add_metric([], float(self._figures.slowdown is not None))
        yield speed
        yield slow


class _Looked(Collector):
    """What a snapshot has, looked up at each question."""

    def __init__(self, look: Callable[[], Snapshot]) -> None:
        self._look = look

    def describe(self) -> Iterator[Metric]:
        """Tell nothing ahead: to be registered must not look into the database."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        now = self._look()
        yield _by("dropdub_jobs", "Jobs in each state.", "state", now.jobs)
        steps = GaugeMetricFamily("dropdub_steps", "Steps that are queued or run.", labels=["pool", "state"])
        for (pool, state), number in now.steps.items():
            steps.add_metric([pool, state], number)
        yield steps
        yield _by("dropdub_notices", "Notices in each state.", "state", now.notices)
        yield GaugeMetricFamily("dropdub_oldest_job_seconds", "Age of the oldest unfinished job.", value=now.oldest_s)
        yield _by("dropdub_memory_bytes", "Resident memory.", "of", now.memory)
        yield _by("dropdub_free_bytes", "Disk space free where a folder lies.", "folder", now.free)
        ended = CounterMetricFamily("dropdub_jobs_ended", "Jobs that ended in this run.", labels=["state"])
        for state, number in now.ended.items():
            ended.add_metric([state], number)
        yield ended


def _by(name: str, told: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, told, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family
