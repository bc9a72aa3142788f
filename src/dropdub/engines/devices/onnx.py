"""Sessions of onnxruntime: their options, and the error for a model that it cannot read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dropdub.engines.devices.precision import first_line
from dropdub.errors import EngineMissing

if TYPE_CHECKING:
    from onnxruntime import SessionOptions

PROVIDERS = ["CPUExecutionProvider"]
"""The processor only: no graphics card was tried with these models, which are in 8 bits."""
_ERRORS_ONLY = 3


def session_options(threads: int) -> SessionOptions:
    """Return the options for a session that uses `threads` threads and logs only errors."""
    from onnxruntime import SessionOptions  # noqa: PLC0415  (only in workers that use it)

    options = SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = _ERRORS_ONLY
    return options


@contextlib.contextmanager
def unreadable_model_errors(folder: Path) -> Iterator[None]:
    """Turn errors while a model is loaded into EngineMissing, which says how to check its files."""
    try:
        yield
    except Exception as error:  # the library raises nothing more specific
        raise EngineMissing(
            f"The model in {folder} cannot be read: {first_line(error)}.",
            remedy="Check it with: `dropdub models verify`. Then run: `dropdub retry JOB`.",
        ) from error
