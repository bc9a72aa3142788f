"""The contract of engines finds what it is for: each check can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any, ClassVar
from unittest import SkipTest

import numpy as np
import pytest

from dropdub.engines.abilities import SpokenText, ToSpeak, VoiceThresholds
from dropdub.engines.base import API, EngineInfo, EngineSettings, Frames, Samples, Voice, Window
from dropdub.engines.contract import ContractBroken, checks
from dropdub.engines.offers import Offer
from dropdub.errors import UnsupportedLanguage, VoiceMissing
from dropdub.process.run import output
from dropdub.process.started import Program


class Sings:
    """A synthesizer that keeps the contract."""

    name: Any = "sings"
    role: Any = "synthesizer"
    rank: Any = 5
    clones: ClassVar[bool] = False
    sample_rate: int = 16_000

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self.loads = 0

    @classmethod
    def unavailable(cls) -> Any:
        return None

    def load(self) -> None:
        self.loads += 1

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, "1.0")

    def supports(self, language: str) -> bool:
        return language == "en"

    def speak(self, text: str, *, language: str, voice: Voice | None, rate: float = 1.0, take: int = 0) -> Samples:
        if language != "en":
            raise UnsupportedLanguage("no")
        if voice is not None and voice.reference is None:
            raise VoiceMissing("no")
        words = [word for word in text.split() if any(map(str.isalnum, word))]
        return np.full(round(len(words) * 4_000 / rate), 0.5, np.float32)


def translating(answer: Any) -> type[Any]:
    """Return a translator that answers like this."""

    def translate(self: Any, texts: Sequence[str], *, source: str, target: str) -> Any:
        if target != "pt":
            raise UnsupportedLanguage("no")
        return answer(texts)

    def supports(self: Any, source: str, target: str) -> bool:
        return (source, target) == ("en", "pt")

    return type("Says", (Sings,), {"role": "translator", "translate": translate, "supports": supports, "speak": None})


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function from an engine's class to what breaks the contract."""

    def of(kind: Any) -> dict[str, str]:
        offers = {"sings": Offer("sings", "synthesizer", 5, engine=kind, package="singers")}
        monkeypatch.setattr("dropdub.engines.contract.installed_offers", lambda: offers)
        monkeypatch.setattr("dropdub.engines.contract.output", printed)
        found, skipped = {}, list[str]()
        for check in checks(kind):
            try:
                check()
            except SkipTest:
                skipped.append(str(check))
            except ContractBroken as error:
                found[str(check)] = str(error)
        assert found or not skipped, "a check that is skipped finds nothing"
        return found

    yield of


_printed: dict[tuple[str, ...], Any] = {}


def printed(program: Program, **limits: Any) -> Any:
    """Return what a program prints, which is run once: what a module imports is the same for all engines in it."""
    command = tuple(map(str, program.command))
    if command not in _printed:
        _printed[command] = output(program, **limits)
    return _printed[command]


def with_(**changes: Any) -> type[Any]:
    return type("Changed", (Sings,), {"__module__": Sings.__module__, **changes})


def test_engines_that_keep_the_contract_pass(broken: Any) -> None:
    assert broken(Sings) == {} == broken(several(lambda said: said))
    assert broken(with_(speak=noise(1), slowest=1.0, fastest=1.0)) == {}, "one pace"
    assert broken(translating(lambda texts: [text.upper() for text in texts])) == {}


def noise(seconds: float, level: float = 0.5) -> Any:
    def speak(self: Any, text: str, **options: Any) -> Samples:
        Sings.speak(self, text, **options)
        return np.full(round(seconds * 16_000) if text.strip(" .") else 0, level, np.float32)

    return speak


def together(changed: Callable[[list[SpokenText]], list[SpokenText]]) -> Any:
    """Return a method that speaks several texts, with a change to what it returns."""

    def speak_all(self: Any, texts: Sequence[ToSpeak], *, language: str, take: int = 0) -> list[SpokenText]:
        said = [self.speak(one.text, language=language, voice=one.voice, rate=one.rate) for one in texts]
        return changed([SpokenText(one) for one in said])

    return speak_all


def several(changed: Callable[[list[SpokenText]], list[SpokenText]], *, size: Any = 4) -> type[Any]:
    return with_(batch_size=lambda _: size, speak_all=together(changed))


NUMBERS = count()
BROKEN: dict[str, tuple[type[Any], str, str]] = {
    "name": (with_(name="My Engine"), "describes_itself", "not of small letters"),
    "role": (with_(role="singer"), "describes_itself", "not one of"),
    "rank": (with_(rank=0), "describes_itself", "not a positive number"),
    "later": (with_(api_version=API + 1), "describes_itself", "a later version"),
    "not offered": (with_(name="hums"), "is_offered", "no installed package"),
    "protocol": (with_(supports=None), "follows_its_protocol", "it is no Synthesizer: it lacks supports"),
    "says why": (with_(unavailable=classmethod(lambda _: True)), "says_why_not", "neither None"),
    "model": (
        with_(missing_model=lambda _: "", needs_bytes=lambda _: 1, runtime=None), "states_its_model", "nor a name"
    ),
    "memory": (
        with_(missing_model=lambda _: None, needs_bytes=lambda _: -1, runtime=None), "states_its_model", "-1"
    ),
    "version": (with_(info=lambda self: EngineInfo(self.name, "unknown")), "loads_twice", "without a digit"),
    "another name": (with_(info=lambda _: EngineInfo("other", "1")), "loads_twice", "names 'other'"),
    "changing": (
        with_(info=lambda self: EngineInfo(self.name, "1", {"n": next(NUMBERS)})),
        "loads_twice", "not the same twice",
    ),
    "no JSON": (with_(info=lambda self: EngineInfo(self.name, "1", {"at": Path()})), "loads_twice", "no JSON"),
    "licence": (with_(licence="MIT"), "describes_itself", "no Licence"),
    "announcement": (with_(announcements=lambda _: "One sentence."), "loads_twice", "no list of sentences"),
    "wrong answer": (translating(lambda texts: ["x"]), "translates", "returned 1 translations for"),
    "silence": (with_(speak=lambda self, text, **_: np.ones(8, np.float32)), "speaks", "without words"),
    "too long": (with_(speak=noise(60)), "speaks", "is its sample rate right?"),
    "too loud": (with_(speak=noise(1, 2.0)), "speaks", "not in [-1, 1]"),
    "rate": (with_(speak=noise(1)), "speaks", "higher rate"),
    "no batch": (several(lambda said: said, size=0), "speaks_several", "batch_size() returned 0"),
    "mixed up": (several(lambda said: said[::-1]), "speaks_several", "beside others, and"),
    "order": (translating(lambda texts: [*texts][:1] * len(texts)), "translates", "translated to nothing"),
    "empty": (translating(lambda texts: ["x"] * len(texts)), "translates", "did not stay empty"),
}  # fmt: skip


def hears(vector: Any, **changes: Any) -> type[Any]:
    """Return a diarizer with one vector for everything."""

    def embed(self: Any, windows: Iterable[Window]) -> Iterator[Samples]:
        return (np.array(vector, np.float32) for _ in windows)

    return type("Hears", (Sings,), {"role": "diarizer", "embed": embed, "thresholds": VoiceThresholds(), **changes})


def separates(left: Any) -> type[Any]:
    """Return a separator that leaves this of each block."""

    def background(self: Any, blocks: Iterable[Frames], *, sample_rate: int) -> Iterator[Frames]:
        return (left(block) for block in blocks)

    return type("Separates", (Sings,), {"role": "separator", "background": background})


BROKEN |= {
    "no thresholds": (hears([1.0], thresholds=None), "embeds", "no VoiceThresholds"),
    "length": (hears([1.0, 1.0]), "embeds", "of length 1.41, not 1"),
    "samples": (separates(lambda block: block[:-1]), "separates", "samples for"),
    "channels": (separates(lambda block: block[:, :1]), "separates", "returned 1 channels for 2"),
}


def test_diarizers_and_separators_that_keep_the_contract_pass(broken: Any) -> None:
    assert broken(hears([0.6, 0.8])) == {} == broken(separates(lambda block: 0 * block))
    usual = hears([1.0])
    del usual.thresholds
    assert "those of Resemblyzer would be used" in broken(usual)["embeds"]


@pytest.mark.parametrize(("kind", "check", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_each_breach_is_found_by_its_check(broken: Any, kind: type[Any], check: str, said: str) -> None:
    assert said in broken(kind)[check]


def test_missing_model_and_unusable_engine_are_skipped_with_the_reason(tmp_path: Path) -> None:
    lacking = with_(missing_model=lambda _: "nest", needs_bytes=lambda _: 1, runtime=None)
    for kind, said in ((lacking, "the model nest"), (with_(unavailable=classmethod(lambda _: "No card.")), "No card.")):
        with pytest.raises(SkipTest, match=said):
            next(check for check in checks(kind, EngineSettings(tmp_path)) if str(check) == "speaks")()
