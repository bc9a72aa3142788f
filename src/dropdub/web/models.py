"""The models that clients may name: those that are installed, and the names of OpenAI's, which stand for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from dropdub.pipeline.described_engines import chosen_engines, described_engines
from dropdub.root import model_folders
from dropdub.web.answering.errors import ApiError
from dropdub.web.api_document import errors
from dropdub.web.site import Site

HEARS = ("whisper-1", "gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize")
SPEAKS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
"""OpenAI's names for transcribers and synthesizers. Requests may name any model: the installed one is used."""


@dataclass(frozen=True)
class ListedModel:
    """A model. `created`: epoch seconds; 0 for a name that stands for whatever is installed."""

    id: str
    created: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as OpenAI's API does."""
        return {"id": self.id, "object": "model", "created": self.created, "owned_by": "dropdub"}


def models_router(site: Site) -> APIRouter:
    """Return the routes `/v1/models` and `/v1/audio/models`."""
    router, root = APIRouter(tags=["OpenAI"]), site.place.root
    models_dir = root.models_dir(site.config.models.dir)

    @router.get("/v1/models", summary="List the models")
    async def list_models() -> dict[str, Any]:
        listed = await site.run(_listed, models_dir)
        return {"object": "list", "data": [one.to_json() for one in listed]}

    @router.get("/v1/models/{model_id}", summary="Look at a model", responses=errors(404))
    async def one_model(model_id: str) -> dict[str, Any]:
        found = next((one for one in await site.run(_listed, models_dir) if one.id == model_id), None)
        if found is None:
            raise ApiError(404, f"There is no model {model_id!r}.", "model_not_found", "model")
        return found.to_json()

    @router.get("/v1/audio/models", summary="List what speaks, as Open WebUI asks for it")
    async def audio_models() -> dict[str, Any]:
        described = await site.run(described_engines, root.state_dir, "synthesizer")
        engines = chosen_engines(described, site.config.job.synthesizer)
        return {"models": [{"id": name} for name in (*SPEAKS, *(one.name for one in engines if one.is_ready))]}

    return router


def _listed(models_dir: Path) -> list[ListedModel]:
    return [*_installed(models_dir), *map(ListedModel, (*HEARS, *SPEAKS))]


def _installed(models_dir: Path) -> Iterator[ListedModel]:
    for folder in model_folders(models_dir):
        yield ListedModel(folder.name, int(folder.stat().st_mtime))
