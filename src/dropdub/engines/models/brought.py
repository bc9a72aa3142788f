"""The models that other packages bring: entry points of the group `dropdub.models`, each with one or several models.

They are data of others: a name must not lead out of `models.dir`, nor hide another model, and nothing is fetched but
plain files of a repository on the hub, or of packages. What does not keep to that is left out, with a sentence.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, get_args

from dropdub.engines.licence import Commercial
from dropdub.engines.models.folders import RECORD_NAME
from dropdub.engines.models.known import KnownModel, Source
from dropdub.files.durable import key, safe_name

GROUP = "dropdub.models"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,63}", re.ASCII)
_FILE = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_REPOSITORY = re.compile(r"(\w[\w.-]*/\w[\w.-]*)?", re.ASCII)
_FOLDER = re.compile(r"(\w[\w.-]*(/\w[\w.-]*)*)?", re.ASCII)
_REVISION = re.compile(r"\w[\w.-]{0,63}", re.ASCII)
_PACKAGE = re.compile(r"[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?", re.ASCII)
_VERSION = re.compile(r"\d[\w.+!]*", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MEMBER = re.compile(r"[^/\\:]+(/[^/\\:]+)*")
_LONGEST_TEXT = 300
log = logging.getLogger("dropdub.models")


@dataclass(frozen=True)
class Brought:
    """The models of other packages, and a sentence for each that is left out."""

    models: tuple[KnownModel, ...] = ()
    problems: tuple[str, ...] = ()


def brought(is_own: Callable[[str], bool], entries: Iterable[EntryPoint] | None = None) -> Brought:
    """Return the models that the installed packages bring. Imports the modules that list them.

    `is_own` returns whether Dropdub has a model of a name itself. `entries` replaces the entry points of the installed
    packages. Of two models of one name, the one of the package that comes first in the alphabet is used.
    """
    models: dict[str, tuple[str, KnownModel]] = {}
    problems: list[str] = []
    for entry in sorted(entry_points(group=GROUP) if entries is None else entries, key=_order):
        package = _package(entry)
        for model in _loaded(entry, problems):
            reason = problem_of(model)
            if reason is None and is_own(model.name):
                reason = "Dropdub has a model of that name"
            if reason is None:
                owner, first = models.setdefault(key(model.name), (package, model))
                reason = None if first == model else f"{owner} has a model of that name"
            if reason is not None:
                problems.append(f"The model {model.name!r:.80} of the package {package} is left out: {reason}.")
    for problem in problems:
        log.warning("model of a package left out: %s", problem)
    return Brought(tuple(model for _, model in models.values()), tuple(problems))


def _order(entry: EntryPoint) -> tuple[str, str]:
    return _package(entry), entry.name


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value


def _loaded(entry: EntryPoint, problems: list[str]) -> Iterator[KnownModel]:
    """Yield what an entry point lists; what it has instead is added to the problems."""
    try:
        found: Any = entry.load()
        listed = [found] if isinstance(found, KnownModel) else list(found)
    except (Exception, SystemExit) as error:  # a module of another package may raise anything while it is imported
        reason = f"{type(error).__name__}: {error}".rstrip(".")
        problems.append(f"The models of the package {_package(entry)} cannot be read ({reason:.200}).")
        return
    for model in listed:
        if isinstance(model, KnownModel):
            yield model
        else:
            problems.append(f"The package {_package(entry)} lists {model!r:.80}, which is no KnownModel.")


def problem_of(model: KnownModel) -> str | None:
    """Return what is wrong with a model that another package brings, as the end of a sentence; None if nothing is."""
    try:
        return next(filter(None, _problems(model)), None)
    except (TypeError, ValueError, AttributeError, LookupError) as error:
        return f"its entry is malformed ({type(error).__name__}: {' '.join(str(error).split())[:100]})"


def _problems(model: KnownModel) -> Iterator[str | None]:
    yield None if _is_name(model.name) else "its name is not a plain folder name of at most 64 characters"
    yield None if _NAME.fullmatch(model.engine) else "it names no engine"
    texts = (model.languages, model.licence.short, model.licence.name, model.licence.author or "-")
    yield None if all(map(_is_line, texts)) else "its languages and its licence are not short texts of one line"
    answers = get_args(Commercial)
    yield None if model.licence.commercial in answers else f"its licence's `commercial` is none of {', '.join(answers)}"
    lines = (text for text in (model.maker, model.remark) if text)
    yield None if all(map(_is_line, lines)) else "its maker and its remark are not short texts of one line"
    sizes = (model.download_bytes, model.memory_bytes)
    yield None if all(type(size) is int and size > 0 for size in sizes) else "its sizes are not numbers of bytes"
    names = [name for source in model.sources for name in source.names()]
    yield None if names and len(names) == len(set(map(key, names))) else "it has no files, or one of them twice"
    for source in model.sources:
        yield from _problems_of(source)
    yield None if model.places() else "it can be downloaded from nowhere: see `repository` and `packages`"


def _problems_of(source: Source) -> Iterator[str | None]:
    is_plain = all(_FILE.fullmatch(name) and safe_name(name) == name and name != RECORD_NAME for name in source.names())
    yield None if is_plain else "one of its files is not a plain file name"
    address = (_REPOSITORY, source.repository), (_FOLDER, source.folder), (_REVISION, source.revision)
    is_plain = all(pattern.fullmatch(text) and ".." not in text for pattern, text in address)
    yield None if is_plain else "its repository, folder or revision is not plain"
    yield None if not source.published else "only Mozilla's models can have `published`"
    pins = source.pins.values()
    are_pins = all(type(pin.size) is int and pin.size > 0 and _SHA256.fullmatch(pin.sha256) for pin in pins)
    yield None if are_pins else "a pin is not a size and a SHA-256"
    yield None if source.packages.keys() <= source.pins.keys() else "a file of a package has no pin"
    for member in (member for parts in source.packages.values() for member in parts):
        known_as = _PACKAGE.fullmatch(member.package.name) and _VERSION.fullmatch(member.package.version)
        yield None if known_as and type(member.package.size) is int else "a package has no plain name, version or size"
        is_inside = _MEMBER.fullmatch(member.path) and ".." not in member.path.split("/")
        yield None if is_inside else "the path of a file in a package is not plain"


def _is_name(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and safe_name(name) == name


def _is_line(text: str) -> bool:
    return bool(text.strip()) and text.isprintable() and len(text) <= _LONGEST_TEXT
