"""The precision at which a model runs: the fastest that this machine supports, with fallbacks."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from dropdub.engines.base import EngineSettings
from dropdub.engines.devices import cuda
from dropdub.engines.devices.tuning import chosen_compute_type
from dropdub.errors import EngineMissing, OutOfMemory

T = TypeVar("T")
Precision = tuple[str, str]
"""A device and a compute type, as CTranslate2 names them."""

SMALLEST_ON_GPU = "int8_float16"
ON_CPU: tuple[Precision, ...] = (("cpu", "int8"), ("cpu", "int8_float32"), ("cpu", "float32"))
ON_GPU: tuple[Precision, ...] = (("cuda", "float16"), ("cuda", SMALLEST_ON_GPU), ("cpu", "int8"))
OFF_CARD = "{engine} runs on the CPU, not on the graphics card: {reason}."
_NO_MEMORY = ("out of memory", "bad_alloc", "failed to allocate", "cannot allocate")

log = logging.getLogger("dropdub.engines")


@dataclass(frozen=True)
class Loaded(Generic[T]):
    """A model that was loaded, and a sentence about the precisions that failed, if any."""

    thing: T
    device: str
    compute_type: str
    announcements: tuple[str, ...]


def precisions(device: str, settings: EngineSettings, *, model: Path) -> tuple[Precision, ...]:
    """Return the precisions to try, the preferred one first: that of the settings, else as measured, else the usual."""
    usual = ON_GPU if device == "cuda" else ON_CPU
    wanted = settings.compute_type
    if wanted == "auto":
        wanted = chosen_compute_type(settings.state_dir, model, device=device) or usual[0][1]
    first = (device, wanted)
    at = usual.index(first) if first in usual else -1
    return (first, *usual[at + 1 :], *usual[: max(at, 0)])


def device_of(settings: EngineSettings) -> str:
    """Return the device to use: for `auto`, the graphics card if there is one."""
    if settings.device != "auto":
        return settings.device
    return "cuda" if cuda.cards() else "cpu"


def first_that_loads(wanted: Sequence[Precision], make: Callable[[str, str], T], *, engine: str) -> Loaded[T]:
    """Return the first model of `make(device, compute_type)` that loads here.

    Failures for lack of memory or of support for the precision are announced. Raises EngineMissing, with the library's
    message, if the files are to blame, and OutOfMemory if the last precision does not load either.
    """
    failed: list[str] = []
    if any(device == "cuda" for device, _ in wanted):
        cuda.open_packaged()
    for number, (device, compute_type) in enumerate(wanted):
        try:
            made = make(device, compute_type)
        except (ValueError, RuntimeError, MemoryError) as error:
            reason = _reason(error)
            if reason is None:
                raise EngineMissing(
                    f"The model of the engine '{engine}' cannot be loaded: {str(error).strip().rstrip('.')}.",
                    remedy="Check its files with: `dropdub models verify`. Then run: `dropdub retry JOB`.",
                ) from error
            if number + 1 == len(wanted):
                raise OutOfMemory(f"{engine} cannot be loaded as {compute_type} on {device}: {reason}.") from error
            failed.append(f"{compute_type} on {device} {reason}")
            log.warning("precision falls back: engine=%s from=%s/%s reason=%s", engine, device, compute_type, error)
        else:
            fallback = (f"{engine} uses {compute_type} on {device}: {', '.join(failed)}.",) if failed else ()
            return Loaded(made, device, compute_type, fallback)
    raise AssertionError("there is at least one precision to try")


@contextlib.contextmanager
def out_of_memory_errors(engine: str) -> Iterator[None]:
    """Turn the libraries' out-of-memory errors into OutOfMemory: the step is then retried with a smaller load."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemory(f"{engine} ran out of memory.") from error


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether a library's exception means that memory ran out."""
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in _NO_MEMORY)


def first_line(error: BaseException) -> str:
    """Return the first line of an exception's message, or the name of its class if the message is empty."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")


def _reason(error: Exception) -> str | None:
    if is_out_of_memory(error):
        return "does not fit into memory"
    text = str(error).lower()
    if "compute type" in text or "cuda" in text or "cublas" in text or "cudnn" in text:
        return f"is not possible on this machine ({first_line(error)})"
    return None
