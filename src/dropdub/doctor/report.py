"""Write a file to attach to a bug report. It contains nothing private.

Only information known to be harmless is included: Dropdub's own words, numbers, versions, names of engines and
exceptions, places in code. Paths, file names, texts, free text of settings, host and user names are not filtered out
afterwards; they are never added. See `docs/reliability.md`.
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
from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding
from dropdub.doctor.packages import versions
from dropdub.files.durable import write_whole

REPORT_NAME = "dropdub-report.yaml"
_VERSION = re.compile(r"[\d.]*")
"""The version number of the kernel. Anything after it may be the text of whoever built the kernel."""


def write_report(subject: ExaminedRoot, findings: Iterable[Finding], *, now: float) -> Path:
    """Write the report to the root, replacing an earlier one; return its path."""
    path = subject.root.path / REPORT_NAME
    text = yaml.safe_dump(contents(subject, findings, now=now), sort_keys=False, allow_unicode=True, width=120)
    write_whole(path, text.encode())
    return path


def contents(subject: ExaminedRoot, findings: Iterable[Finding], *, now: float) -> dict[str, Any]:
    """Return the contents of the report, as plain values."""
    return {
        "dropdub": __version__,
        "made": f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "system": _system(),
        "findings": [{"what": one.what, "state": one.state.value, "text": one.text} for one in findings],
        "settings": settings.changed(subject.config),
        "packages": versions(),
        **history.summary(subject.url),
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
