"""What Dropdub takes beside the work itself: the supervisor, an idle daemon, a short command, a file without speech.

    python benchmarks/lean.py [--minutes N] [--cues N] [--config FILE]

Two daemons are measured at the same time for N minutes (by default 10): one has nothing to do, the other transcribes a
long recording. The share of a core is that of the supervisor alone, without its workers. FILE is a `config.yaml` that
chooses engines; without it, pocketsphinx of `plugins/light` is used. Short commands are compared with
`python -c pass`. `--cues` measures a subtitle of N cues, which is translated and spoken by the engines of
`plugins/light`: the shorter the work for a line, the more the supervisor has to do.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import recordings
import soundfile
from side import run, show

LIGHT = "job: {language: en, transcriber: pocketsphinx}\n"
SPOKEN = "job: {language: en, targets: [es], translator: apertium, synthesizer: espeak-ng, speakers: one}\n"
IDLE_EXIT_S = 300.0
"""The default of `pools.*.idle_exit`; shorter if less is measured."""
SETTLED_S = 20.0
"""After this time a daemon has started and warmed its workers."""
SILENCE_S = 300
LOOK_EVERY_S = 0.1
RUNS = 15
PATIENCE_S = 300.0
LONGER = 15
"""The long recording, in multiples of the time measured, so that no engine has done it before."""
DROPDUB = [sys.executable, "-m", "dropdub", "--root"]
_READY = re.compile(r"worker (\w+)-\w+ ready in ([0-9.]+) s")


def a_root(path: Path, config: str, *, idle_exit_s: float = IDLE_EXIT_S) -> Path:
    """Create a root as `dropdub init` does, with these settings."""
    subprocess.run([sys.executable, "-m", "dropdub", "init", str(path)], check=True, stdout=subprocess.DEVNULL)
    pools = ", ".join(
        f"{name}: {{idle_exit: {idle_exit_s}}}" for name in ("media", "transcribe", "translate", "synthesize")
    )
    (path / "config.yaml").write_text(f"{config}inbox: {{settle: 0.2}}\npools: {{{pools}}}\n", encoding="utf-8")
    return path


@contextmanager
def a_daemon(root: Path) -> Iterator[psutil.Process]:
    """Run a daemon, and yield its process once it has settled."""
    with (root / "out.txt").open("wb") as output:
        daemon = subprocess.Popen([*DROPDUB, str(root), "watch"], stdout=output, stderr=output)
    try:
        time.sleep(SETTLED_S)
        yield psutil.Process(daemon.pid)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait()


def cpu_s(process: psutil.Process) -> float:
    """Return the CPU seconds of a process alone, without its children."""
    used = process.cpu_times()
    return float(used.user + used.system)


def pss_mb(process: psutil.Process) -> dict[str, float]:
    """Return the memory of a process and of its descendants, by pool; what is shared counts proportionally."""
    found = {"supervisor": _pss(process)}
    for child in process.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            name = child.cmdline()[-1]
            found[name] = found.get(name, 0.0) + _pss(child)
    return found


def _pss(process: psutil.Process) -> float:
    memory = process.memory_full_info()
    return float(getattr(memory, "pss", memory.uss)) / 1e6  # only Linux knows the proportional share


def over_time(folder: Path, config: str, minutes: float) -> None:
    """Measure an idle and a busy daemon at the same time, and then the next file of the idle one."""
    quiet = a_root(folder / "idle", config, idle_exit_s=min(IDLE_EXIT_S, minutes * 30))
    busy = a_root(folder / "busy", config)
    length = max(1, round(minutes * LONGER))
    recordings.write(busy / "inbox" / "long.flac", length, utterances=5 * length)
    with a_daemon(quiet) as idle, a_daemon(busy) as working:
        memory = pss_mb(idle)
        show(f"idle daemon after its start   {sum(memory.values()):6.0f} MB  {_parts(memory)}")
        began, before = time.monotonic(), (cpu_s(idle), cpu_s(working))
        time.sleep(minutes * 60)
        passed = time.monotonic() - began
        is_busy = not (busy / "outbox" / "long" / "manifest.json").exists()
        shares = [100 * (cpu_s(one) - first) / passed for one, first in zip((idle, working), before, strict=True)]
        show(f"supervisor, nothing to do     {shares[0]:6.2f} % of a core for {passed:.0f} s (goal: 0.3)")
        show(
            f"supervisor, transcribing      {shares[1]:6.2f} % of a core{'' if is_busy else ' (ended early)'} (goal: 1)"
        )
        memory = pss_mb(idle)
        show(f"idle daemon, all processes    {sum(memory.values()):6.0f} MB  {_parts(memory)} (goal: 300)")
        next_file(quiet)


def _parts(memory: dict[str, float]) -> str:
    return ", ".join(f"{name} {size:.0f}" for name, size in memory.items())


def next_file(root: Path) -> None:
    """Drop two recordings, one after the other: only the first has to wait until workers have started."""
    log = root / "work" / "logs" / "dropdub.log"
    start = log.stat().st_size
    seconds = []
    for number in range(2):
        name = f"talk{number}"
        soundfile.write(root / f"{name}.wav", recordings.speech(4 + number), recordings.RATE_HZ)
        began = time.monotonic()
        (root / f"{name}.wav").rename(root / "inbox" / f"{name}.wav")
        while not (root / "outbox" / name / "manifest.json").exists():
            if time.monotonic() - began > PATIENCE_S:
                raise RuntimeError(f"{name}.wav was not processed; see {log}")
            time.sleep(0.02)
        seconds.append(time.monotonic() - began)
    with log.open("rb") as lines:
        lines.seek(start)
        loads = _READY.findall(lines.read().decode())
    show(
        f"next file after the idle time {seconds[0]:6.2f} s; with warm workers {seconds[1]:.2f} s; engines loaded in "
        f"{sum(float(taken) for _, taken in loads):.1f} s ({', '.join(sorted(pool for pool, _ in loads))})"
    )


def a_silent_file(folder: Path, config: str) -> None:
    """Measure the whole tree of `dropdub run` on a recording in which nobody speaks, on a fresh root."""
    file = folder / "silent.wav"
    soundfile.write(file, np.zeros(SILENCE_S * recordings.RATE_HZ, np.float32), recordings.RATE_HZ)
    costs = [run([*DROPDUB, str(a_root(folder / f"silent{n}", config)), "run", str(file)]).cpu_s for n in range(3)]
    show(f"run, five minutes of silence  {min(costs):6.2f} CPU s in all, least of {len(costs)} (goal: 4)")


def many_cues(folder: Path, number: int) -> None:
    """Measure the supervisor while a subtitle is translated and spoken, start and end included."""
    root = a_root(folder / "cues", SPOKEN)
    cues = (
        f"{n}\n{srt_time(3 * n)} --> {srt_time(3 * n + 2)}\nThe old house has {n} windows.\n" for n in range(number)
    )
    (root / "inbox" / "many.srt").write_text("\n".join(cues), encoding="utf-8")
    began, used_s = time.monotonic(), 0.0
    with psutil.Popen([*DROPDUB, str(root), "watch", "--until-idle"], stdout=subprocess.DEVNULL) as daemon:
        while daemon.poll() is None:
            used_s = cpu_s(daemon)
            time.sleep(LOOK_EVERY_S)
    passed = time.monotonic() - began
    if daemon.returncode:
        raise RuntimeError(f"the subtitle was not processed; see {root}")
    show(f"supervisor, {number:,} cues {100 * used_s / passed:14.2f} % of a core for {passed:.0f} s (goal: 1)")


def a_cue(number: int) -> str:
    """Return a cue of SubRip; no two are alike, so that nothing is taken from the cache."""
    times = f"{srt_time(3 * number)} --> {srt_time(3 * number + 2)}"
    return f"{number + 1}\n{times}\nThe old house has {number} windows.\n"


def srt_time(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02},000"


def short_commands(root: Path) -> None:
    """Compare `dropdub status`, as a whole process, with the start of Python."""
    commands = {"python -c pass": [sys.executable, "-c", "pass"], "status": [*DROPDUB, str(root), "status"]}
    commands["status --json"] = [*commands["status"], "--json"]
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            taken[name].append(time.perf_counter() - began)
    least = statistics.median(taken.pop("python -c pass"))
    for name, times in taken.items():
        middle = statistics.median(times)
        show(f"{name:<29} {middle / least:6.1f} x python -c pass, {middle * 1000:.0f} ms (goal: 12)")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what Dropdub takes beside the work itself.")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long daemons are measured; 0: not at all")
    parser.add_argument("--cues", type=int, default=0, help="how many cues the subtitle has; 0: none")
    parser.add_argument("--config", type=Path, help="a config.yaml that chooses the engines")
    asked = parser.parse_args()
    config = asked.config.read_text(encoding="utf-8") if asked.config else LIGHT
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # otherwise each process compiles all that it imports
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short_commands(a_root(folder / "status", config))
        a_silent_file(folder, config)
        if asked.minutes:
            over_time(folder, config, asked.minutes)
        if asked.cues:
            many_cues(folder, asked.cues)


if __name__ == "__main__":
    main()
