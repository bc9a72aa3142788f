"""Which places a model is downloaded from, and in which order: as the settings say, or as the user does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.config.settings import Models
from dropdub.engines.models.download.collection import Collection
from dropdub.engines.models.download.hub import Hub
from dropdub.engines.models.download.origin import Origin
from dropdub.engines.models.download.packages import Packages
from dropdub.engines.models.download.publisher import Publisher
from dropdub.engines.models.known import KnownModel
from dropdub.engines.models.places import Place
from dropdub.errors import UsageError
from dropdub.pasting import marked


@dataclass(frozen=True)
class Choice:
    """Where to download from. `mirror` is used instead of the hub; `folder` is a folder with models."""

    places: Sequence[Place]
    mirror: str | None = None
    folder: Path | None = None

    @staticmethod
    def of(settings: Models, *, source: str | None = None, mirror: str | None = None) -> Choice:
        """Return what a user chose, or else what the settings say.

        `source` is the value of a `Place`, or the path of a folder; `mirror` an address. Raises UsageError.
        """
        configured = settings.mirror.get_secret_value() if settings.mirror else None
        folder = Path(settings.folder) if settings.folder else None
        places = tuple(map(Place, settings.sources))
        if source is not None:
            places = (Place(source),) if source in list(Place) else (Place.FOLDER,)
            folder = folder if source in list(Place) else _existing(source)
        if mirror and Place.HUB not in places:
            raise UsageError("--mirror is used instead of the hub, but the hub is not among the chosen sources.")
        if places == (Place.FOLDER,) and folder is None:
            raise UsageError(
                "No folder with models is set.", remedy="Set models.folder in config.yaml, or name the folder."
            )
        return Choice(places, mirror or configured, folder)

    def origins(self, model: KnownModel) -> list[Origin]:
        """Return the places that can have a model, in order. Raises UsageError if there is none."""
        possible = [place for place in self.places if place in model.places()]
        found = [origin for place in possible if (origin := self._origin(place, model)) is not None]
        if not found:
            raise _not_there(model, self.places)
        return found

    def _origin(self, place: Place, model: KnownModel) -> Origin | None:
        match place:
            case Place.HUB:
                return Hub(self.mirror)
            case Place.PUBLISHER:
                return Publisher()
            case Place.PACKAGES:
                return Packages()
            case Place.FOLDER:
                return Collection(self.folder, model.name) if self.folder else None


def _existing(folder: str) -> Path:
    path = Path(folder).expanduser().absolute()
    if not path.is_dir():
        raise UsageError(
            f"'{folder}' is not a folder, and not a source of models either.",
            remedy=f"The sources are {', '.join(Place)}, or the path of a folder with models.",
        )
    return path


def _not_there(model: KnownModel, places: Sequence[Place]) -> UsageError:
    usual = [place for place in model.places() if place is not Place.FOLDER]
    chosen = " or ".join(places)
    commands = " Or: ".join(marked("models", "pull", model.name, "--from", place) for place in usual)
    return UsageError(f"{model.name} cannot be downloaded from: {chosen}.", remedy=f"Download it with: {commands}")
