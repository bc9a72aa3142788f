"""NVIDIA cards for CTranslate2: how many there are, and the library of NVIDIA's that it computes with on them."""

from __future__ import annotations

import ctypes
import logging
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from dropdub.process import library_file

CUBLAS = "cublas", "12"
"""The library, and its version, that CTranslate2 4 opens when it first computes on a card; it brings all others."""

log = logging.getLogger("dropdub.engines")


def cards() -> int:
    """Return how many graphics cards CTranslate2 sees."""
    import ctranslate2  # noqa: PLC0415  (in a worker only)

    return int(ctranslate2.get_cuda_device_count())


def lacking() -> str | None:
    """Return the file of NVIDIA's that computing on a card would ask for in vain; None where it is to be had."""
    open_packaged()
    name = library_file(*CUBLAS)
    return None if _opened(name) else name


@cache
def open_packaged() -> None:
    """Open the libraries that pip has installed, where the system does not look: later they are found by name."""
    for folder in _packaged():
        # The one that computes needs the one that knows how ("Lt"), and does not find it by itself.
        for file in sorted(folder.glob(f"*{CUBLAS[0]}*"), key=lambda one: ("Lt" not in one.name, one.name)):
            if not _opened(str(file)):
                log.warning("a library of NVIDIA's cannot be opened: %s", file)


def _packaged() -> list[Path]:
    """Return the folders with libraries of the package nvidia-cublas: `lib`, on Windows `bin`."""
    try:
        found = find_spec("nvidia.cublas")
    except ModuleNotFoundError:
        return []
    places = [Path(place) for place in (found.submodule_search_locations or ())] if found else []
    return [place / kind for place in places for kind in ("lib", "bin") if (place / kind).is_dir()]


def _opened(name: str) -> bool:
    try:
        ctypes.CDLL(name, winmode=0)  # 0: looked for as programs of Windows do, also along PATH
    except OSError:
        return False
    return True
