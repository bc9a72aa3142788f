"""The real daemon's figures, in its file and on its port."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx2

from tests.acceptance.site import Site
from tests.receiver import free_port
from tests.unit.test_metrics import read
from tests.waiting import wait_until


def test_figures_follow_the_work(site: Callable[..., Site], speech: Path, tmp_path: Path) -> None:
    port, file = free_port(), tmp_path / "dropdub.prom"
    root = site(metrics={"file": str(file), "port": port, "interval": 0.2}, job={"duplicates": "again"})
    root.drop(speech, "talk.flac")
    root.drop_text("Not a recording.", "broken.mp4")
    root.start()
    root.wait_for("talk.flac", "succeeded")
    root.wait_for("broken.mp4")

    def said() -> dict[str, float]:
        return read(file.read_text(encoding="utf-8")) if file.exists() else {}

    def asked() -> dict[str, float]:
        return read(httpx2.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=30).text)

    def is_counted(found: dict[str, float]) -> bool:
        ended = found.get("dropdub_jobs_ended_total{state=succeeded}", 0)
        return ended >= 1 and found.get("dropdub_jobs{state=running}") == 0

    wait_until(lambda: is_counted(said()) and is_counted(asked()), "file and port to count the job")
    for found in (said(), asked()):
        assert found["dropdub_up"] == 1
        assert found["dropdub_step_seconds_count{stage=transcribe}"] == 1
        assert found["dropdub_realtime_factor"] > 0
        assert found["dropdub_memory_bytes{of=daemon}"] > 10_000_000
        assert found["dropdub_jobs{state=running}"] == 0
    assert root.stop() == 0
    assert said()["dropdub_up"] == 0
    root.check()
