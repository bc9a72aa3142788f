"""Read a YAML mapping, and find the line of a setting in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from dropdub.errors import ConfigError
from dropdub.untrusted.files import read_start
from dropdub.untrusted.yaml import BROKEN, NotPlain, place_of, plain_mapping

MAX_BYTES = 1_000_000
MAX_PLAIN_BYTES = 64_000
"""The limit for an untrusted file. A file with every job option and comments has about 3 kB."""
_TEXT_HELP = "Save the file as UTF-8 text."


def read_mapping(path: Path) -> tuple[dict[str, Any], yaml.Node | None]:
    """Return a file's mapping and its node tree (for `line_of`); an empty file gives an empty mapping.

    Raises ConfigError for unreadable files, broken YAML, and anything but a mapping.
    """
    text = _text(path, _bytes(path, MAX_BYTES, follow=True))
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (*BROKEN, RecursionError) as error:
        raise ConfigError(f"{path}: {place_of(error)}not valid YAML: {_problem(error)}.") from error
    if data is None:
        return {}, None
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise ConfigError(f"{path}: expected settings as `name: value` lines.")
    return data, node


def read_plain_mapping(path: Path) -> tuple[dict[str, Any], yaml.Node | None]:
    """Return the mapping and the node tree of an untrusted file.

    Does not follow links, never blocks, and reads at most `MAX_PLAIN_BYTES`. Raises ConfigError, whose message never
    quotes the file.
    """
    text = _text(path, _bytes(path, MAX_PLAIN_BYTES, follow=False))
    try:
        return plain_mapping(text)
    except NotPlain as error:
        raise ConfigError(f"{path}{', ' if str(error).startswith('line ') else ': '}{error}") from error


def line_of(node: yaml.Node | None, location: tuple[int | str, ...]) -> int | None:
    """Return the 1-based line of the deepest part of `location` that exists in the file; None if none does."""
    line = None
    for part in location:
        node, found = _child(node, part)
        if found is None:
            break
        line = found
    return line


def _child(node: yaml.Node | None, part: int | str) -> tuple[yaml.Node | None, int | None]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part].start_mark.line + 1
    return None, None


def _bytes(path: Path, most: int, *, follow: bool) -> bytes:
    try:
        raw = read_start(path, most + 1, follow=follow)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}.") from error
    if len(raw) > most:
        raise ConfigError(f"{path}: too large for a settings file (more than {most // 1000} kB).")
    return raw


def _text(path: Path, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text.", remedy=_TEXT_HELP) from error


def _problem(error: Exception) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0]
