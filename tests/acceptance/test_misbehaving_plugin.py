"""Engines of another package that crash, hang and raise: each job ends with a sentence that names both."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests import plugged
from tests.acceptance.site import Site

MODULE = """
import os
import numpy as np
from dropdub.engines.api import EngineInfo


class Good:
    name, role, rank, clones, sample_rate = "good", "synthesizer", 5, False, 16_000

    def __init__(self, settings=None): pass

    @classmethod
    def unavailable(cls): return None

    def load(self): pass

    def info(self): return EngineInfo(self.name, "1")

    def supports(self, language): return True

    def speak(self, text, *, language, voice, rate=1.0, take=0):
        return np.full(round(16_000 / rate), 0.1, np.float32)


class Dies(Good):
    name = "dies"

    def speak(self, *_, **__): os._exit(3)


class Hangs(Good):
    name = "hangs"

    def load(self):
        import ctypes
        ctypes.PyDLL(None).sleep(600)  # holds the lock of Python: no thread of this process runs


class Raises(Good):
    name = "raises"

    def speak(self, *_, **__): raise KeyError("no such thing")
"""
NAMES = {"good": "Good", "dies": "Dies", "hangs": "Hangs", "raises": "Raises"}
ENDS = "import os\nos._exit(7)\n"
"""A module whose import ends the process."""
OF = "the engine '{}' of the package unruly-engines"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the engine that hangs calls the C library of a Unix")
def test_engine_of_a_package_that_misbehaves_fails_its_job_only_and_is_named(tmp_path: Path) -> None:
    package = plugged.written(tmp_path / "package", "unruly-engines", "1", MODULE, dropdub_engines=NAMES)
    plugged.written(package, "ending-engines", "1", ENDS, dropdub_engines={"ends": "Ends"})
    site = Site(tmp_path / "root", retry={"attempts": 1}, deadlines={"stall": 6.0})
    site.forks = site.forks_workers = False
    names = [*NAMES, "ends"]
    for name in names:
        site.drop_text(f"Hello from {name}.", f"{name}.txt")
        (site.inbox / f"{name}.txt.job.yaml").write_text(
            f"language: en\ntargets: [en]\nsynthesizer: {name}\n", encoding="utf-8"
        )
    site.work_off(PYTHONPATH=str(package))
    jobs = {name: site.job(f"{name}.txt") for name in names}
    assert jobs["good"]["state"] == "succeeded", site.output()
    errors = {name: job["error"] for name, job in jobs.items() if job["state"] == "failed"}
    assert errors.keys() == {"dies", "hangs", "raises", "ends"}
    assert f"It was using {OF.format('dies')}." in errors["dies"]
    assert "computed nothing" in errors["hangs"] and f"It was using {OF.format('hangs')}." in errors["hangs"]
    assert OF.format("raises")[1:] in errors["raises"] and "KeyError" in errors["raises"]
    said = "The engine 'ends' of the package ending-engines is not used, because its import crashed or did not end."
    assert said in errors["ends"], "the import has ended a worker, and no attempt of any job"
