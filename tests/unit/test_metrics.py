"""The figures, read by Prometheus' own parser, and the rule that detects a slow machine."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from dropdub.metrics.counters import Metrics, Snapshot
from dropdub.metrics.exporter import Endpoint, TextFile
from dropdub.metrics.speed import KEPT, LEAST_BEFORE, RECENT, Speed
from tests.receiver import free_port
from tests.waiting import wait_until

FAST, SLOW = (60.0, 20.0), (60.0, 60.0)
SNAPSHOT = Snapshot(
    jobs={"running": 1, "queued": 4},
    steps={("transcribe", "queued"): 7},
    notices={"queued": 2},
    ended={"failed": 3},
    oldest_s=12.5,
    memory={"daemon": 100, "workers": 900},
    free={"work": 5},
)


def read(text: str) -> dict[str, float]:
    """Return the samples as `name{label=value,…}` → value, by Prometheus' parser."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
            found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


def some_figures() -> Metrics:
    figures = Metrics(lambda: SNAPSHOT, Speed())
    figures.step_ended("transcribe", "succeeded", None, 20.0)
    figures.step_ended("transcribe", "succeeded", None, 2_000.0)
    figures.step_ended("mix", "retried", "WorkerDied", 3.0)
    figures.transcribed(60.0, 20.0)
    figures.beat(1_700_000_000.0)
    return figures


def test_the_figures_are_what_was_reported_and_what_is_looked_up() -> None:
    found = read(some_figures().text().decode())
    expected = {
        "dropdub_up": 1,
        "dropdub_heartbeat_timestamp_seconds": 1_700_000_000,
        "dropdub_step_seconds_count{stage=transcribe}": 2,
        "dropdub_step_seconds_sum{stage=transcribe}": 2_020,
        "dropdub_step_seconds_bucket{le=60.0,stage=transcribe}": 1,
        "dropdub_attempts_total{error=WorkerDied,outcome=retried,stage=mix}": 1,
        "dropdub_jobs{state=queued}": 4,
        "dropdub_steps{pool=transcribe,state=queued}": 7,
        "dropdub_notices{state=queued}": 2,
        "dropdub_jobs_ended_total{state=failed}": 3,
        "dropdub_oldest_job_seconds": 12.5,
        "dropdub_memory_bytes{of=workers}": 900,
        "dropdub_free_bytes{folder=work}": 5,
        "dropdub_realtime_factor": 3,
        "dropdub_slow": 0,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert not [name for name in found if name.startswith("dropdub_step_seconds") and "mix" in name]


def test_before_anything_was_transcribed_there_is_no_speed() -> None:
    assert "dropdub_realtime_factor" not in read(Metrics(lambda: SNAPSHOT, Speed()).text().decode())


def test_a_speed_that_halves_is_reported_until_it_becomes_usual() -> None:
    speed = Speed([FAST] * (LEAST_BEFORE + RECENT))
    said = []
    for _ in range(KEPT + RECENT):
        speed.add(*SLOW)
        said.append(speed.slowdown)
    first = next(index for index, found in enumerate(said) if found)
    assert first == RECENT // 2, "the median of the newest falls when half of them are slow"
    found = said[RECENT]
    assert found is not None and (found.recent, found.usual) == (1.0, 3.0)
    assert "1 s of recording per second, 3 before" in found.sentence
    assert said[-1] is None


def test_one_slow_chunk_short_ones_or_a_new_machine_are_not_reported() -> None:
    assert Speed([*[FAST] * 50, SLOW]).slowdown is None
    assert Speed([*[FAST] * 50, *[(5.0, 500.0)] * 20]).slowdown is None
    assert Speed([*[FAST] * (LEAST_BEFORE - 1), *[SLOW] * RECENT]).slowdown is None
    assert Speed().recent is None


@given(st.lists(st.tuples(st.floats(10, 1e4), st.floats(0.01, 1e4)), max_size=200))
def test_a_slowdown_is_reported_only_if_the_newest_chunks_are_slower(chunks: list[tuple[float, float]]) -> None:
    found = Speed(chunks).slowdown
    assert found is None or found.recent <= found.usual / 2


def test_the_file_is_always_complete_and_resumes_when_its_folder_is_back(tmp_path: Path) -> None:
    folder, away = tmp_path / "textfile", tmp_path / "away"
    folder.mkdir()
    file = TextFile(some_figures(), folder / "dropdub.prom", interval_s=0.02)
    wait_until((folder / "dropdub.prom").exists, "the file")
    for _ in range(50):
        assert read((folder / "dropdub.prom").read_text(encoding="utf-8"))["dropdub_up"] == 1
    folder.rename(away)
    wait_until(lambda: file.trouble is not None, "the trouble to be reported")
    (away / ".dropdub.prom.1f0c9a3e.part").touch()  # as left by an interrupted write
    away.rename(folder)
    wait_until(lambda: file.trouble is None, "the trouble to pass")
    file.stop()
    assert not any(thread.name == "metrics file" for thread in threading.enumerate())
    assert [path.name for path in folder.iterdir()] == ["dropdub.prom"]


def test_the_final_file_says_that_the_daemon_ended(tmp_path: Path) -> None:
    figures = some_figures()
    file = TextFile(figures, tmp_path / "dropdub.prom", interval_s=60)
    figures.end()
    file.stop()
    assert read((tmp_path / "dropdub.prom").read_text(encoding="utf-8"))["dropdub_up"] == 0


def test_the_port_answers_this_machine_and_is_free_again_afterwards() -> None:
    port = free_port()
    for _ in range(2):
        endpoint = Endpoint(some_figures(), port)
        assert endpoint.trouble is None
        answer = httpx2.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=30)
        assert read(answer.text)["dropdub_jobs{state=running}"] == 1
        assert endpoint._server.server_address[0] == "127.0.0.1"
        endpoint.stop()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=30)


def test_a_port_in_use_by_another_program_is_reported() -> None:
    port = free_port()
    first, second = Endpoint(some_figures(), port), Endpoint(some_figures(), port)
    assert second.trouble is not None and str(port) in second.trouble
    second.stop()
    first.stop()
