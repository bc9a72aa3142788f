"""The names under which results are kept: whatever makes a difference to a result makes one to its name."""

from __future__ import annotations

import importlib
import pkgutil
import types
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

import dropdub.dubbing
import dropdub.speech
import dropdub.stages
import dropdub.web.lines.peaks
from dropdub.engines.base import EngineInfo
from dropdub.pipeline.cache import CacheKey

for package in (dropdub.dubbing, dropdub.speech, dropdub.stages):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)

KINDS = [kind for kind in CacheKey.__subclasses__() if kind.__module__.startswith("dropdub.")]
PLAIN: dict[Any, tuple[Any, Any]] = {
    str: ("one", "another"),
    int: (1, 2),
    float: (1.0, 1.001),
    bool: (False, True),
    dict[str, Any]: ({"model": "small"}, {"model": "large"}),
}
each_kind = pytest.mark.parametrize("kind", KINDS, ids=[kind.use for kind in KINDS])


def value_of(hint: Any) -> Any:
    """Return a value of a type."""
    if hint in PLAIN:
        return PLAIN[hint][0]
    if is_dataclass(hint):
        return a_whole(hint)
    if get_origin(hint) is tuple:
        return tuple(value_of(one) for one in get_args(hint) if one is not ...)
    return value_of(next(one for one in get_args(hint) if one is not type(None)))


def others_of(hint: Any) -> Iterator[Any]:
    """Yield other values of a type: in a dataclass and a tuple each with one part changed; also none and no items."""
    if hint in PLAIN:
        yield PLAIN[hint][1]
    elif is_dataclass(hint):
        yield from changed(a_whole(hint))
    elif get_origin(hint) is tuple:
        parts = [one for one in get_args(hint) if one is not ...]
        for at, part in enumerate(parts):
            yield from (
                tuple(value_of(parts[i]) if i != at else other for i in range(len(parts))) for other in others_of(part)
            )
        yield from [()] * (... in get_args(hint))
    elif get_origin(hint) in (Union, types.UnionType):
        yield None
        yield from others_of(next(one for one in get_args(hint) if one is not type(None)))
    else:
        raise AssertionError(f"say here which values a {hint} may have")


def a_whole(kind: Any) -> Any:
    hints = get_type_hints(kind)
    return kind(**{field.name: value_of(hints[field.name]) for field in fields(kind)})


def changed(whole: Any) -> Iterator[Any]:
    """Yield a dataclass with one part changed, for each part of it."""
    hints = get_type_hints(type(whole))
    for field in fields(whole):
        yield from (replace(whole, **{field.name: other}) for other in others_of(hints[field.name]))


def test_every_use_of_the_cache_has_its_key() -> None:
    uses = sorted(kind.use for kind in KINDS)
    assert uses == [
        "heard", "language", "peaks", "prepared", "reference", "speakers", "speech", "transcript", "voice", "window",
        "wordings", "wordings-in-context",
    ]  # fmt: skip


@each_kind
def test_keys_that_differ_in_one_part_have_different_names(kind: type[CacheKey]) -> None:
    key = a_whole(kind)
    all_of_them = [key, *changed(key)]
    assert len(all_of_them) > len(fields(key))
    assert len({one.file_name() for one in all_of_them}) == len(all_of_them)


@each_kind
def test_equal_keys_have_the_same_name_and_a_raised_method_another(
    kind: type[CacheKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = a_whole(kind).file_name()
    assert a_whole(kind).file_name() == before
    monkeypatch.setattr(kind, "method", kind.method + 1)
    assert a_whole(kind).file_name() != before


@each_kind
def test_no_part_of_a_key_can_be_left_out(kind: type[CacheKey]) -> None:
    assert all(field.default is field.default_factory is MISSING for field in fields(a_whole(kind)))


def test_equal_fields_of_two_kinds_have_different_names() -> None:
    @dataclass(frozen=True)
    class One(CacheKey, use="one", method=1):
        engine: EngineInfo
        text: str

    @dataclass(frozen=True)
    class Other(CacheKey, use="other", method=1):
        engine: EngineInfo
        text: str

    info = EngineInfo("espeak-ng", "1.52")
    assert One(info, "a").file_name() != Other(info, "a").file_name()


def test_a_value_in_one_field_cannot_pass_for_another_field() -> None:
    @dataclass(frozen=True)
    class Pair(CacheKey, use="pair", method=1):
        first: str
        second: str

    assert Pair("a", "bc").file_name() != Pair("ab", "c").file_name()
    assert Pair('a", "second": "b', "c").file_name() != Pair("a", 'b", "c').file_name()
