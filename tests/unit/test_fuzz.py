"""Files that people write are read without a surprise, whatever is in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dropdub.config import load_config, read_sidecar
from dropdub.errors import BadSidecar, ConfigError, EmptyFile, NotText
from dropdub.text.reading import paragraphs, read_text

NAMES = st.sampled_from(
    [*("job", "targets", "inbox", "settle", "pools", "media", "workers", "profiles", "limits", "max_size"), "x", "_y"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
SETTINGS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
MARKUP = st.text(alphabet="job: targets-[]{}&*!|>'\"#%@\n\t ?,\x00\x85\ufeff🎬1", max_size=80)
on_one_file = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def yaml_of(value: object) -> bytes:
    import yaml

    return yaml.safe_dump(value, allow_unicode=True).encode("utf-8", "surrogatepass")


@on_one_file
@given(st.dictionaries(NAMES, SETTINGS, max_size=4).map(yaml_of) | MARKUP.map(str.encode) | st.binary(max_size=100))
def test_any_configuration_is_accepted_or_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    try:
        load_config(path)
    except ConfigError as error:
        assert "config.yaml" in error.message


@on_one_file
@given(st.dictionaries(NAMES, SETTINGS, max_size=4).map(yaml_of) | MARKUP.map(str.encode) | st.binary(max_size=100))
def test_any_sidecar_is_accepted_or_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clip.mp4.job.yaml"
    path.write_bytes(content)
    try:
        read_sidecar(path)
    except BadSidecar as error:
        assert "clip.mp4.job.yaml" in error.message


@on_one_file
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-16", "surrogatepass")))
def test_any_text_is_read_or_refused_and_keeps_no_control_characters(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    try:
        found = paragraphs(read_text(path))
    except (NotText, EmptyFile):
        return
    assert "\x00" not in "".join(found)


@pytest.mark.parametrize("depth", [50, 5000])
def test_deep_nesting_is_refused_and_not_followed(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("job: " + "[" * depth + "]" * depth, encoding="utf-8")
    with pytest.raises(ConfigError):
        load_config(path)


def test_aliases_of_aliases_are_not_expanded(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ConfigError):
        load_config(path)
