"""Settings are changed in a config.yaml that a person wrote, and nothing else in it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from dropdub.errors import ConfigError
from dropdub.setup.new_root import config_text
from dropdub.yaml_edit import with_settings

BY_HAND = """# mine
limits: {max_size: 3 GB}   # enough
job:
    # who speaks
    voice: anna  # my sister
    targets:
      - pt
      # later: fr
      - es
    # synthesizer
    mix: {original: mute}
retry:
  attempts: 5
"""


def test_a_new_root_gets_settings_in_the_place_of_their_comments() -> None:
    text = config_text()
    changed = with_settings(text, "job", {"targets": ["pt", "no"], "transcriber": "pocketsphinx"})
    different = [line for line in changed.splitlines() if line not in text.splitlines()]
    assert different == ["  targets: [pt, 'no']", "  transcriber: pocketsphinx"]
    assert len(changed.splitlines()) == len(text.splitlines())


def test_surrounding_text_that_a_user_wrote_stays() -> None:
    changed = with_settings(BY_HAND, "job", {"voice": "bob", "targets": [], "language": "en"})
    assert yaml.safe_load(changed) == {
        **yaml.safe_load(BY_HAND),
        "job": {"voice": "bob", "targets": [], "language": "en", "mix": {"original": "mute"}},
    }
    for kept in ("# mine", "# enough", "# who speaks", "voice: bob  # my sister", "# synthesizer", "attempts: 5"):
        assert kept in changed


@pytest.mark.parametrize("text", [
    "", "job:\n", "job:", "# nothing\n", "job: {language: pt}\n", "job:\n  language:\n", "retry: {attempts: 4}",
    "job:\n  language: pt", "\ufeff# with a mark".lstrip("\ufeff"),
])  # fmt: skip
def test_a_setting_is_added_to_any_text(text: str) -> None:
    found: dict[str, Any] = yaml.safe_load(with_settings(text, "job", {"language": "en"}))
    assert found["job"] == {"language": "en"}
    assert {**found, "job": None} == {**(yaml.safe_load(text) or {}), "job": None}


@pytest.mark.parametrize("text", ["job: {voice: anna}\n", "job: &all\n  voice: anna\nold: *all\n"])
def test_a_text_in_which_more_would_change_is_refused_with_the_line_to_write(text: str) -> None:
    with pytest.raises(ConfigError, match=r"job\.targets cannot be set") as refused:
        with_settings(text, "job", {"targets": ["pt"]})
    assert refused.value.remedy == "Set it yourself, below `job:`, as  targets: [pt]"


@pytest.mark.parametrize(("before", "value", "after"), [
    ("  use: {nllb: a}  # own\n", {"x": "b", "nllb": "a"}, "  use: {nllb: a, x: b}  # own\n"),
    ("  use:\n    nllb: a\n    # last\n", {"x": "b", "nllb": "a"}, "  use:\n    x: b\n    nllb: a\n    # last\n"),
    ("  use:\n    # first\n    x: b\n    nllb: a  # own\n", {"nllb": "a"}, "  use:\n    # first\n    nllb: a  # own\n"),
    ("  use:\n    x: b\n  # last\n", {}, "  use: {}\n  # last\n"),
])  # fmt: skip
def test_entries_of_a_map_are_added_and_removed_and_the_others_stay(
    before: str, value: dict[str, str], after: str
) -> None:
    changed = with_settings(f"models:\n{before}cache: {{}}\n", "models", {"use": value})
    assert changed == f"models:\n{after}cache: {{}}\n"
