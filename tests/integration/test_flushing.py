"""The order in which files are flushed and renamed. A kill keeps what the kernel holds: only the calls show it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")

WATCHED = "openat,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,pwrite64,write,close"


@pytest.fixture
def calls(tmp_path: Path) -> Callable[[str], list[str]]:
    """Run a script under strace in a folder; return its calls that name the folder, each as `call target`."""

    def run(script: str) -> list[str]:
        log = tmp_path.with_name(f"{tmp_path.name}.strace")
        command = [
            "strace",
            "-f",
            "-y",
            "-s",
            "300",
            "-e",
            f"trace={WATCHED}",
            "-o",
            str(log),
            sys.executable,
            "-c",
            script,
        ]
        done = subprocess.run(
            [*command, str(tmp_path)], capture_output=True, encoding="utf-8", check=False, timeout=120
        )
        if "PTRACE" in done.stderr or "Operation not permitted" in done.stderr:
            pytest.skip("this account may not trace processes")
        assert done.returncode == 0, done.stderr
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [_shown(line, tmp_path) for line in lines if str(tmp_path) in line and " = -1 " not in line]

    return run


def _shown(line: str, folder: Path) -> str:
    call = re.sub(r"^\d+ +", "", line).split("(", 1)[0]
    names = re.findall(re.escape(str(folder)) + r"/?([^\"<>,]*)", line)
    return " ".join([call, *(name or "." for name in names)])


def in_order(calls: list[str], *wanted: str) -> None:
    """Fail unless these calls come in this order, whatever comes between them."""
    position = -1
    for pattern in wanted:
        later = [at for at, call in enumerate(calls) if at > position and re.fullmatch(pattern, call)]
        assert later, f"{pattern} does not come after {wanted[: wanted.index(pattern)]} in {calls}"
        position = later[0]


PREPARE = (
    "import sys; from pathlib import Path; from dropdub.files import durable as files; "
    "from dropdub.inbox import move_file as moving; "
    "folder = Path(sys.argv[1]); "
)


def test_a_file_is_flushed_before_its_rename_and_its_folder_after(calls: Callable[[str], list[str]]) -> None:
    made = calls(PREPARE + "files.write_whole(folder / 'a.json', b'x' * 100)")
    in_order(made, r"fsync \.a\.json\.\w+\.part", r"rename\w* \.a\.json\.\w+\.part a\.json", r"fsync \.")


def test_an_artefact_is_flushed_before_its_rename_and_both_folders_after(calls: Callable[[str], list[str]]) -> None:
    made = calls(
        PREPARE
        + "(folder / 'tmp').mkdir()\n"
        + "with files.written_whole(folder / 'audio.wav', scratch=folder / 'tmp') as part: part.write_bytes(b'x')"
    )
    in_order(made, r"fsync tmp/\w+-audio\.wav", r"rename\w* tmp/\w+-audio\.wav audio\.wav", r"fsync \.", r"fsync tmp")


def test_an_original_is_removed_only_after_its_copy_is_flushed_and_renamed(calls: Callable[[str], list[str]]) -> None:
    made = calls(
        PREPARE
        + "import errno\n"
        + "(folder / 'in').mkdir(); (folder / 'out').mkdir(); (folder / 'in/clip').write_bytes(b'x')\n"
        + "real = files.rename_new\n"
        + "def across(source, target):\n"
        + "    if source.parent != target.parent: raise OSError(errno.EXDEV, 'another file system')\n"
        + "    real(source, target)\n"
        + "files.rename_new = across\n"
        + "moving.move(folder / 'in/clip', folder / 'out/clip')"
    )
    in_order(
        made,
        r"fsync out/\.clip\.\w+\.part",
        r"rename\w* out/\.clip\.\w+\.part out/clip",
        r"fsync out",
        "renameat2 in in",
        r"unlink\w* in",
        r"fsync in",
    )


def test_transition_is_on_disk_before_it_counts_as_done(calls: Callable[[str], list[str]]) -> None:
    made = calls(
        PREPARE
        + "from dropdub.store import transitions; from dropdub.store.database import Store\n"
        + "store = Store.open(f'sqlite:///{folder}/jobs.db')\n"
        + "transitions.record_job(store, name='clip', source='/inbox/clip', now=1.0)\n"
        + "(folder / 'done').write_text('')\n"
    )
    done = next(at for at, call in enumerate(made) if call.startswith("openat") and call.endswith(" done"))
    written = max(at for at, call in enumerate(made[:done]) if call == "pwrite64 jobs.db-wal")
    in_order(made[written:], r"pwrite64 jobs\.db-wal", r"(fdatasync|fsync) jobs\.db-wal", r"openat .*done")
