"""A fuzzer of whatever reads a dropped file: python -m tests.security.fuzz --minutes 60 --seed 1 --keep FOLDER.

Children with little time and memory read mutated files. What ends one, takes too long or too much memory, or raises
anything but a refusal is kept, with what happened beside it.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from dropdub.errors import DropdubError
from dropdub.languages import detect_text_language
from dropdub.media.ffmpeg import find_ffmpeg, input_arguments
from dropdub.media.probe import probe_media
from tests.security.mutations import mutated
from tests.security.parsers import FRAGMENTS, KINDS, PROSE, TookTooLong, a_file, cpu_limit, repeated, sidecar, taken

SEEDS = Path(__file__).parent / "seeds"
MOST_BYTES = 200_000
MOST_CPU_S = 5.0
MOST_MEMORY = 2_000_000_000
"""Of address space: what the libraries take, and ten times what any small file needs."""
_BATCH, _BATCH_S, _TOOL_S = 40, 180.0, 20
_SIDECARS = (
    "language: en\ntargets: [pt, es]\nvoice: anna\n",
    "subtitles: {line_length: 42}\nmix: {original: 0.2}\ncleanup: pt\n",
    "targets: !!set {pt, es}\n",
    "voice: !!binary aGVsbG8=\n",
    "voice: 0x" + "f" * 5_000,
    'out: "/a\\uDC80\\0x"\n',
    "voice: " + "1:" * 500 + "1\n",
    "- " * 200,
    "a: &a [1]\nb: *a\n<<: {language: en}\n",
)
_SOUND = ["-f", "lavfi", "-i", "sine=440:duration=1:sample_rate=16000"]
_PICTURE = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=5:duration=1"]
_MEDIA = {
    "wav": _SOUND,
    "flac": _SOUND,
    "mp3": _SOUND,
    "ogg": _SOUND,
    "aiff": _SOUND,
    "m4a": _SOUND,
    "mp4": [*_SOUND, *_PICTURE],
    "mkv": [*_SOUND, *_PICTURE],
    "avi": [*_SOUND, *_PICTURE],
    "ts": [*_SOUND, *_PICTURE],
}


@dataclass(frozen=True)
class Target:
    """What is fuzzed: how a file of it is read, the seeds, and the name that a file has."""

    read: Callable[[Path, Path], bool]
    suffix: str
    seeds: tuple[bytes, ...]


def targets(folder: Path) -> dict[str, Target]:
    found = {kind: Target(taken, f".{kind.partition('-')[0]}", tuple(_texts(folder, kind))) for kind in KINDS}
    found["sidecar"] = Target(
        sidecar, ".txt.job.yaml", tuple(one.encode("utf-8", "surrogatepass") for one in _SIDECARS)
    )
    for suffix, sources in _MEDIA.items():
        seed = tuple(_recorded(folder, suffix, sources))
        found |= {f"probe-{suffix}": Target(_probed, f".{suffix}", seed)}
        found |= {f"ffmpeg-{suffix}": Target(_decoded, f".{suffix}", seed)}
    return {name: one for name, one in found.items() if one.seeds}


def _texts(folder: Path, kind: str) -> Iterator[bytes]:
    if kind.endswith(("-xml", "-opf")):
        kind = kind.partition("-")[0]
    yield a_file(folder, kind, PROSE * 4).read_bytes()
    for fragment in FRAGMENTS.values():
        yield a_file(folder, kind, PROSE + repeated(fragment, 2_000)).read_bytes()
    for kept in sorted(SEEDS.glob(f"*.{kind}")):
        yield kept.read_bytes()


def _recorded(folder: Path, suffix: str, sources: list[str]) -> Iterator[bytes]:
    path = folder / f"seed.{suffix}"
    command = [str(find_ffmpeg()), "-v", "error", "-y", *sources, str(path)]
    if subprocess.run(command, check=False, capture_output=True).returncode == 0:
        yield path.read_bytes()
    yield from (kept.read_bytes() for kept in sorted(SEEDS.glob(f"*.{suffix}")))


def _probed(path: Path, _folder: Path) -> bool:
    try:
        probe_media(path, timeout_s=MOST_CPU_S)
    except DropdubError:
        return False
    return True


def _decoded(path: Path, _folder: Path) -> bool:
    """Decode a file as extract does. Raises if ffmpeg was killed by a signal, which is a crash of its own."""
    output = ["-map", "0:a:0?", "-ac", "1", "-t", "60", "-fs", "50000000", "-f", "null", "-"]
    command = [str(find_ffmpeg()), "-v", "error", "-nostdin", *input_arguments(path), *output]
    try:
        ended = subprocess.run(command, check=False, capture_output=True, timeout=_TOOL_S)
    except subprocess.TimeoutExpired:
        raise TookTooLong from None
    if ended.returncode < 0:
        raise RuntimeError(f"ffmpeg was ended by {signal.Signals(-ended.returncode).name}")
    return ended.returncode == 0


def an_input(target: Target, name: str, random_: random.Random) -> bytes:
    """Return a mutated seed; of a document, often one of its parts, repacked."""
    seed = random_.choice(target.seeds)
    if name.startswith(("docx", "epub")) and random_.random() < 0.8:
        return _repacked(seed, random_)
    return mutated(seed, random_, others=target.seeds, most=MOST_BYTES)


def _repacked(seed: bytes, random_: random.Random) -> bytes:
    with zipfile.ZipFile(BytesIO(seed)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name in random_.sample(sorted(parts), k=random_.randint(1, min(2, len(parts)))):
        parts[name] = mutated(parts[name], random_, others=tuple(parts.values()), most=MOST_BYTES)
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _child(target: Target, paths: list[Path], folder: Path) -> None:
    """Read files in a separate process; write beside each what was wrong with it, and that it is done."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000_000, 100_000_000))
    for number, path in enumerate(paths):
        own = folder / str(number)
        own.mkdir()
        wrong = ""
        try:
            with cpu_limit(MOST_CPU_S):
                was_taken = target.read(path, own)
        except TookTooLong:
            wrong = f"took more than {MOST_CPU_S} s"
        except MemoryError:
            wrong = "took too much memory"
        except BaseException:
            wrong = traceback.format_exc()
        else:
            wrong = "" if was_taken else "refused"
        path.with_name(path.name + ".said").write_text(wrong, encoding="utf-8", errors="replace")
        shutil.rmtree(own, ignore_errors=True)


def run_batch(target: Target, inputs: list[bytes], folder: Path) -> list[str]:
    """Return what was said of each input: nothing for one that was taken, `refused`, or what was wrong."""
    paths = [folder / f"{number}{target.suffix}" for number in range(len(inputs))]
    for path, content in zip(paths, inputs, strict=True):
        path.write_bytes(content)
    child = os.fork()
    if child == 0:
        try:
            os.setpgid(0, 0)
            _child(target, paths, folder)
        finally:
            os._exit(0)
    status = _awaited(child)
    shown = [path.with_name(path.name + ".said") for path in paths]
    done = [one.read_text(encoding="utf-8") if one.exists() else None for one in shown]
    first_lost = next((number for number, one in enumerate(done) if one is None), None)
    if first_lost is not None:
        done[first_lost] = f"the child ended with {status}" if status else "the child hung"
    return [one if one is not None else "not read" for one in done]


def _awaited(child: int) -> int:
    """Wait for a child; if it takes too long, kill it with all that it started and return 0."""
    ends_at = time.monotonic() + _BATCH_S
    while time.monotonic() < ends_at:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status or -1
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 0


def _keep(keep: Path, name: str, suffix: str, content: bytes, wrong: str) -> None:
    keep.mkdir(parents=True, exist_ok=True)
    number = len(list(keep.glob(f"{name}-*.said")))
    if number < 50:
        (keep / f"{name}-{number}{suffix}").write_bytes(content)
        (keep / f"{name}-{number}.said").write_text(wrong, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="fuzz targets whose names begin so")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-found"))
    given = parser.parse_args()
    detect_text_language(PROSE)  # loads its model, once for all children
    random_, counts, found = random.Random(given.seed), Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="dropdub-fuzz-") as made:
        known = {name: one for name, one in targets(Path(made)).items() if name.startswith(given.only or "")}
        print(f"Fuzzing {', '.join(known)}", flush=True)
        ends_at, told_at = time.monotonic() + given.minutes * 60, 0.0
        while time.monotonic() < ends_at:
            name = random_.choice(list(known))
            inputs = [an_input(known[name], name, random_) for _ in range(_BATCH)]
            with tempfile.TemporaryDirectory(prefix="dropdub-fuzz-") as folder:
                said = run_batch(known[name], inputs, Path(folder))
            for content, wrong in zip(inputs, said, strict=True):
                counts[f"{name} {wrong or 'taken'}" if wrong in ("", "refused", "not read") else f"{name} wrong"] += 1
                if wrong not in ("", "refused", "not read"):
                    found[f"{name}: {wrong.strip().splitlines()[-1][:150]}"] += 1
                    _keep(given.keep, name, known[name].suffix, content, wrong)
            if time.monotonic() > told_at + 60:
                told_at = time.monotonic()
                print(time.strftime("%H:%M:%S"), sum(counts.values()), "inputs,", dict(found), flush=True)
    for line in sorted(f"{count:7} {what}" for what, count in (counts + found).items()):
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
