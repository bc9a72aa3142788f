"""What is known of a model before it is downloaded: its files, where they are, and what its licence allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dropdub.engines.licence import Licence
from dropdub.engines.models.packaged import Packaged
from dropdub.engines.models.pins import Pin
from dropdub.engines.models.places import Place


@dataclass(frozen=True)
class Source:
    """Files that belong together, and the places that have them.

    Each entry of `files` is required; `a|b` means the first of the two that exists. Those of `optional` are fetched if
    they exist. They are names, not patterns: no answer of a server can lead out of the model's folder. `pins` are the
    contents that are known in advance, whatever a server says: for a repository, at the commit `revision`.

    `repository` is the one of the hub that has the files, or empty, and `folder` their folder in it, if they are not at
    its top. `published` are their paths on their publisher's server, and `packages` the members of Python packages that
    they consist of, both by file name.
    """

    repository: str
    files: tuple[str, ...]
    optional: tuple[str, ...] = ()
    revision: str = "main"
    pins: Mapping[str, Pin] = field(default_factory=dict)
    published: Mapping[str, str] = field(default_factory=dict)
    packages: Packaged = field(default_factory=dict)
    folder: str = ""

    @property
    def is_pinned(self) -> bool:
        """Whether the content of all required files is known."""
        return all(self.pins.keys() & choice.split("|") for choice in self.files)

    def is_in(self, place: Place) -> bool:
        """Return whether a place can have all required files. A folder has no list, so it can if they are pinned."""
        if place is Place.HUB:
            return bool(self.repository)
        if place is Place.FOLDER:
            return self.is_pinned
        held = self.published if place is Place.PUBLISHER else self.packages
        return self.is_pinned and set(self.pinned_names()) <= held.keys()

    def names(self) -> list[str]:
        """Return the names of all files that may be fetched."""
        return [name for choice in (*self.files, *self.optional) for name in choice.split("|")]

    def path(self, name: str) -> str:
        """Return the path of a file in the repository."""
        return f"{self.folder}/{name}" if self.folder else name

    def pinned_names(self) -> list[str]:
        """Return the names of the pinned files: of a pinned source, nothing else is fetched."""
        return [name for name in self.names() if name in self.pins]


@dataclass(frozen=True)
class KnownModel:
    """A model that can be pulled. `name` is its folder in `models.dir`.

    `languages` is a short description: a number of languages, one language, or a pair. `download_bytes` and
    `memory_bytes` are approximate. `maker` is who made it, if no repository of the hub says so; `remark` is a sentence
    that a person must know before it is downloaded.
    """

    name: str
    engine: str
    sources: tuple[Source, ...]
    languages: str
    download_bytes: int
    memory_bytes: int
    licence: Licence
    maker: str = ""
    remark: str = ""

    @property
    def origin(self) -> str:
        """What the model is, wherever it is downloaded from."""
        return self.maker or ", ".join(source.repository for source in self.sources)

    @property
    def only_language(self) -> str | None:
        """The tag of the one language that it knows; None if it knows several."""
        return self.languages if self.languages.isalpha() else None

    @property
    def is_pinned(self) -> bool:
        """Whether the content of all required files is known, so that no server needs to be trusted."""
        return all(source.is_pinned for source in self.sources)

    @property
    def pins(self) -> dict[str, Pin]:
        """The known contents, by file name."""
        return {name: pin for source in self.sources for name, pin in source.pins.items()}

    def places(self) -> list[Place]:
        """Return the kinds of places that it can be downloaded from."""
        return [place for place in Place if all(source.is_in(place) for source in self.sources)]

    def names(self) -> set[str]:
        """Return the names of all files that may belong to the model."""
        return {name for source in self.sources for name in source.names()}

    def missing(self, present: set[str]) -> list[str]:
        """Return the required files that are not among `present`."""
        needed = [name for source in self.sources for name in source.files]
        return [name.split("|")[0] for name in needed if not present & set(name.split("|"))]
