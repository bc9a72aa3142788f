"""A report to attach to a bug report, put together from what may leave the machine and nothing else.

Only what is known to be harmless gets in: Dropdub's own words, numbers, versions, names of engines and of exceptions,
places in code. No path, file name, text, setting's own words, host or user name: these are never looked for and taken
out again, they are not put in. See `docs/reliability.md`.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import yaml

from dropdub import __version__
from dropdub.doctor import history, settings, software, traces
from dropdub.doctor.finding import Finding
from dropdub.doctor.packages import versions
from dropdub.doctor.subject import Subject
from dropdub.files.durable import write_whole

REPORT_NAME = "dropdub-report.yaml"
_VERSION = re.compile(r"[\d.]*")
"""Of a kernel's name, what its makers gave it: who builds his own may have written anything behind that."""


def write_report(subject: Subject, findings: Iterable[Finding], *, now: float) -> Path:
    """Write the report into the root, in the place of an earlier one; return where it is."""
    path = subject.root.path / REPORT_NAME
    text = yaml.safe_dump(contents(subject, findings, now=now), sort_keys=False, allow_unicode=True, width=120)
    write_whole(path, text.encode())
    return path


def contents(subject: Subject, findings: Iterable[Finding], *, now: float) -> dict[str, Any]:
    """Return what the report says, as plain values."""
    return {
        "dropdub": __version__,
        "made": f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "system": _system(),
        "findings": [{"what": one.what, "state": one.state.value, "text": one.text} for one in findings],
        "settings": settings.changed(subject.config),
        "packages": versions(),
        **history.told(subject.url),
        "tracebacks": traces.newest(subject.root.logs_dir),
    }


def _system() -> Mapping[str, Any]:
    return {
        "system": platform.system(),
        "release": _VERSION.match(platform.release())[0],  # type: ignore[index]
        "machine": platform.machine(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "memory": psutil.virtual_memory().total,
        "encoding": software.encoding(),
    }
