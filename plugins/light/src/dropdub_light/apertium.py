"""A translator without models: the `apertium` program, if it is installed."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from functools import cache
from typing import ClassVar

from dropdub.engines.api import (
    GPL,
    EngineInfo,
    EngineMissing,
    EngineSettings,
    Licence,
    MediaToolFailed,
    Program,
    UnsupportedLanguage,
    find_program,
    on_one_line,
    output,
)
from dropdub_light.pairs import ends, packages, route

START_S = 60.0
CHARACTERS_PER_S = 2_000
LIST_S = 10.0
_BLANK_LINES = re.compile(r"\s*\n\s*\n\s*")
_FENCE = "."
_INSTALL = "sudo apt-get install apertium"


class ApertiumTranslator:
    """Rule-based translation with the installed pairs, or through a third language that two pairs share."""

    name: ClassVar[str] = "apertium"
    role: ClassVar[str] = "translator"
    rank: ClassVar[int] = 10
    api_version: ClassVar[int] = 1
    licence: ClassVar[Licence] = GPL

    def __init__(self, settings: EngineSettings | None = None) -> None:
        """Accept the settings that every engine gets; none of them matters here."""

    @classmethod
    def unavailable(cls) -> str | None:
        if sys.platform == "win32":
            return "The engine 'apertium' does not run on Windows. Choose another translator in config.yaml."
        if find_program("apertium") is None:
            return (
                "The engine 'apertium' needs the program apertium, which is not installed.\n"
                f"On Debian or Ubuntu, install it with:\n  {_INSTALL}"
            )
        return None

    @classmethod
    def hint(cls, source: str, target: str) -> str | None:
        """Return how to install a pair. The names of the packages follow no rule, so only known pairs get a command."""
        if sys.platform == "win32":
            return None
        names = " ".join(packages(source, target))
        return f"On Debian or Ubuntu, install the pair with:\n  {_INSTALL} {names}" if names else None

    def load(self) -> None:
        if problem := self.unavailable():
            message, _, remedy = problem.partition("\n")
            raise EngineMissing(message, remedy=remedy or None)
        installed_modes()

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, program_version(), {"modes": list(installed_modes())})

    def supports(self, source: str, target: str) -> bool:
        return bool(route(installed_modes(), source, target))

    def coverage(self) -> str:
        """Return the installed pairs. What is possible through a third language is not listed."""
        pairs = sorted(set(map(ends, installed_modes())))
        return ", ".join(f"{source} to {target}" for source, target in pairs) or "nothing: no pair is installed"

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[str]:
        modes = route(installed_modes(), source, target)
        if not modes:
            message = f"The engine 'apertium' does not translate from {source} to {target}."
            raise UnsupportedLanguage(message, remedy=self.hint(source, target))
        translated = list(texts)
        for mode in modes:
            translated = translate_all(mode, translated)
        return translated


def translate_all(mode: str, texts: Sequence[str]) -> list[str]:
    """Translate each text with one mode; texts without letters stay as they are."""
    flat = [on_one_line(text) for text in texts]
    spoken = [place for place, text in enumerate(flat) if any(map(str.isalpha, text))]
    for place, text in zip(spoken, _translate_batch(mode, [flat[place] for place in spoken]), strict=True):
        flat[place] = text
    return flat


def _translate_batch(mode: str, texts: Sequence[str]) -> list[str]:
    """Translate in one run; if the number of results does not match, in two halves, down to single texts."""
    if not texts:
        return []
    blocks = _BLANK_LINES.split(run_apertium(mode, "".join(map(_fenced, texts))).strip())
    if len(texts) == 1:
        return [_joined(blocks)]
    if len(blocks) == 2 * len(texts) and all(block == _FENCE for block in blocks[1::2]):
        return [_joined([block]) for block in blocks[::2]]
    middle = len(texts) // 2
    return _translate_batch(mode, texts[:middle]) + _translate_batch(mode, texts[middle:])


def _fenced(text: str) -> str:
    """Append a paragraph with a full stop to a text, so that its end is not translated together with the next text.

    apertium does not treat line ends as boundaries.
    """
    return f"{text}\n\n{_FENCE}\n\n"


def _joined(blocks: Sequence[str]) -> str:
    inner = blocks[:-1] if len(blocks) > 1 and blocks[-1] == _FENCE else blocks
    return " ".join(" ".join(inner).split())


def run_apertium(mode: str, text: str) -> str:
    """Return apertium's translation of `text`; all of its characters are taken literally.

    Raises DeadlineExceeded and MediaToolFailed.
    """
    return _run(["apertium", "-u", mode], text, deadline_s=START_S + len(text) / CHARACTERS_PER_S)


def _run(command: Sequence[str], text: str, *, deadline_s: float) -> str:
    translated, ending = output(Program(command, given=text.encode("utf-8", "replace")), deadline_s=deadline_s)
    if ending.returncode != 0:
        complaint = " ".join(ending.complaints)
        raise MediaToolFailed(f"{' '.join(command)} failed with exit code {ending.returncode}: {complaint}")
    return translated


@cache
def installed_modes() -> tuple[str, ...]:
    """Return apertium's installed modes, such as `eng-spa` and `es-pt_BR`; none without apertium."""
    if ApertiumTranslator.unavailable():
        return ()
    listed = _run(["apertium", "-l"], "", deadline_s=LIST_S).split()
    return tuple(mode for mode in listed if mode.count("-") == 1)


@cache
def program_version() -> str:
    """Return apertium's version; `unknown` if it is too old to report it."""
    try:
        return _run(["apertium", "-V"], "", deadline_s=LIST_S).split()[-1]
    except (MediaToolFailed, IndexError):
        return "unknown"
