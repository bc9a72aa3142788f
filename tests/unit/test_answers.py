"""What engines answer is held to their protocols, whatever they return."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from dropdub.engines import answers
from dropdub.engines.abilities import VoiceThresholds
from dropdub.engines.base import EngineInfo, EngineSettings, Utterance, Window, Word
from dropdub.engines.loading import load_engine
from dropdub.errors import EngineFailed, UnexpectedError, UnsupportedLanguage

WINDOWS = [Window(float(number), np.zeros(16_000, np.float32)) for number in range(3)]
SAID = (Utterance(0.0, 1.0, "Hello"),)


class FakeEngine:
    """An engine of every role that answers what it is given."""

    name: ClassVar[str] = "fake"
    role: ClassVar[str] = "translator"
    rank: ClassVar[int] = 1
    clones: ClassVar[bool] = False

    def __init__(
        self, settings: EngineSettings | None = None, *, answer: Any = None, sample_rate: Any = 16_000
    ) -> None:
        self.answer, self.sample_rate = answer, sample_rate

    @classmethod
    def unavailable(cls) -> str | None:
        return None

    def load(self) -> None:
        self._answered()

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, "1")

    def supports(self, *_languages: str) -> bool:
        return True

    def languages(self) -> frozenset[str]:
        return frozenset({"en"})

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> Any:
        return self._answered()

    def alternatives(self, texts: Sequence[str], *, source: str, target: str) -> Any:
        return self._answered()

    def speak(self, *_args: Any, **_options: Any) -> Any:
        return self._answered()

    def transcribe(self, windows: Iterable[Window], *, language: str) -> Any:
        return self._lazily(windows)

    def embed(self, windows: Iterable[Window]) -> Any:
        return self._lazily(windows)

    def detect_language(self, windows: Sequence[Window]) -> Any:
        return self._answered()

    def background(self, blocks: Iterable[Any], *, sample_rate: int) -> Any:
        return self._lazily(blocks)

    def _answered(self) -> Any:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def _lazily(self, windows: Iterable[Window]) -> Iterator[Any]:
        left = list(self._answered())
        for _, one in zip(windows, left[:], strict=False):
            yield one
            left.pop(0)
        yield from left


def translated(engine: Any) -> Any:
    return answers.translated(engine, ["a", "b"], source="en", target="pt")


def alternatives(engine: Any) -> Any:
    return answers.alternatives(engine, ["a", "b"], source="en", target="pt")


def spoken(engine: Any) -> Any:
    return answers.spoken(engine, "a", language="en", voice=None)


def heard(engine: Any) -> Any:
    return list(answers.heard(engine, iter(WINDOWS), language="en"))


def embedded(engine: Any) -> Any:
    return list(answers.embedded(engine, iter(WINDOWS)))


def background(engine: Any) -> Any:
    return list(answers.background(engine, [np.zeros((8, 2), np.float32)], sample_rate=48_000))


def language(engine: Any) -> Any:
    return answers.language_heard(engine, WINDOWS)


def thresholds(engine: Any) -> Any:
    engine.thresholds = engine.answer
    return answers.thresholds(engine)


UNIT = np.full(4, 0.5, np.float32)
HOLES = np.array([0.0, np.nan], np.float32)
WRONG: list[tuple[Callable[[Any], Any], Any, str]] = [
    (translated, ["um"], "returned 1 translations for 2 texts"),
    (translated, ["um", None], "a translation that is no text"),
    (translated, "um", "no list of translations"),
    (translated, None, "no list of translations"),
    (alternatives, [("um",), ()], "a text without a translation"),
    (alternatives, [("um",)], "returned 1 translations for 2 texts"),
    (spoken, HOLES, "no finite numbers"),
    (spoken, np.zeros((8, 2), np.float32), "(8, 2) instead of floats"),
    (spoken, np.zeros(8, np.int16), "instead of floats"),
    (spoken, b"RIFF", "bytes instead of floats"),
    (heard, [SAID, SAID], "returned 2 transcripts for more windows"),
    (heard, [SAID] * 4, "more transcripts than there are windows"),
    (heard, [SAID, ("Hello",), SAID], "without text and times"),
    (heard, [SAID, (Utterance(2.0, 1.0, "Hello"),), SAID], "without text and times"),
    (heard, [SAID, (Utterance(0.0, float("nan"), "Hello"),), SAID], "without text and times"),
    (embedded, [UNIT] * 2, "returned 2 vectors"),
    (embedded, [UNIT, np.ones(5, np.float32), UNIT], "of 4 and 5 numbers"),
    (embedded, [UNIT, HOLES, HOLES], "no finite numbers"),
    (embedded, [UNIT, 2 * UNIT, UNIT], "a vector of length 2, not 1"),
    (embedded, [0 * UNIT] * 3, "a vector of length 0, not 1"),
    (thresholds, {"windows_alike": 0.5}, "no VoiceThresholds of numbers"),
    (thresholds, VoiceThresholds(voices_alike=float("nan")), "no VoiceThresholds of numbers"),
    (translated, ["um", "\ud800"], "a translation that is no text"),
    (alternatives, [("um",), "dois"], "a text without a translation"),
    (spoken, np.full(8, 20_000.0, np.float32), "not in [-1, 1]"),
    (heard, [SAID, (Utterance(0.0, 1.0, "Hi", (Word(0.5, 0.1, "Hi", 1.0),)),), SAID], "without text and times"),
    (heard, [SAID, (Utterance(0.0, 1.0, "Hi", ("Hi",)),), SAID], "without text and times"),  # type: ignore[arg-type]
    (background, [np.zeros(8, np.float32)], "instead of floats in 2"),
    (background, [np.zeros((7, 2), np.float32)], "returned 7 samples for 8"),
    (background, [np.zeros((8, 2), np.float32)] * 2, "returned 16 samples for 8"),
    (background, [], "returned 0 samples for 8"),
    (background, [np.zeros((8, 1), np.float32)], "returned 1 channels for 2"),
    (language, None, "no tag"),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "answer", "said"), WRONG)
def test_wrong_answer_names_the_engine_and_its_package(ask: Callable[[Any], Any], answer: Any, said: str) -> None:
    with pytest.raises(EngineFailed) as caught:
        ask(FakeEngine(answer=answer))
    assert caught.value.message.startswith("The engine 'fake' of the package tests ") and said in caught.value.message


@pytest.mark.parametrize(("ask", "answer"), [
    (translated, ["um", "dois"]),
    (translated, ("um", "dois")),
    (alternatives, [("um", "1"), ["dois"]]),
    (spoken, np.zeros(8, np.float64)),
    (heard, [SAID, (), [*SAID]]),
    (embedded, [UNIT] * 3),
    (thresholds, VoiceThresholds(windows_alike=np.float32(0.5), voices_alike=1)),
    (background, [np.zeros((8, 2), np.float32)]),
    (background, [np.zeros((0, 2), np.float32), *[np.zeros((4, 2), np.float32)] * 2]),
    (language, "en"),
])  # fmt: skip
def test_right_answer_passes(ask: Callable[[Any], Any], answer: Any) -> None:
    assert ask(FakeEngine(answer=answer)) is not None


@pytest.mark.parametrize("rate", [0, 44_100.0, None, True, 10**9])
def test_absurd_sample_rate_is_refused(rate: Any) -> None:
    with pytest.raises(EngineFailed, match="sample rate"):
        spoken(FakeEngine(answer=np.zeros(8, np.float32), sample_rate=rate))


@pytest.mark.parametrize("ask", [translated, spoken, heard, embedded, background, language])
def test_whatever_an_engine_of_a_package_raises_names_it(ask: Callable[[Any], Any]) -> None:
    with pytest.raises(EngineFailed, match=r"'fake' of the package tests failed: KeyError: 'x'\."):
        ask(FakeEngine(answer=KeyError("x")))


def test_errors_of_dropdub_the_disk_and_memory_stay_what_they_are() -> None:
    for error in (UnsupportedLanguage("no"), MemoryError(), OSError(errno.ENOSPC, "full")):
        with pytest.raises(type(error)):
            translated(FakeEngine(answer=error))


def test_own_engine_that_breaks_its_protocol_is_a_bug_in_dropdub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeEngine, "__module__", "dropdub.engines.fake")
    with pytest.raises(UnexpectedError, match="The engine 'fake' returned 1 translations for 2 texts"):
        translated(FakeEngine(answer=["um"]))
    with pytest.raises(KeyError):
        translated(FakeEngine(answer=KeyError("x")))


def test_engine_that_fails_to_load_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineFailed, match="of the package tests failed: RuntimeError: no card"):
        load_engine("fake", FakeEngine(answer=RuntimeError("no card")))
    for info, said in (
        ({"name": "fake"}, "gave no EngineInfo"),
        (EngineInfo("hibari", "1"), "names 'hibari' in info"),
        (EngineInfo("fake", "1", {"model": Path("model")}), "no JSON"),
        (EngineInfo("fake", "1", {"score": float("nan")}), "no JSON"),
    ):
        monkeypatch.setattr(FakeEngine, "info", lambda _self, given=info: given)
        with pytest.raises(EngineFailed, match=f"of the package tests .*{said}"):
            load_engine("fake", FakeEngine())
