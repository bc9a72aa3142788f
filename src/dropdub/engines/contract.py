"""The contract of engines as checks, which anybody can run against an engine: Dropdub's own tests do.

    import pytest
    from dropdub.engines.contract import checks

    @pytest.mark.parametrize("check", checks(MyEngine, settings), ids=str)
    def test_my_engine_keeps_the_contract(check):
        check()

Each check raises ContractBroken, an AssertionError, with what is wrong. It raises `unittest.SkipTest`, which pytest
counts as skipped, if the engine cannot be used here or its model is missing. The package must be installed, or be on
`sys.path` with its metadata.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn
from unittest import SkipTest

import numpy as np

from dropdub.engines import answers
from dropdub.engines.abilities import HasRates, NeedsModel, SeparatesSpeakers, SpeaksInBatches, ToSpeak
from dropdub.engines.base import (
    API,
    SPEECH_RATE_HZ,
    Diarizer,
    Engine,
    EngineSettings,
    Separator,
    Synthesizer,
    Transcriber,
    Translator,
    Voice,
    Window,
)
from dropdub.engines.languages_of import languages_of
from dropdub.engines.licence import UNKNOWN, declared
from dropdub.engines.offers import installed_offers
from dropdub.engines.unset import missing_setting
from dropdub.errors import DropdubError, UnsupportedLanguage, VoiceMissing
from dropdub.process.run import Program, output

PROTOCOLS: Mapping[str, type] = {
    "transcriber": Transcriber,
    "translator": Translator,
    "synthesizer": Synthesizer,
    "diarizer": Diarizer,
    "separator": Separator,
}
HEAVY = frozenset(
    {
        "ctranslate2",
        "espeakng_loader",
        "fxtranslate",
        "demucs_infer",
        "pocket_tts",
        "sentencepiece",
        "jax",
        "onnx_asr",
        "onnxruntime",
        "pocketsphinx",
        "sherpa_onnx",
        "sklearn",
        "tensorflow",
        "torch",
        "transformers",
    }
)
"""Libraries that take long to import, or that do not get along with one another in one process."""
NOWHERE = "qqq"
"""A tag for private use: no engine knows the language."""
TEXT = "1 2 3 4 5."
"""What is spoken and translated: digits are read in every language."""
_IMPORT_S = 60.0
_LONGEST_S = 15.0
_ALIKE = 0.02
"""How much longer or shorter a text may be beside others than alone, of its length."""


class ContractBroken(AssertionError):
    """An engine does not do what its protocol promises."""


@dataclass(frozen=True)
class Check:
    """One promise of an engine. Calling it raises ContractBroken or SkipTest, or returns."""

    name: str
    run: Callable[[], None]

    def __call__(self) -> None:
        try:
            self.run()
        except DropdubError as error:  # what an answer breaks is found by the same checks as in a job
            raise ContractBroken(error.message) from error

    def __str__(self) -> str:
        return self.name


def checks(kind: type[Engine], settings: EngineSettings | None = None) -> list[Check]:
    """Return the checks for an engine's class, by its role. `settings` says where its model is."""
    subject = _Subject(kind, settings or EngineSettings())
    shared = (_describes_itself, _is_offered, _follows_its_protocol, _says_why_not, _imports_nothing_heavy)
    loaded = (_states_its_model, _loads_twice, *_OF_ROLE.get(kind.role, ()))
    return [Check(function.__name__.strip("_"), partial(function, subject)) for function in (*shared, *loaded)]


@dataclass(frozen=True)
class _Subject:
    """The engine that is checked."""

    kind: type[Engine]
    settings: EngineSettings

    def usable(self) -> Engine:
        """Return an instance. Raises SkipTest if the engine cannot be used here."""
        problem = self.kind.unavailable()
        if problem is not None:
            raise SkipTest(" ".join(str(problem).split()))
        return self.kind(self.settings)

    def loaded(self) -> Any:
        """Return a loaded instance. Raises SkipTest if its model or a setting is missing."""
        engine = self.usable()
        if missing_setting(engine):
            raise SkipTest(f"{self.kind.name} needs settings, such as the address of its server")
        if isinstance(engine, NeedsModel) and (model := engine.missing_model()):
            raise SkipTest(f"the model {model} of {self.kind.name} is not in {self.settings.models_dir}")
        engine.load()
        return engine

    def language(self, engine: Engine) -> str:
        known = languages_of(engine)
        if not known:
            raise SkipTest(f"{self.kind.name} knows no language with the models that are here")
        return "en" if "en" in known else known[0]


def _broken(what: str) -> NoReturn:
    raise ContractBroken(what)


def _describes_itself(subject: _Subject) -> None:
    kind: Any = subject.kind
    if not isinstance(kind.name, str) or not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", kind.name):
        _broken(f"its name {kind.name!r} is not of small letters, digits, points and dashes")
    if kind.role not in PROTOCOLS:
        _broken(f"its role {kind.role!r} is not one of {', '.join(PROTOCOLS)}")
    if type(kind.rank) is not int or kind.rank <= 0:
        _broken(f"its rank {kind.rank!r} is not a positive number")
    if type(getattr(kind, "api_version", API)) is not int or getattr(kind, "api_version", API) > API:
        _broken(f"it was written for a later version of the interface than {API}")
    if hasattr(kind, "licence") and declared(kind.licence) is UNKNOWN:
        _broken(f"its licence {kind.licence!r:.80} is no Licence of plain texts and a known answer")


def _is_offered(subject: _Subject) -> None:
    offer = installed_offers().get(subject.kind.name)
    if offer is None:
        _broken(f"no installed package has an entry point {subject.kind.name!r} in the group dropdub.engines")
    if offer.engine is not subject.kind:
        _broken(f"the entry point {subject.kind.name!r} leads elsewhere. {offer.problem or ''}".strip())


def _follows_its_protocol(subject: _Subject) -> None:
    protocol = PROTOCOLS.get(subject.kind.role, Engine)
    for engine in (subject.kind(), subject.kind(subject.settings)):
        if not isinstance(engine, protocol):
            lacking = sorted(name for name in _members(protocol) if getattr(engine, name, None) is None)
            _broken(f"it is no {protocol.__name__}: it lacks {', '.join(lacking)}")


def _members(protocol: type) -> set[str]:
    """Return the names of what a protocol requires."""
    found = {name for one in protocol.__mro__ for name in (*vars(one), *getattr(one, "__annotations__", {}))}
    return {name for name in found if not name.startswith("_")}


def _says_why_not(subject: _Subject) -> None:
    problem: object = subject.kind.unavailable()
    if problem is not None and not (isinstance(problem, str) and problem.partition("\n")[0].strip().endswith(".")):
        _broken(
            f"unavailable() returned {problem!r:.80}, neither None nor a sentence with its remedy on the next lines"
        )


def _imports_nothing_heavy(subject: _Subject) -> None:
    subject.usable()
    code = f"import sys; sys.path[:] = {sys.path!r}; import {subject.kind.__module__}; print(*sys.modules)"
    printed, ending = output(Program([sys.executable, "-c", code]), deadline_s=_IMPORT_S)
    if ending.returncode != 0:
        _broken(f"its module cannot be imported: {' '.join(ending.complaints)[-300:]}")
    if heavy := sorted(HEAVY & set(printed.split())):
        _broken(f"importing its module imports {', '.join(heavy)}: that belongs into load()")


def _states_its_model(subject: _Subject) -> None:
    engine: Any = subject.usable()
    if not isinstance(engine, NeedsModel):
        return
    model: object = engine.missing_model()
    if model is not None and not (isinstance(model, str) and model):
        _broken(f"missing_model() returned {model!r:.40}, neither None nor a name")
    if model is None and (type(engine.needs_bytes()) is not int or engine.needs_bytes() <= 0):
        _broken(f"needs_bytes() returned {engine.needs_bytes()!r:.40}, not a number of bytes")


def _loads_twice(subject: _Subject) -> None:
    engine = subject.loaded()
    engine.load()
    info = answers.described(engine)
    answers.announcements(engine)
    if not re.search(r"\d", info.version):
        _broken(f"info() has the version {info.version!r}, without a digit: cached results would outlive a new version")
    if engine.info() != info:
        _broken("info() is not the same twice: nothing would be found in the cache")


def _translates(subject: _Subject) -> None:
    engine: Translator = subject.loaded()
    pair = _pair(subject, engine)
    if answers.translated(engine, [], source=pair[0], target=pair[1]):
        _broken("it returned a translation for no text")
    empty, text = answers.translated(engine, ["", TEXT], source=pair[0], target=pair[1])
    if empty:
        _broken(f"an empty text did not stay empty: {empty!r:.40}")
    if not text.strip():
        _broken(f"{TEXT!r} was translated to nothing")
    if not engine.supports("en", NOWHERE):
        _refuses(lambda: engine.translate([TEXT], source="en", target=NOWHERE), UnsupportedLanguage, NOWHERE)


def _pair(subject: _Subject, engine: Translator) -> tuple[str, str]:
    others = [tag for tag in languages_of(engine) if tag != "en"]
    found = [pair for tag in others for pair in (("en", tag), (tag, "en")) if engine.supports(*pair)]
    if not found:
        raise SkipTest(f"{subject.kind.name} knows no pair with English with the models that are here")
    return found[0]


def _transcribes(subject: _Subject) -> None:
    engine: Transcriber = subject.loaded()
    language = subject.language(engine)
    windows = [Window(start, _noise(seconds)) for start, seconds in ((0.0, 1.0), (5.0, 0.0), (9.0, 2.0))]
    for window, said in zip(windows, answers.heard(engine, iter(windows), language=language), strict=True):
        for one in said:
            if not window.start - 0.5 <= one.start <= one.end <= window.start + window.duration_s + 0.5:
                _broken(f"{one.text!r:.40} is from {one.start} to {one.end}, outside the window that it was heard in")
    if list(answers.heard(engine, [], language=language)):
        _broken("it returned a transcript for no window")
    answers.language_heard(engine, windows)
    _refuses(lambda: list(engine.transcribe(windows, language=NOWHERE)), UnsupportedLanguage, NOWHERE)


def _speaks(subject: _Subject) -> None:
    engine: Synthesizer = subject.loaded()
    say = partial(answers.spoken, engine, language=subject.language(engine), voice=None)
    if len(say("")) or len(say(" ... ")):
        _broken("it returned sound for a text without words")
    sound = say(TEXT)
    if not 0.2 < len(sound) / engine.sample_rate < _LONGEST_S:
        _broken(f"it took {len(sound) / engine.sample_rate:.1f} s for {TEXT!r}: is its sample rate right?")
    if float(np.abs(sound).max()) > 1.0:
        _broken("its samples are not in [-1, 1]")
    has_one_pace = isinstance(engine, HasRates) and engine.slowest == engine.fastest
    if not has_one_pace and len(say(TEXT, rate=1.5)) >= len(say(TEXT, rate=0.75)):
        _broken("a higher rate did not make its speech shorter")
    if not engine.supports(NOWHERE):
        _refuses(lambda: engine.speak(TEXT, language=NOWHERE, voice=None), UnsupportedLanguage, NOWHERE)
    unknown = Voice("no voice has this name")
    language = subject.language(engine)
    _refuses(lambda: engine.speak(TEXT, language=language, voice=unknown), VoiceMissing, unknown.name)


def _speaks_several(subject: _Subject) -> None:
    engine: Synthesizer = subject.loaded()
    if not isinstance(engine, SpeaksInBatches):
        return
    if type(engine.batch_size()) is not int or engine.batch_size() < 1:
        _broken(f"batch_size() returned {engine.batch_size()!r:.40}, not a number of texts")
    language = subject.language(engine)
    say_all = partial(answers.spoken_together, engine, language=language)
    if say_all([]):
        _broken("it returned sounds for no text")
    first, empty, last = say_all([ToSpeak(TEXT), ToSpeak(""), ToSpeak(TEXT, rate=1.5)])
    if len(empty.samples):
        _broken("it returned sound for a text without words, beside others")
    for one, rate in ((first, 1.0), (last, 1.5)):
        alone = answers.spoken(engine, TEXT, language=language, voice=None, rate=rate)
        if abs(len(one.samples) - len(alone)) > _ALIKE * len(alone):
            _broken(f"a text took {len(one.samples)} samples beside others, and {len(alone)} alone")
    unknown = ToSpeak(TEXT, Voice("no voice has this name"))
    _refuses(lambda: engine.speak_all([ToSpeak(TEXT), unknown], language=language), VoiceMissing, unknown.text)


def _embeds(subject: _Subject) -> None:
    engine: Diarizer = subject.loaded()
    if not isinstance(engine, SeparatesSpeakers):
        _broken("it states no thresholds: those of Resemblyzer would be used, which fit no other vectors")
    answers.thresholds(engine)
    windows = [Window(0.0, _noise(seconds)) for seconds in (0.0, 0.2, 1.6, 5.0)]
    list(answers.embedded(engine, iter(windows)))


def _separates(subject: _Subject) -> None:
    engine: Separator = subject.loaded()
    blocks = [np.stack([_noise(seconds)] * 2, axis=1) for seconds in (0.5, 1.0, 0.1)]
    list(answers.background(engine, iter(blocks), sample_rate=SPEECH_RATE_HZ))


def _refuses(act: Callable[[], object], error: type[DropdubError], what: str) -> None:
    try:
        act()
    except error:
        return
    _broken(f"it did not raise {error.__name__} for {what!r}")


def _noise(seconds: float) -> Any:
    """Return faint noise at 16 kHz: what a microphone records where nobody speaks."""
    return np.random.default_rng(1).normal(0, 0.001, round(seconds * SPEECH_RATE_HZ)).astype(np.float32)


_OF_ROLE: Mapping[str, Sequence[Callable[[_Subject], None]]] = {
    "transcriber": (_transcribes,),
    "translator": (_translates,),
    "synthesizer": (_speaks, _speaks_several),
    "diarizer": (_embeds,),
    "separator": (_separates,),
}
