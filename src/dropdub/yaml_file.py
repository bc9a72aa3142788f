"""Read a YAML mapping, and find the line of a setting in it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from dropdub.errors import ConfigError
from dropdub.untrusted.files import read_start
from dropdub.untrusted.yaml import BROKEN, NotPlain, place_of, plain_mapping, simple_problem

MAX_BYTES = 1_000_000
MAX_PLAIN_BYTES = 64_000
"""The limit for an untrusted file. A file with every job option and comments has about 3 kB."""
MOST_REPEATED = 20
CORRECT = "Correct it, then run: `dropdub config check`."
_TEXT_HELP = "Save the file as UTF-8 text."


_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""How files begin that were written by `>` in Windows PowerShell, or saved as "Unicode"."""
_TAG = "tag:yaml.org,2002:"
_MERGING = "tag:yaml.org,2002:merge"
_TRUE_OR_FALSE = re.compile("(?:true|True|TRUE|false|False|FALSE)$")


class SettingsLoader(yaml.SafeLoader):
    """Reads `no` as text, since it is Norwegian, and so `yes`, `on` and `off`, which settings that are true or false
    accept as well. A date is text, too, and so is every name: a profile may be called 2024.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own name
        first: [
            (tag, _TRUE_OR_FALSE if tag == f"{_TAG}bool" else pattern)
            for tag, pattern in resolvers
            if tag != f"{_TAG}timestamp"
        ]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        for name, _ in node.value:
            if isinstance(name, yaml.ScalarNode) and name.tag != _MERGING:
                name.tag = f"{_TAG}str"
        return super().construct_mapping(node, deep)


def read_mapping(path: Path) -> tuple[dict[str, Any], yaml.Node | None]:
    """Return a file's mapping and its node tree (for `line_of`); an empty file gives an empty mapping.

    Raises ConfigError for unreadable files, broken YAML, names that are set twice, and anything but a mapping.
    """
    text = _text(path, _bytes(path, MAX_BYTES, follow=True))
    try:
        node = yaml.compose(text, Loader=SettingsLoader)
        _refuse_repeated(path, node)
        data = yaml.load(text, Loader=SettingsLoader)
    except (*BROKEN, RecursionError) as error:
        raise ConfigError(_broken(path, text, error), remedy=CORRECT) from error
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


def without_folder(message: str, path: Path) -> str:
    """Return the message of an error in a file without its folder and the last full stop, to be continued."""
    return message.replace(str(path), path.name).rstrip(".")


def line_of(node: yaml.Node | None, location: tuple[int | str, ...]) -> int | None:
    """Return the 1-based line of the deepest part of `location` that exists in the file; None if none does."""
    line = None
    for part in location:
        node, found = _child(node, part)
        if found is None:
            break
        line = found
    return line


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _child(node: yaml.Node | None, part: int | str) -> tuple[yaml.Node | None, int | None]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return value, _line(key)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], _line(node.value[part])
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
        return raw.decode("utf-16" if raw.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: not UTF-8 text.", remedy=_TEXT_HELP) from error


def _refuse_repeated(path: Path, node: yaml.Node | None) -> None:
    """Raise ConfigError if a name is set twice in the same section: PyYAML would silently drop the first."""
    repeated = [
        f"{path}, line {_line(again)}: {again.value} is set twice, first in line {_line(first)}"
        for first, again in _repeated(node)
    ]
    if repeated:
        raise ConfigError("\n".join(repeated[:MOST_REPEATED]), remedy="Merge the two, or remove one of them.")


def _repeated(node: yaml.Node | None) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """Yield the first and the further key of each name that a mapping has more than once, at any depth."""
    to_do, seen = [node], set[int]()
    while to_do:
        one = to_do.pop()
        if not isinstance(one, yaml.CollectionNode) or id(one) in seen:  # an alias leads to a node once more
            continue
        seen.add(id(one))
        if isinstance(one, yaml.MappingNode):
            firsts: dict[tuple[str, str], yaml.Node] = {}
            for key, _ in one.value:
                if isinstance(key, yaml.ScalarNode) and firsts.setdefault((key.tag, key.value), key) is not key:
                    yield firsts[key.tag, key.value], key
            to_do += [value for _, value in reversed(one.value)]
        else:
            to_do += reversed(one.value)


def _broken(path: Path, text: str, error: Exception) -> str:
    problem = simple_problem(error, text)
    if problem is not None:
        return f"{path}, {problem}"
    return f"{path}: {place_of(error)}not valid YAML: {str(getattr(error, 'problem', None) or error).splitlines()[0]}."
