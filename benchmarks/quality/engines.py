"""The program's translators and synthesizers, each in a fresh process."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import soundfile
from process_tree import TreeWatch
from side import Cost, Working, run_side

if TYPE_CHECKING:
    from dropdub.engines.base import EngineSettings
    from dropdub.engines.offers import Offer
    from dropdub.engines.registry import EngineRegistry

LANGUAGES = ("en", "pt")
SPOKEN = {"en": "en-US", "pt": "pt-BR"}
"""What a synthesizer is asked for: the sentences are in these variants."""
ROUNDS = 3
PAIRS_VARIABLE = "DROPDUB_BENCHMARK_PAIRS"
"""The environment variable that hands other pairs to the sides."""
PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


def texts(language: str) -> list[str]:
    """Return the sentences of the pairs in one of the languages."""
    lines = pairs().read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[LANGUAGES.index(language)] for line in lines if not line.startswith("#")]


def pairs() -> Path:
    """Return the file with a sentence in each of the languages a line, and a tab between."""
    given = os.environ.get(PAIRS_VARIABLE)
    return Path(given) if given else Path(__file__).with_name("pairs.tsv")


def able(role: str, models: Path, **languages: str) -> Iterator[str]:
    """Yield the names of the engines of a role that can be used here for these languages, the best first."""
    from dropdub.engines.base import EngineSettings
    from dropdub.engines.offers import installed_offers

    settings = EngineSettings(models_dir=models)
    for offer in installed_offers(_entries()).values():
        if offer.role == role and offer.problem is None and _is_ready(offer, settings, languages):
            yield offer.name


def _is_ready(offer: Offer, settings: EngineSettings, languages: Mapping[str, str]) -> bool:
    from dropdub.engines.abilities import NeedsModel

    assert offer.engine is not None, "an offer without a problem has its class"
    made: Any = offer.engine(settings)
    return not (isinstance(made, NeedsModel) and made.missing_model()) and made.supports(*languages.values())


def _entries() -> list[EntryPoint]:
    """Return the installed engines and those of this checkout, in which some may be newer than the installation."""
    from dropdub.engines.offers import GROUP

    declared = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["entry-points"][GROUP]
    ours = {name: EntryPoint(name, value, GROUP) for name, value in declared.items()}
    return [*({one.name: one for one in entry_points(group=GROUP)} | ours).values()]


def measured(script: str, side: str, *arguments: object) -> tuple[Cost, float]:
    """Run a side of `SIDES`; return its cost, and its peak memory in MB, that of programs it starts included."""
    watch = TreeWatch()
    return run_side(script, side, *arguments, watch=watch.on), watch.peak_mb


# In the fresh process


def translate(name: str, models: str, source: str, target: str) -> dict[str, Any]:
    """Translate all sentences in one call, several times; the first one was translated before, to load the model."""
    engine = _registry(models).translator(name, source=source, target=target)
    engine.translate(texts(source)[:1], source=source, target=target)
    with Working() as work:
        for _ in range(ROUNDS):
            done = engine.translate(texts(source), source=source, target=target)
    return {"work_s": work.cpu_s / ROUNDS, "texts": done}


def speak(name: str, models: str, language: str, folder: str) -> dict[str, Any]:
    """Speak each sentence into a file of its own; the first one was spoken before, to load the voice."""
    tag = SPOKEN[language]
    engine = _registry(models).synthesizer(name, language=tag)
    engine.speak(texts(language)[0], language=tag, voice=None)
    with Working() as work:
        spoken = [engine.speak(text, language=tag, voice=None) for text in texts(language)]
    for number, samples in enumerate(spoken):
        soundfile.write(Path(folder) / f"{number:02}.wav", samples, engine.sample_rate)
    return {"work_s": work.cpu_s, "audio_s": sum(map(len, spoken)) / engine.sample_rate}


SIDES: dict[str, Callable[..., dict[str, Any]]] = {"translate": translate, "speak": speak}


def _registry(models: str) -> EngineRegistry:
    from dropdub.engines.base import EngineSettings
    from dropdub.engines.registry import EngineRegistry

    return EngineRegistry(_entries(), settings=EngineSettings(models_dir=Path(models), device="cpu"))
