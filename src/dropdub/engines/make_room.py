"""Two large models do not fit on one small card: free that of the language model before another one is loaded."""

from __future__ import annotations

from dropdub.engines.abilities import NeedsModel
from dropdub.engines.base import Engine, EngineSettings, Synthesizer
from dropdub.engines.devices.precision import device_of
from dropdub.engines.openai.ollama import unload


def make_room(engine: Engine, settings: EngineSettings) -> None:
    """Have Ollama on this machine unload its models before a synthesizer is loaded on the card. Best effort.

    Ollama loads its model again for the next translation. Other servers keep theirs: they have no such request.
    """
    is_large = isinstance(engine, Synthesizer) and isinstance(engine, NeedsModel) and engine.runtime == "torch"
    server = settings.server
    if is_large and server.is_named and server.is_local and device_of(settings) == "cuda":
        unload(server)
