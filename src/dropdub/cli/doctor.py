"""`dropdub doctor`: print the findings of `dropdub.doctor`, or measure the fastest precision."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

from dropdub.cli.console import say, say_json, with_named_root
from dropdub.cli.exit_codes import DONE, FELL_SHORT
from dropdub.doctor.checks import examine
from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, Verdict
from dropdub.doctor.report import write_report
from dropdub.process.run import in_foreground

_MARGIN = " " * (max(map(len, Verdict)) + 1)


def examine_root(path: Path, *, as_json: bool, report: bool) -> int:
    """Run all checks and print each finding; return 1 if there is a problem. `report`: also write a report file."""
    subject = ExaminedRoot.at(path)
    findings = []
    for found in examine(subject):
        finding = replace(found, detail=with_named_root(found.detail), remedy=with_named_root(found.remedy))
        findings.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        say_json(findings)
    if report:
        _report(subject, findings)
    return FELL_SHORT if any(finding.state is Verdict.PROBLEM for finding in findings) else DONE


def tune(path: Path) -> int:
    """Measure, in a separate process, which precision is fastest on this machine, and store the result."""
    say("Measuring. This takes a minute or two …")
    command = [sys.executable, "-P", "-m", "dropdub.prewarm", "precision", str(path)]
    return FELL_SHORT if in_foreground(command) else DONE


def _show(finding: Finding) -> None:
    head = f"{finding.state:{len(_MARGIN)}}{finding.what}: {finding.text}"
    detail, *commands = finding.detail.split("\n")
    say(f"{head} ({detail})" if detail else head)
    for line in [*commands, *finding.remedy.split("\n")]:
        if line:
            say(f"{_MARGIN}{line}")


def _report(subject: ExaminedRoot, findings: list[Finding]) -> None:
    path = write_report(subject, findings, now=time.time())
    say(f"Wrote the report to {path}", err=True)
    say("It contains no file names, texts or private settings. Read it, then attach it to your bug report.", err=True)
