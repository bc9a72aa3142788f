"""What anybody may have written as job options: read in bounded time, refused in a sentence, never shown."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.config import JobOptions, SidecarLimits, read_sidecar
from dropdub.errors import BadSidecar
from dropdub.untrusted.yaml import MOST_PARTS
from dropdub.yaml_file import MAX_PLAIN_BYTES

Put = Callable[[str | bytes], Path]
FULL = MAX_PLAIN_BYTES


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def written(content: str | bytes) -> Path:
        path = tmp_path / "a.txt.job.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("targets: [pt]\nreport: false\n", {"targets": ["pt"], "report": False}),
        ("mix: {duck_db: 6.5}\nsynthesis: {takes: 2}", {"mix": {"duck_db": 6.5}, "synthesis": {"takes": 2}}),
        ("synthesis: {verify: auto}", {"synthesis": {"verify": "auto"}}),
        ("synthesis: {verify: yes}", {"synthesis": {"verify": True}}),
        ("audio_track: 2", {"audio_track": 2}),
        ("audio_track: 'pt'", {"audio_track": "pt"}),
        ("voice: null", {"voice": None}),
        ("voice: 'null'", {"voice": "null"}),
        ("voice: 12", {"voice": "12"}),
        ("targets: [no, sv]", {"targets": ["no", "sv"]}),
        (
            "subtitles:\n  min_duration: 0.5 s\n  formats: ass\n",
            {"subtitles": {"min_duration": 0.5, "formats": ["ass"]}},
        ),
        ("initial_prompt: |\n  One.\n  Two.\n", {"initial_prompt": "One.\nTwo.\n"}),
        ("# nothing\n", {}),
        ("---\nlanguage: en\n", {"language": "en"}),
    ],
)
def test_options_are_read_as_they_were_validated_and_nothing_else(put: Put, text: str, options: Any) -> None:
    assert read_sidecar(put(text)) == options


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("targets: !!set {pt, es}", "line 1: tags (!) are not supported"),
        ("voice: !!binary aGVsbG8=", "line 1: tags (!) are not supported"),
        ("language: en\nvoice: &a anna", "line 2: anchors and aliases"),
        ("voice: *a", "line 1: anchors and aliases"),
        ("<<: {voice: anna}", "line 1: merge keys (<<) are not supported"),
        ("voice: a\nvoice: b", "line 2: this name is set twice, first in line 1"),
        ('voice: "\\uDC80"', "line 1: a control character, or an unpaired"),
        ('voice: "a\\0b"', "line 1: a control character, or an unpaired"),
        ('voice: "a\\u009b"', "line 1: a control character, or an unpaired"),
        ('voice: "a\\nb"', "voice: contains a line break or a tab"),
        ("voice: 0x" + "f" * 20_000, "voice: String should have at most 100 characters"),
        ("audio_track: " + "9" * 20_000, "audio_track"),
        ("synthesis: {takes: " + "9" * 20_000 + "}", "synthesis.takes"),
        ("subtitles: {max_duration: " + "9" * 5_000 + "}", "subtitles.max_duration"),
        ("mix: {duck_db: .nan}", "mix.duck_db"),
        ("targets: [" + "pt," * 70 + "]", "targets: Tuple should have at most 50 items"),
        ("hotwords: [" + "a," * 201 + "]", "hotwords: Tuple should have at most 200 items"),
        ("transcriber: " + "x" * 201, "transcriber: String should have at most 200 characters"),
        ("out: /" + "x" * 4_096, "out: String should have at most 4096 characters"),
        ("language: en\n---\nlanguage: pt", "line 2: a second document begins here"),
        ("voice: {a: {b: {c: {d: {e: {f: {g: 1}}}}}}}", "line 1: nested more deeply than any option"),
        ("voice: [" + "1," * (MOST_PARTS + 1) + "]", f"more than {MOST_PARTS} values"),
        (b"voice: x" + b" " * MAX_PLAIN_BYTES, "too large for a settings file"),
        (b"\xff\xfev", "not UTF-8 text"),
        ("- a", "expected settings as `name: value` lines"),
        ("job:\n  targets: [pt]\n", "leave out `job:`"),
    ],
)  # fmt: skip
def test_anything_but_a_plain_option_is_refused_in_a_sentence(put: Put, content: str | bytes, said: str) -> None:
    with pytest.raises(BadSidecar) as raised:
        read_sidecar(put(content))
    assert raised.value.message.startswith("a.txt.job.yaml") and said in raised.value.message
    assert len(raised.value.message) < 1_000


def _worst() -> dict[str, str]:
    return {
        "dashes": "- " * (FULL // 2),
        "dashes of lines": ("- " * 300 + "\n") * (FULL // 601),
        "base 60": "voice: " + "1:" * (FULL // 2 - 8) + "1",
        "brackets": "[" * FULL,
        "braces": "{" * FULL,
        "quoted": 'voice: "' + "a\n" * (FULL // 2 - 8) + '"',
        "escapes": 'voice: "' + "\\u0041" * (FULL // 6 - 8) + '"',
        "questions": "? " * (FULL // 2),
        "list": "hotwords: [" + "1," * (FULL // 2 - 8) + "]",
        "names": "".join(f"a{number}: 1\n" for number in range(6_000)),
        "folded": "voice: >\n" + " b\n\n" * (FULL // 4 - 8),
        "directives": "%a\n" * (FULL // 3),
    }


@pytest.mark.parametrize("kind", _worst())
def test_the_worst_64_kb_take_negligible_time(put: Put, kind: str) -> None:
    path = put(_worst()[kind])
    began = time.process_time()
    with pytest.raises(BadSidecar):
        read_sidecar(path)
    assert time.process_time() - began < 2  # 0.1 s where this was written; without limits, minutes


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no FIFOs")
def test_neither_link_nor_pipe_nor_device_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secrets.yaml"
    secret.write_text("voice: hush\nDB_PASSWORD: hush\n", encoding="utf-8")
    sidecar = tmp_path / "a.txt.job.yaml"
    for place in (
        lambda: sidecar.symlink_to(secret),
        lambda: sidecar.symlink_to("/dev/zero"),
        lambda: os.mkfifo(sidecar),
    ):
        place()
        with pytest.raises(BadSidecar, match="not a regular file") as raised:
            read_sidecar(sidecar)
        assert "PASSWORD" not in raised.value.sentence and "hush" not in raised.value.sentence
        sidecar.unlink()


def test_of_a_sparse_file_of_20_gb_no_more_than_the_limit_is_read(put: Put) -> None:
    path = put("voice: x")
    os.truncate(path, 20_000_000_000)
    with pytest.raises(BadSidecar, match="more than 64 kB"):
        read_sidecar(path)


@pytest.mark.parametrize(
    "content",
    [
        "DB_PASSWORD: hush-hush\nuser: hush-hush\n",
        "DB_PASSWORD=hush-hush\n",
        "x: 'hush-hush\n",
        "hush-hush: [\n",
        "root:hush-hush:0:0:x:/root:/bin/sh\n",
        "voice: x\n%hush-hush: @hush-hush\n",
    ],
)
def test_a_file_that_sets_no_options_is_refused_without_a_word_of_it(put: Put, content: str) -> None:
    with pytest.raises(BadSidecar) as raised:
        read_sidecar(put(content))
    assert "hush" not in raised.value.sentence and "PASSWORD" not in raised.value.sentence


def test_no_value_and_little_of_a_long_name_is_shown(put: Put) -> None:
    with pytest.raises(BadSidecar) as raised:
        read_sidecar(put(f"cleanup: {'x' * 5_000}\ntargets: [{'y' * 90}]\n{'z' * 300}: 1\n"))
    assert not any(chars in raised.value.message for chars in ("xx", "yy", "z" * 70))


@pytest.mark.parametrize(
    "line",
    [
        "language: hunter2", "mix: {original: hunter2}", "targets: [hunter2]", "targets: hunter2", "out: hunter2",
        "synthesis: {takes: hunter2}", "report: hunter2", "audio_track: [hunter2]", "subtitles: hunter2",
        "hotwords: [a, [hunter2]]", "duplicates: hunter2", "speakers: hunter2", "mix: {duck_db: hunter2}",
    ],
)  # fmt: skip
def test_a_value_that_is_refused_is_not_quoted(put: Put, line: str) -> None:
    """The sentence goes into a note, and the file may be any that somebody can give such a name."""
    with pytest.raises(BadSidecar) as raised:
        read_sidecar(put(line))
    assert "hunter2" not in raised.value.sentence and line.partition(":")[0] in raised.value.sentence


def test_if_options_are_restricted_the_sentence_names_option_and_setting(put: Put) -> None:
    safe = SidecarLimits("safe", "inbox.sidecars is safe in config.yaml")
    assert read_sidecar(put("targets: [pt]\nsubtitles: {lines: 1}"), safe)["targets"] == ["pt"]
    for option in (
        "voice: a",
        "out: /x",
        "duplicates: again",
        "transcriber: x",
        "synthesis: {takes: 5}",
        "diarizer: x",
    ):
        with pytest.raises(BadSidecar, match=rf"{option.split(':')[0]} may not be set .*inbox\.sidecars is safe"):
            read_sidecar(put(f"language: en\n{option}"), safe)
    with pytest.raises(BadSidecar, match="ignored here"):
        read_sidecar(put("language: en"), SidecarLimits("none", "inbox.sidecars is none in config.yaml"))


def test_beside_a_strangers_file_less_may_be_set_unless_the_setting_says_all() -> None:
    assert SidecarLimits("all", "found out", is_given=False).of_stranger().policy == "safe"
    assert SidecarLimits("all", "set", is_given=True).of_stranger().policy == "all"


SEEDS = [
    *_worst().values(),
    "targets: [pt, es]\nmix: {duck_db: 6.5}\nvoice: 'x'\n",
    "a: &b !!set {x}\n<<: *b\n",
    "? a\n: |\n  b",
]
_TAGS = ["!!set ", "!!binary ", "!<%41>", "&a ", "*a", "<<: ", "%YAML 1.9\n", "--- ", "...\n", "voice: ", "targets: "]
_MARKS = ["? ", ": ", "- ", "|", ">", "#", '"', "'", "{", "[", "0x"]
_SPICE = [*_TAGS, *_MARKS, "\t", "\0", "\ufeff", "\x85", "\\uDC80", "\U0001f3ac"]


def _tried(path: Path) -> None:
    try:
        options = read_sidecar(path)
    except BadSidecar as error:
        error.sentence.encode()
        assert len(error.sentence) < 12_000
    else:
        JobOptions().overridden(options)


@given(st.text() | st.binary() | st.lists(st.sampled_from(_SPICE)).map("".join))
def test_no_text_raises_anything_but_a_refusal(tmp_path_factory: pytest.TempPathFactory, content: str | bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.job.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    _tried(path)


def test_no_mutation_of_a_sidecar_raises_anything_but_a_refusal(put: Put) -> None:
    dice = random.Random(7)
    for _ in range(int(os.environ.get("DROPDUB_FUZZ_ROUNDS", "150"))):
        text = dice.choice(SEEDS)[: dice.choice([40, 400, 4_000])]
        for _ in range(dice.randint(1, 8)):
            at = dice.randint(0, len(text))
            text = text[:at] + dice.choice(_SPICE) + text[at + dice.choice([0, 0, 1, 5]) :]
        _tried(put(text.encode("utf-8", "surrogatepass")))
