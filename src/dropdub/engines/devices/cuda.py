"""NVIDIA cards for CTranslate2: how many there are, and whether the NVIDIA library that it needs can be loaded."""

from __future__ import annotations

import ctypes
import logging
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from dropdub.process import library_file

CUBLAS = "cublas", "12"
"""The library, and its version, that CTranslate2 4 loads when it first uses a card; it bundles all others."""

log = logging.getLogger("dropdub.engines")


def cards() -> int:
    """Return the number of graphics cards that CTranslate2 sees."""
    import ctranslate2  # noqa: PLC0415  (only in workers)

    return int(ctranslate2.get_cuda_device_count())


def lacking() -> str | None:
    """Return the name of the NVIDIA library if it cannot be loaded, else None."""
    open_packaged()
    name = library_file(*CUBLAS)
    return None if _opened(name) else name


@cache
def open_packaged() -> None:
    """Load libraries that packages brought, outside the system's search path: later loads then find them by name."""
    for folder in _packaged():
        # libcublas depends on libcublasLt, and does not find it on its own: load that first.
        for file in sorted(folder.glob(f"*{CUBLAS[0]}*"), key=lambda one: ("Lt" not in one.name, one.name)):
            if not _opened(str(file)):
                log.warning("cannot load an NVIDIA library: %s", file)


def _packaged() -> list[Path]:
    """Return the library folders of the package nvidia-cublas: `lib`, or `bin` on Windows."""
    try:
        found = find_spec("nvidia.cublas")
    except ModuleNotFoundError:
        return []
    places = [Path(place) for place in (found.submodule_search_locations or ())] if found else []
    return [place / kind for place in places for kind in ("lib", "bin") if (place / kind).is_dir()]


def _opened(name: str) -> bool:
    try:
        ctypes.CDLL(name, winmode=0)  # 0: use the search order of Windows programs, which includes PATH
    except OSError:
        return False
    return True
