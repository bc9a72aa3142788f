"""The registry and the offers it is filled from, with engines registered the way another package would."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import EntryPoint, distributions, entry_points
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from dropdub.engines.base import API, EngineInfo, EngineSettings, Frames, Samples, Window
from dropdub.engines.offers import GROUP, installed_offers
from dropdub.engines.registry import EngineRegistry
from dropdub.errors import (
    EngineFailed,
    EngineMissing,
    EngineNotInstalled,
    FreshWorkerNeeded,
    UnsupportedLanguage,
    Waiting,
)
from tests import plugged


class Parrot:
    """A translator between en and es that says the same again."""

    name: ClassVar[str] = "parrot"
    role: ClassVar[str] = "translator"
    rank: ClassVar[int] = 1
    loads: ClassVar[int] = 0

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self.settings = settings or EngineSettings()

    @classmethod
    def unavailable(cls) -> str | None:
        return None

    def load(self) -> None:
        type(self).loads += 1

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, "1")

    def supports(self, source: str, target: str) -> bool:
        return {source, target} == {"en", "es"}

    def coverage(self) -> str:
        return "en to es, es to en"

    @classmethod
    def hint(cls, source: str, target: str) -> str | None:
        return f"Teach it {source} to {target}."

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[str]:
        return list(texts)


class Macaw(Parrot):
    """A better translator, of French only."""

    name: ClassVar[str] = "macaw"
    rank: ClassVar[int] = 5

    def supports(self, source: str, target: str) -> bool:
        return (source, target) == ("en", "fr")

    def coverage(self) -> str:
        return "en to fr"


class Dodo(Parrot):
    """The best, if there is one."""

    name: ClassVar[str] = "dodo"
    rank: ClassVar[int] = 100

    @classmethod
    def unavailable(cls) -> str | None:
        return "The engine 'dodo' is extinct. Find a living one."


class Raven(Parrot):
    """The best that is learnt: it needs a model, called `nest`, of some size."""

    name: ClassVar[str] = "raven"
    rank: ClassVar[int] = 20
    runtime: ClassVar[str | None] = "ctranslate2"
    needed: ClassVar[int] = 1_000

    def missing_model(self) -> str | None:
        return None if (self.settings.models_dir / "nest").is_dir() else "nest"

    def needs_bytes(self) -> int:
        return self.needed

    def announcements(self) -> Sequence[str]:
        return ("The raven croaks.",) if self.settings.memory_failures else ()


class Phoenix(Raven):
    """One that translates every pair."""

    name: ClassVar[str] = "phoenix"

    def supports(self, source: str, target: str) -> bool:
        return True


class Magpie(Parrot):
    """One that announces once what it did since it was last asked."""

    name: ClassVar[str] = "magpie"

    def announcements(self) -> Sequence[str]:
        said, self.said = getattr(self, "said", ()), ()
        return said

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[str]:
        self.said = ("The magpie chatters.",)
        return list(texts)


class Jackdaw(Raven):
    name: ClassVar[str] = "jackdaw"
    rank: ClassVar[int] = 19
    runtime: ClassVar[str | None] = "torch"


class Lyrebird(Parrot):
    name: ClassVar[str] = "lyrebird"
    role: ClassVar[str] = "synthesizer"


class Owl(Parrot):
    """A diarizer that hears one voice in everything."""

    name: ClassVar[str] = "owl"
    role: ClassVar[str] = "diarizer"

    def embed(self, windows: Iterable[Window]) -> Iterator[Samples]:
        return (np.ones(1, np.float32) for _ in windows)


class Moa(Owl):
    name: ClassVar[str] = "moa"
    rank: ClassVar[int] = 100

    @classmethod
    def unavailable(cls) -> str | None:
        return "The engine 'moa' is extinct."


class Lark(Raven):
    """A separator that takes everything for voices."""

    name: ClassVar[str] = "lark"
    role: ClassVar[str] = "separator"
    runtime: ClassVar[str | None] = None

    def background(self, blocks: Iterable[Frames], *, sample_rate: int) -> Iterator[Frames]:
        return (np.zeros_like(block) for block in blocks)


class Wren(Lark):
    name: ClassVar[str] = "wren"
    rank: ClassVar[int] = 10

    def missing_model(self) -> str | None:
        return None if (self.settings.models_dir / "twigs").is_dir() else "twigs"


class Finch(Lark):
    name: ClassVar[str] = "spleeter"

    @classmethod
    def unavailable(cls) -> str | None:
        return "The engine 'spleeter' needs a package."


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group=GROUP)


def entry_of(*engines: type[Parrot]) -> list[EntryPoint]:
    return [entry(engine.name, f"{engine.__module__}:{engine.__name__}") for engine in engines]


@pytest.fixture(autouse=True)
def _no_loads_yet() -> None:
    for engine in (Parrot, Macaw, Dodo, Owl):
        engine.loads = 0


@pytest.fixture
def broken_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = "a_broken_engine_for_a_test"
    (tmp_path / f"{name}.py").write_text("import a_library_that_is_not_there\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)


def test_the_engines_of_this_package_are_registered() -> None:
    offers = installed_offers()
    roles = {name: offers[name].role for name in ("pocketsphinx", "apertium", "espeak-ng")}
    assert roles == {"pocketsphinx": "transcriber", "apertium": "translator", "espeak-ng": "synthesizer"}


def test_auto_takes_the_best_that_is_available_and_supports_the_pair() -> None:
    registry = EngineRegistry(entry_of(Parrot, Macaw, Dodo))
    assert isinstance(registry.translator("auto", source="en", target="es"), Parrot)
    assert isinstance(registry.translator("auto", source="en", target="fr"), Macaw)


def test_an_engine_is_loaded_once_and_kept() -> None:
    registry = EngineRegistry(entry_of(Parrot, Macaw))
    registry.preload("translator", "parrot")
    first = registry.translator("parrot", source="en", target="es")
    assert registry.translator("auto", source="es", target="en") is first
    assert (Parrot.loads, Macaw.loads) == (1, 0)


def test_loading_is_logged_with_time_and_memory(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="dropdub.engines"):
        EngineRegistry(entry_of(Parrot)).preload("translator", "parrot")
    assert "name=parrot device=cpu seconds=0.0" in caplog.text
    assert "memory_mb=" in caplog.text


def test_a_missing_engine_is_refused_with_those_installed_and_how_to_get_it() -> None:
    with pytest.raises(EngineMissing) as refusal:
        EngineRegistry(entry_of(Parrot, Dodo)).translator("nllb", source="en", target="es")
    assert refusal.value.message == "The engine 'nllb' is not installed. Installed translators: dodo, parrot."
    assert f"{sys.executable} -m pip install torch" in refusal.value.remedy


def test_preloading_a_missing_engine_names_those_that_are_installed() -> None:
    with pytest.raises(EngineMissing, match=r"'rook' is not installed. Installed translators: parrot\."):
        EngineRegistry(entry_of(Parrot)).preload("translator", "rook")


def test_preloading_auto_takes_the_best_of_the_role_or_nothing() -> None:
    registry = EngineRegistry(entry_of(Parrot, Macaw, Dodo))
    registry.preload("translator", "auto")
    registry.preload("synthesizer", "auto")
    assert (Parrot.loads, Macaw.loads) == (0, 1)


def test_an_engine_of_another_role_is_refused() -> None:
    with pytest.raises(EngineMissing, match=r"'lyrebird' is a synthesizer, not a translator."):
        EngineRegistry(entry_of(Parrot, Lyrebird)).translator("lyrebird", source="en", target="es")


def test_an_installed_but_unusable_engine_says_why() -> None:
    with pytest.raises(EngineMissing, match=r"'dodo' is extinct\. Find a living one"):
        EngineRegistry(entry_of(Dodo)).translator("dodo", source="en", target="es")


def test_auto_without_any_usable_engine_says_what_each_lacks() -> None:
    with pytest.raises(EngineMissing, match=r"No installed translator can be used here\. .*'dodo' is ext"):
        EngineRegistry(entry_of(Dodo)).translator("auto", source="en", target="es")
    with pytest.raises(EngineMissing, match=r"No installed transcriber can be used here\.$"):
        EngineRegistry([]).transcriber("auto")


def not_installed(monkeypatch: pytest.MonkeyPatch) -> EngineRegistry:
    """Return a registry of the two transcribers of Dropdub, of which no package is installed."""
    monkeypatch.setattr("dropdub.engines.packages.find_spec", lambda _name: None)
    ours = (
        "dropdub.engines.parakeet.engine:ParakeetTranscriber",
        "dropdub.engines.whisper.engine:FasterWhisperTranscriber",
    )
    return EngineRegistry(
        [entry(name, value) for name, value in zip(("parakeet", "faster-whisper"), ours, strict=True)]
    )


@pytest.mark.parametrize(("name", "said", "command"), [
    ("auto", "No transcriber is installed.", "dropdub setup"),
    ("parakeet", "The engine 'parakeet' is not installed.", "dropdub setup --engines quality"),
    ("faster-whisper", "The engine 'faster-whisper' is not installed.", "dropdub setup --engines compact"),
])  # fmt: skip
def test_an_engine_that_can_be_installed_is_waited_for_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, name: str, said: str, command: str
) -> None:
    with pytest.raises(EngineNotInstalled) as caught:
        not_installed(monkeypatch).transcriber(name)
    assert (caught.value.condition, caught.value.message) == ("engine", said)
    assert caught.value.remedy == f"Install it with: `{command}`. The job then resumes automatically."


def test_new_packages_require_a_fresh_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = not_installed(monkeypatch)
    monkeypatch.setattr("dropdub.engines.selection.packages_stamp", lambda: (1,))
    with pytest.raises(FreshWorkerNeeded):
        registry.transcriber("auto")
    with pytest.raises(EngineNotInstalled):
        not_installed(monkeypatch).transcriber("auto")


def test_a_diarizer_is_offered_before_it_is_loaded() -> None:
    registry = EngineRegistry(entry_of(Parrot, Owl, Moa))
    assert registry.offers_diarizer("auto") and registry.offers_diarizer("owl")
    assert Owl.loads == 0
    assert isinstance(registry.diarizer("auto"), Owl) and registry.diarizer("owl") is registry.diarizer("auto")
    assert Owl.loads == 1


def test_auto_without_a_diarizer_is_none_and_not_refused() -> None:
    for registry in (EngineRegistry([]), EngineRegistry(entry_of(Parrot, Moa))):
        assert not registry.offers_diarizer("auto")
        assert registry.diarizer("auto") is None


def test_a_separator_without_its_model_is_none_for_auto_and_waits_if_it_is_named(tmp_path: Path) -> None:
    settings = EngineSettings(models_dir=tmp_path)
    registry = EngineRegistry(entry_of(Lark, Wren), settings=settings)
    assert registry.separator("auto") is None
    assert registry.no_separator() == (
        "the model 'nest' of the engine 'lark' is not installed. Download it with: `dropdub models pull nest`."
    )
    with pytest.raises(Waiting, match="The model 'nest' of the engine 'lark'"):
        registry.separator("lark")
    (tmp_path / "twigs").mkdir()
    assert isinstance(registry.separator("auto"), Wren), "the best that is ready"
    (tmp_path / "nest").mkdir()
    assert isinstance(registry.separator("auto"), Lark) and isinstance(registry.separator("wren"), Wren)
    assert registry.notices() == ["Used wren, because the model 'nest' of lark is not installed."]


def test_without_a_separator_auto_says_how_to_install_one_of_this_package() -> None:
    assert EngineRegistry(entry_of(Parrot)).separator("auto") is None
    assert EngineRegistry(entry_of(Parrot)).no_separator() == "no separator is installed."
    absent = [entry("spleeter", f"{__name__}:Finch")]
    assert EngineRegistry(absent).separator("auto") is None
    command = "`dropdub setup --engines compact`"
    assert EngineRegistry(absent).no_separator() == f"no separator is installed. Install one with: {command}."


class Wryneck(Lark):
    """A separator of another package that raises when it is asked for its model."""

    name: ClassVar[str] = "wryneck"
    rank: ClassVar[int] = 50

    def missing_model(self) -> str | None:
        raise ZeroDivisionError("no")


class Shrike(Wryneck):
    """A diarizer like that."""

    name: ClassVar[str] = "shrike"
    role: ClassVar[str] = "diarizer"

    embed = Owl.embed


def test_an_engine_that_fails_when_it_is_asked_hides_no_other_and_its_model_is_not_asked_for(tmp_path: Path) -> None:
    settings = EngineSettings(models_dir=tmp_path)
    registry = EngineRegistry(entry_of(Wryneck, Lark), settings=settings)
    assert registry.separator("auto") is None
    assert registry.no_separator().startswith("the model 'nest' of the engine 'lark' is not installed.")
    assert any("wryneck" in notice for notice in registry.notices())
    alone = EngineRegistry(entry_of(Wryneck, Shrike), settings=settings)
    assert alone.separator("auto") is None and "The engine 'wryneck'" in alone.no_separator()
    assert alone.diarizer("auto") is None and alone.lacking_diarizer("auto") is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("resemblyzer", r"'resemblyzer' is not installed\. Installed diarizers: moa"),
        ("moa", "'moa' is extinct"),
        ("parrot", "'parrot' is a translator, not a diarizer"),
    ],
)
def test_a_diarizer_by_name_that_cannot_be_used_is_refused(name: str, said: str) -> None:
    registry = EngineRegistry(entry_of(Parrot, Moa))
    for ask in (registry.offers_diarizer, registry.diarizer):
        with pytest.raises(EngineMissing, match=said):
            ask(name)


def test_a_broken_entry_point_affects_only_its_engine(broken_module: str) -> None:
    registry = EngineRegistry([*entry_of(Parrot), entry("broken", f"{broken_module}:Engine")])
    assert isinstance(registry.translator("auto", source="en", target="es"), Parrot)
    with pytest.raises(EngineMissing, match=r"'broken' .* cannot be imported \(ModuleNotFoundError"):
        registry.translator("broken", source="en", target="es")


A_PARROT = Parrot()


@pytest.mark.parametrize("value", [f"{__name__}:Nobody", "no_such_module:Engine", "logging:Logger", "logging"])
def test_an_entry_point_that_is_no_engine_is_described_as_a_problem(value: str) -> None:
    offer = installed_offers([entry("odd", value)])["odd"]
    assert offer.engine is None
    assert offer.problem is not None
    assert offer.problem.endswith(".")


def test_an_unsupported_pair_is_refused_with_those_supported_and_a_hint() -> None:
    with pytest.raises(UnsupportedLanguage) as refusal:
        EngineRegistry(entry_of(Parrot, Macaw)).translator("auto", source="en", target="pt")
    assert refusal.value.message == (
        "No installed translator translates from en to pt. "
        "macaw supports: en to fr. parrot supports: en to es, es to en."
    )
    assert "Teach it en to pt." in refusal.value.remedy


def test_a_named_engine_that_does_not_support_the_pair_is_refused() -> None:
    with pytest.raises(UnsupportedLanguage, match="The engine 'parrot' does not translate from en to pt"):
        EngineRegistry(entry_of(Parrot, Macaw)).translator("parrot", source="en", target="pt")


def test_describing_loads_nothing_and_sorts_by_role_and_rank() -> None:
    described = EngineRegistry(entry_of(Parrot, Lyrebird, Macaw, Dodo)).describe()
    assert [offer.name for offer in described] == ["lyrebird", "dodo", "macaw", "parrot"]
    assert [offer.name for offer in described if offer.problem] == ["dodo"]
    assert Parrot.loads == 0


def learnt(folder: Path, **given: Any) -> EngineRegistry:
    """Return a registry of an engine without a model and one whose model belongs into `folder`."""
    return EngineRegistry(entry_of(Parrot, Raven), settings=EngineSettings(models_dir=folder), **given)


def test_a_missing_model_is_waited_for_with_the_command_that_gets_it(tmp_path: Path) -> None:
    alone = EngineRegistry(entry_of(Macaw, Raven), settings=EngineSettings(models_dir=tmp_path))
    for registry, name in ((alone, "auto"), (learnt(tmp_path), "raven")):
        with pytest.raises(Waiting, match="The model 'nest' of the engine 'raven' is not installed") as caught:
            registry.translator(name, source="en", target="es")
        assert caught.value.condition == "model"
        assert "dropdub models pull nest" in caught.value.sentence


def test_auto_takes_an_engine_that_works_before_one_whose_model_is_missing(tmp_path: Path) -> None:
    registry = learnt(tmp_path)
    assert registry.translator("auto", source="en", target="es").name == "parrot"
    assert registry.notices() == ["Used parrot, because the model 'nest' of raven is not installed."]


class Cuckoo(Owl):
    """A better diarizer, whose model is missing."""

    name: ClassVar[str] = "cuckoo"
    rank: ClassVar[int] = 20
    runtime: ClassVar[str | None] = None

    def missing_model(self) -> str | None:
        return "another nest"

    def needs_bytes(self) -> int:
        return 1_000


def test_auto_does_not_wait_for_a_better_diarizer_either(tmp_path: Path) -> None:
    registry = EngineRegistry(entry_of(Owl, Cuckoo), settings=EngineSettings(models_dir=tmp_path))
    assert isinstance(registry.diarizer("auto"), Owl)
    registry.preload("diarizer", "auto")
    assert Owl.loads == 1


def test_a_diarizer_without_its_model_is_not_offered_and_what_to_download_is_said(tmp_path: Path) -> None:
    alone = EngineRegistry(entry_of(Cuckoo), settings=EngineSettings(models_dir=tmp_path))
    assert not alone.offers_diarizer("auto") and alone.diarizer("auto") is None
    said = alone.lacking_diarizer("auto")
    assert said is not None and said.endswith("Download it with: `dropdub models pull 'another nest'`.")
    with pytest.raises(Waiting, match="'another nest' of the engine 'cuckoo'"):
        alone.diarizer("cuckoo")
    for entries, name in (([Owl, Cuckoo], "auto"), ([Cuckoo], "cuckoo"), ([Parrot], "auto")):
        registry = EngineRegistry(entry_of(*entries), settings=EngineSettings(models_dir=tmp_path))
        assert registry.lacking_diarizer(name) is None


class Starling(Parrot):
    """A translator with a model for each pair."""

    name: ClassVar[str] = "starling"
    rank: ClassVar[int] = 14
    runtime: ClassVar[str | None] = None

    def missing_model(self) -> str | None:
        return None if any(self.settings.models_dir.iterdir()) else "en-pt"

    def needs_bytes(self) -> int:
        return 1_000

    def supports(self, source: str, target: str) -> bool:
        return (self.settings.models_dir / f"{source}-{target}").is_dir()

    def missing_models(self, source: str, target: str) -> tuple[str, ...]:
        legs = ((source, "en"), ("en", target)) if "en" not in (source, target) else ((source, target),)
        return tuple(f"{one}-{other}" for one, other in legs) if target != "tlh" else ()


def test_an_engine_with_a_model_of_its_own_that_stands_in_for_another_says_so(tmp_path: Path) -> None:
    (tmp_path / "en-es").mkdir()
    registry = EngineRegistry(entry_of(Raven, Starling), settings=EngineSettings(models_dir=tmp_path))
    assert registry.translator("auto", source="en", target="es").name == "starling"
    assert registry.notices() == ["Used starling, because the model 'nest' of raven is not installed."]


def test_stand_in_says_how_to_get_a_model_that_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Raven, "missing_model", lambda _self: "nllb-200-distilled-600M")
    registry = learnt(tmp_path)
    assert registry.translator("auto", source="en", target="es").name == "parrot"
    [notice] = registry.notices()
    assert notice.endswith("not installed. Download it (640.0 MB) with: `dropdub models pull nllb-200-distilled-600M`.")


def test_engine_that_nobody_chose_is_not_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Raven, "name", "nllb")
    registry = learnt(tmp_path)
    assert registry.translator("auto", source="en", target="es").name == "parrot"
    assert registry.notices() == [], "its libraries came with another engine"


class Owlet(Parrot):
    """A translator of another package that raises while it is asked."""

    name: ClassVar[str] = "owlet"
    rank: ClassVar[int] = 50

    def supports(self, source: str, target: str) -> bool:
        raise ZeroDivisionError("no")


class Chick(Parrot):
    """One that cannot even be made."""

    name: ClassVar[str] = "chick"
    rank: ClassVar[int] = 60

    def __init__(self, settings: EngineSettings | None = None) -> None:
        raise RuntimeError("not hatched")


class Egg(Parrot):
    """One that fails to say whether it can be used."""

    name: ClassVar[str] = "egg"

    @classmethod
    def unavailable(cls) -> str | None:
        raise RuntimeError("not laid")


class Phoebe(Parrot):
    """One that was written for a later version of the interface."""

    name: ClassVar[str] = "phoebe"
    role: ClassVar[str] = "something new"
    api_version: ClassVar[int] = API + 1


def test_engine_that_fails_while_it_is_asked_hides_no_other_and_is_noticed() -> None:
    registry = EngineRegistry(entry_of(Owlet, Chick, Egg, Parrot))
    with registry.step():
        assert registry.translator("auto", source="en", target="es").name == "parrot"
        assert sorted(registry.notices()) == [
            "The engine 'chick' of the package tests failed: RuntimeError: not hatched.",
            "The engine 'owlet' of the package tests failed: ZeroDivisionError: no.",
        ]
    assert [engine.name for engine, _ in registry.usable("translator")] == ["owlet", "parrot"]
    for name in ("owlet", "chick"):
        with pytest.raises(EngineFailed, match=f"'{name}' of the package tests failed"):
            registry.translator(name, source="en", target="es")
    with pytest.raises(EngineMissing, match="RuntimeError: not laid"):
        registry.translator("egg", source="en", target="es")


class Grebe(Raven):
    """The best of another package; it fails whenever it is asked about its model, and in other ways."""

    name: ClassVar[str] = "grebe"
    rank: ClassVar[int] = 90

    def missing_model(self) -> str | None:
        raise RuntimeError("no nest")

    def coverage(self) -> str:
        raise RuntimeError("no idea")

    @classmethod
    def hint(cls, source: str, target: str) -> str | None:
        raise RuntimeError("no hint")

    def missing_models(self, source: str, target: str) -> tuple[str, ...]:
        raise RuntimeError("no list")


GREBE = "The engine 'grebe' of the package tests failed: RuntimeError: no {}."


def test_engine_that_fails_when_asked_about_its_model_hides_no_other(tmp_path: Path) -> None:
    registry = EngineRegistry(entry_of(Grebe, Parrot), settings=EngineSettings(models_dir=tmp_path))
    with registry.step():
        assert registry.translator("auto", source="en", target="es").name == "parrot"
        assert registry.notices() == [GREBE.format("nest")]
    waiting = EngineRegistry(entry_of(Grebe, Raven), settings=EngineSettings(models_dir=tmp_path))
    with pytest.raises(Waiting, match="The model 'nest' of the engine 'raven'"):
        waiting.translator("auto", source="en", target="es")
    for name in ("grebe", "auto"):
        alone = EngineRegistry(entry_of(Grebe), settings=EngineSettings(models_dir=tmp_path))
        with pytest.raises(EngineFailed, match="'grebe' of the package tests failed: RuntimeError: no nest"):
            alone.translator(name, source="en", target="es")


def test_engine_that_fails_to_say_what_it_supports_does_not_hide_what_others_do(tmp_path: Path) -> None:
    registry = EngineRegistry(entry_of(Grebe, Macaw), settings=EngineSettings(models_dir=tmp_path))
    with pytest.raises(UnsupportedLanguage) as caught:
        registry.translator("auto", source="en", target="tlh")
    assert caught.value.message == "No installed translator translates from en to tlh. macaw supports: en to fr."
    assert caught.value.remedy == "Teach it en to tlh."


class Dunnock(Parrot):
    """A synthesizer that fails about voices, and announces in a way that is not allowed."""

    name: ClassVar[str] = "dunnock"
    role: ClassVar[str] = "synthesizer"
    rank: ClassVar[int] = 50
    clones: ClassVar[bool] = False
    sample_rate = 16_000
    said: ClassVar[Any] = "one sentence"

    def supports(self, language: str) -> bool:  # type: ignore[override]
        return language == "en"

    def speak(self, text: str, **_options: Any) -> Samples:
        return np.zeros(1, np.float32)

    def has_voice(self, name: str) -> bool:
        raise RuntimeError("no voice")

    def announcements(self) -> Any:
        return self.said


@pytest.mark.parametrize("said", ["one sentence", [1], None])
def test_announcement_that_is_no_list_of_sentences_is_noticed(monkeypatch: pytest.MonkeyPatch, said: Any) -> None:
    monkeypatch.setattr(Dunnock, "said", said)
    registry = EngineRegistry(entry_of(Dunnock))
    with registry.step():
        registry.synthesizer("dunnock", language="en")
        [notice] = registry.notices()
    assert notice == "The engine 'dunnock' of the package tests announced something that is no list of sentences."


def test_engine_that_fails_about_its_voices_is_named_or_left_out() -> None:
    registry = EngineRegistry(entry_of(Dunnock))
    assert registry.with_voice("auto", language="en", voice="anna") == "auto"
    with pytest.raises(EngineFailed, match="'dunnock' of the package tests failed"):
        registry.require_synthesizer("dunnock", language="en", voice="anna")


def test_engine_that_names_no_amount_of_memory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nest").mkdir()
    monkeypatch.setattr(Raven, "needed", None)
    with pytest.raises(EngineFailed, match="'raven' of the package tests failed: TypeError"):
        learnt(tmp_path).translator("raven", source="en", target="es")


def test_engine_that_calls_itself_otherwise_than_its_entry_point_is_not_used() -> None:
    offer = installed_offers([entry("hibari", f"{__name__}:Parrot")])["hibari"]
    assert offer.engine is None and offer.problem is not None
    assert offer.problem.endswith("is not used, because it calls itself 'parrot'.")
    assert "is no class" in str(installed_offers([entry("parrot", f"{__name__}:A_PARROT")])["parrot"].problem)


class Ibis(Starling):
    """A translator of Dropdub with a model for each pair, of a high rank."""

    name: ClassVar[str] = "quickmt"
    rank: ClassVar[int] = 22


class Egret(Starling):
    """One of a low rank, which was measured between English and Portuguese."""

    name: ClassVar[str] = "bergamot"

    def missing_models(self, source: str, target: str) -> tuple[str, ...]:
        return tuple(f"small-{model}" for model in super().missing_models(source, target))

    def supports(self, source: str, target: str) -> bool:
        return (self.settings.models_dir / f"small-{source}-{target}").is_dir()


def test_model_to_get_between_english_and_portuguese_is_that_of_the_translator_that_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Phoenix, "name", "nllb")
    monkeypatch.setattr("dropdub.engines.selection.is_chosen", lambda _name, _usable: True)
    settings = EngineSettings(models_dir=tmp_path)
    registry = EngineRegistry(entry_of(Ibis, Egret, Phoenix), settings=settings)
    for source, target, model in (
        ("en", "pt-BR", "small-en-pt-BR"),
        ("pt", "en", "small-pt-en"),
        ("en", "de", "en-de"),
    ):
        with pytest.raises(Waiting, match=f"lacks the model '{model}'"):
            registry.translator("auto", source=source, target=target)
    (tmp_path / "small-en-pt").mkdir()
    with registry.step():
        assert registry.translator("auto", source="en", target="pt").name == "bergamot"
        assert registry.notices() == [], "no other one is recommended for this pair"
    (tmp_path / "en-pt").mkdir()
    with registry.step():
        assert registry.translator("auto", source="en", target="pt").name == "quickmt", "somebody downloaded its model"


def test_engine_for_a_later_version_of_the_interface_is_refused_with_what_to_do() -> None:
    with pytest.raises(EngineMissing) as caught:
        EngineRegistry(entry_of(Phoebe, Parrot)).translator("phoebe", source="en", target="es")
    assert f"was written for version {API + 1} of the interface for engines" in caught.value.message
    assert "Update Dropdub" in caught.value.remedy


def test_package_that_takes_a_known_name_does_not_replace_the_engine(tmp_path: Path) -> None:
    path = plugged.written(tmp_path, "impostor", "1", "class Engine: pass", dropdub_engines={"bergamot": "Engine"})
    theirs = next(iter(distributions(path=[str(path)]))).entry_points
    ours = [one for one in entry_points(group=GROUP) if one.name == "bergamot"]
    offers = installed_offers([*theirs, *ours])
    assert offers["bergamot"].package == "dropdub" and not offers["bergamot"].is_foreign
    problem = offers["bergamot of impostor"].problem
    assert problem is not None and "is not used, because Dropdub has one of that name.\nUninstall" in problem


def test_import_of_an_engine_of_another_package_is_reported_before_it_happens(tmp_path: Path) -> None:
    path = plugged.written(tmp_path, "rook-engines", "1", "raise ValueError('no')", dropdub_engines={"rook": "Rook"})
    theirs = tuple(next(iter(distributions(path=[str(path)]))).entry_points)
    ours = [one for one in entry_points(group=GROUP) if one.name == "hibari"]
    said: list[tuple[str, str]] = []

    def report(engine: str, what: str) -> None:
        said.append((engine, what))

    offers = installed_offers([*theirs, *ours], report_import=report)
    assert said == [("rook", "the engine 'rook' of the package rook-engines"), ("", "")]
    assert "cannot be imported" in str(offers["rook"].problem)
    said.clear()
    offers = installed_offers([*theirs, *ours], left_out=["rook", "hibari"], report_import=report)
    assert said == [] and offers["hibari"].problem != offers["rook"].problem
    assert "is not used, because its import crashed or did not end." in str(offers["rook"].problem)


def test_package_of_an_engine_is_reported_before_it_is_loaded() -> None:
    said: list[str] = []
    registry = EngineRegistry(entry_of(Parrot))
    with registry.step(report_use=lambda what: said.append(f"{what}, {Parrot.loads}")):
        registry.translator("parrot", source="en", target="es")
        with registry.aside(report_use=lambda what: said.append("aside")) as same:
            same.translator("parrot", source="en", target="es")
    registry.translator("parrot", source="en", target="es")
    assert said[:2] == ["the engine 'parrot' of the package tests, 0", "aside"]


def test_a_pair_whose_model_is_missing_is_waited_for(tmp_path: Path) -> None:
    registry = EngineRegistry(entry_of(Starling), settings=EngineSettings(models_dir=tmp_path))
    for name in ("auto", "starling"):
        with pytest.raises(Waiting, match="The translator lacks the model 'en-pt'") as caught:
            registry.translator(name, source="en", target="pt")
        assert (caught.value.condition, "dropdub models pull en-pt`" in caught.value.sentence) == ("model", True)
    with pytest.raises(Waiting, match="lacks the models 'es-en' and 'en-pt'") as both:
        registry.translator("auto", source="es", target="pt")
    assert "Download them with: `dropdub models pull es-en en-pt`." in both.value.sentence
    with pytest.raises(UnsupportedLanguage):
        registry.translator("auto", source="en", target="tlh")


def test_if_a_larger_model_is_missing_too_the_smaller_one_is_recommended_first(tmp_path: Path) -> None:
    registry = EngineRegistry(entry_of(Starling, Raven), settings=EngineSettings(models_dir=tmp_path))
    with pytest.raises(Waiting) as caught:
        registry.translator("auto", source="en", target="es")
    assert caught.value.message == "The translator lacks the model 'en-es', to translate from English to Spanish."
    assert caught.value.remedy == (
        "Download it with: `dropdub models pull en-es`. Or use raven, whose model 'nest' is larger. "
        "Download it with: `dropdub models pull nest`. The job then resumes automatically."
    )


def test_the_large_model_is_waited_for_where_no_small_one_has_the_pair(tmp_path: Path) -> None:
    registry = EngineRegistry(entry_of(Starling, Phoenix), settings=EngineSettings(models_dir=tmp_path))
    with pytest.raises(Waiting, match="The model 'nest' of the engine 'phoenix'"):
        registry.translator("auto", source="en", target="tlh")


def test_an_engine_with_its_model_is_preferred_to_one_without(tmp_path: Path) -> None:
    (tmp_path / "nest").mkdir()
    registry = learnt(tmp_path, fallback=True)
    assert registry.translator("auto", source="en", target="es").name == "raven"
    assert registry.notices() == []


def test_another_engine_stands_in_if_allowed_and_says_so_in_each_step(tmp_path: Path) -> None:
    registry = learnt(tmp_path, fallback=True)
    for _ in range(2):
        with registry.step():
            assert registry.notices() == []
            assert registry.translator("raven", source="en", target="es").name == "parrot"
            assert registry.notices() == ["Used parrot, because the model 'nest' of raven is not installed."]


def test_no_engine_stands_in_for_what_it_cannot_do(tmp_path: Path) -> None:
    registry = EngineRegistry(entry_of(Macaw, Raven), settings=EngineSettings(models_dir=tmp_path), fallback=True)
    with pytest.raises(Waiting):
        registry.translator("auto", source="en", target="es")


def test_preloading_skips_engines_whose_model_is_missing(tmp_path: Path) -> None:
    Raven.loads = 0
    learnt(tmp_path).preload("translator", "auto")
    assert Raven.loads == 0


def test_a_model_larger_than_the_free_memory_is_waited_for_with_both_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nest").mkdir()
    monkeypatch.setattr(Raven, "needed", 10**15)
    with pytest.raises(Waiting, match=r"needs .* of memory; only .* is free") as caught:
        learnt(tmp_path).translator("auto", source="en", target="es")
    assert caught.value.condition == "memory"
    assert "smaller model" in caught.value.sentence


def test_an_engine_with_another_compute_library_needs_a_fresh_worker(tmp_path: Path) -> None:
    (tmp_path / "nest").mkdir()
    registry = EngineRegistry(entry_of(Parrot, Raven, Jackdaw), settings=EngineSettings(models_dir=tmp_path))
    registry.translator("parrot", source="en", target="es")
    registry.translator("raven", source="en", target="es")
    with pytest.raises(FreshWorkerNeeded, match="ctranslate2"):
        registry.translator("jackdaw", source="en", target="es")


def test_after_running_out_of_memory_an_engine_reloads_with_less_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "nest").mkdir()
    registry = learnt(tmp_path)
    first = registry.translator("raven", source="en", target="es")
    with registry.step(memory_failures=1):
        assert registry.translator("raven", source="en", target="es") is not first
        assert registry.notices() == ["The raven croaks."]
    with registry.step():
        registry.translator("raven", source="en", target="es")
        assert registry.notices() == ["The raven croaks."], "it holds for this worker's life, and each job reports it"


def test_aside_uses_what_is_loaded_and_leaves_the_step_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "nest").mkdir()
    registry = learnt(tmp_path)
    with registry.step(memory_failures=1):
        engine = registry.translator("raven", source="en", target="es")
        with registry.aside() as same:
            assert same.notices() == [], "those of the step are not its own"
            assert same.translator("raven", source="en", target="es") is engine
            assert same.notices() == ["The raven croaks."]
        assert registry.notices() == ["The raven croaks."]


def test_aside_loads_no_other_engine_and_the_step_still_may(tmp_path: Path) -> None:
    registry = learnt(tmp_path)
    with registry.step():
        with pytest.raises(FreshWorkerNeeded), registry.aside() as same:
            same.translator("parrot", source="en", target="es")
        with pytest.raises(FreshWorkerNeeded), registry.aside(memory_failures=1):
            pass
        assert registry.translator("parrot", source="en", target="es").name == "parrot"


def test_what_an_engine_announces_once_is_noticed_by_the_step_that_it_is_about() -> None:
    registry = EngineRegistry(entry_of(Magpie))
    with registry.step():
        engine = registry.translator("magpie", source="en", target="es")
        with registry.aside() as same:
            same.translator("magpie", source="en", target="es").translate(["a"], source="en", target="es")
        assert registry.notices() == [], "it was the aside, which failed before it asked"
        engine.translate(["a"], source="en", target="es")
        with registry.aside() as same:
            same.translator("magpie", source="en", target="es")
            assert same.notices() == []
        assert registry.notices() == ["The magpie chatters."]
