"""The server computes nothing: what it imports loads no engine, no stage and no large library."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import pkgutil, sys
import dropdub.web
for module in pkgutil.walk_packages(dropdub.web.__path__, "dropdub.web."):
    if not module.name.endswith("__main__"):
        __import__(module.name)
parts = ("dropdub.engines", "dropdub.stages", "dropdub.daemon")
libraries = ("torch", "ctranslate2", "faster_whisper", "av", "soxr", "soundfile", "numpy")
print([name for name in sys.modules if name in (*parts, *libraries)])
"""


def test_the_web_modules_load_no_engine_and_no_stage() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "[]"
