"""Let short work in while a transcriber is at work."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from dropdub.engines.abilities import WorksMeanwhile
from dropdub.engines.base import Transcriber


def letting_in(work: Callable[[], None], engine: Transcriber) -> AbstractContextManager[None]:
    """Call `work` again and again within the block while the engine transcribes, if it can let other work in."""
    return engine.meanwhile(work) if isinstance(engine, WorksMeanwhile) else nullcontext()
