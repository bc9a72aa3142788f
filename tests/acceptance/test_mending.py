"""Lines of a dubbed recording, mended by requests to a real daemon: what is kept, made, and heard."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.served import Served
from tests.acceptance.site import LIGHT, Site
from tests.waiting import wait_until

SAMPLE = Path(__file__).parents[1] / "data" / "ljspeech" / "LJ001-0001.flac"
LINES = ("One small step.", "It is for us all.", "The end.")


@pytest.fixture
def dubbed(site: Callable[..., Site]) -> Iterator[Served]:
    """Yield a server with the job of a recording, whose words came with it, dubbed into Spanish."""
    one = Served(site(job={**LIGHT, "targets": ["es"]}))
    one.start()
    subtitle = one.site.root / "lines.srt"
    cues = (f"00:00:0{3 * n}.200 --> 00:00:0{3 * n + 2}.600\n{text}\n" for n, text in enumerate(LINES))
    subtitle.write_text("\n".join(cues), encoding="utf-8")
    one.site.move_in(subtitle, "clip.en.srt")
    one.site.drop(SAMPLE, "clip.flac")
    one.site.wait_for("clip.flac")
    yield one
    one.close()


def revised(one: Served, job: int, **changes: Any) -> int:
    """Ask for a revision, and return its job once it has succeeded."""
    status, _, made = one.ask(f"/v1/jobs/{job}/revisions", changes)
    assert status == 201, made
    ended = {"succeeded", "failed"}
    wait_until(lambda: one.ask(f"/v1/jobs/{made['id']}")[2]["job"]["state"] in ended, "the revision has ended")
    assert one.ask(f"/v1/jobs/{made['id']}")[2]["job"]["state"] == "succeeded"
    return int(made["id"])


def spoken(one: Served, job: int) -> dict[str, int]:
    [row] = one.site.rows("SELECT result FROM step WHERE job_id = ? AND key = 'synthesize/es'", job)
    found: dict[str, int] = json.loads(row["result"])["pieces"]
    return found


def texts(one: Served, job: int, target: str = "") -> list[str]:
    return [line["text"] for line in one.ask(f"/v1/jobs/{job}/transcript{target}")[2]["lines"]]


def test_a_mended_line_is_heard_kept_and_made_and_nothing_else_is_spoken_again(dubbed: Served) -> None:
    line = {"n": 2, "before": LINES[1], "text": "It is for everybody."}
    status, headers, sound = dubbed.ask("/v1/jobs/1/lines/2/preview", {"text": "Para todos.", "target": "es"})
    assert (status, headers["dropdub-voice"]) == (200, "default")
    with wave.open(BytesIO(sound)) as said:
        assert said.getnframes() > 0
    assert dubbed.ask("/v1/jobs/1/draft", {"lines": [line]}, method="PUT")[0] == 200
    kept = dubbed.ask("/v1/jobs/1/draft")[2]
    assert kept["lines"] == [line]
    made = revised(dubbed, 1, lines=kept["lines"])
    assert texts(dubbed, made) == [LINES[0], "It is for everybody.", LINES[2]]
    assert spoken(dubbed, made) == {"spoken": 1, "cached": 2}
    assert dubbed.ask("/v1/jobs/1/draft")[2]["revision"] == {"job": made, "version": 1}
    before = texts(dubbed, made, "?target=es")
    again = revised(dubbed, made, target="es", lines=[{"n": 3, "before": before[2], "text": "Fin."}])
    assert texts(dubbed, again, "?target=es") == [*before[:2], "Fin."]
    assert spoken(dubbed, again) == {"spoken": 1, "cached": 2}
