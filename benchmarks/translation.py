"""What batches gain in translation: all texts at once compared with one by one, in tokens per CPU second.

    python benchmarks/translation.py [--texts N] [--dir DIR]

The model has NLLB-200 600M's geometry in int8, random weights, and ends every text after the same number of tokens
(`geometry.py`). So all outputs have the same length, unlike the inputs. Both sides use Dropdub's engine with one
thread, each in a fresh process.
"""

from __future__ import annotations

import argparse
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import geometry
from side import Cost, Working, run_requested_side, run_side, script, show

SENTENCES = (
    "Our good man is old.",
    "The red house is near two small books, and we see it.",
    "We see my red car.",
    "The dog is near our big house, but the old man and his three good books are not there.",
    "I want a book.",
)
WAY = {"source": "en", "target": "pt"}


def at_once(model: str, number: str) -> dict[str, Any]:
    """Translate all texts in one call."""
    engine, texts = _engine(model), _texts(int(number))
    with Working() as work:
        done = engine.translate(texts, **WAY)
    return _result(work, done)


def one_by_one(model: str, number: str) -> dict[str, Any]:
    """Translate each text in a call of its own."""
    engine, texts = _engine(model), _texts(int(number))
    with Working() as work:
        done = [engine.translate([text], **WAY)[0] for text in texts]
    return _result(work, done)


def _engine(model: str) -> Any:
    from dropdub.engines.base import EngineSettings
    from dropdub.engines.nllb.engine import NllbTranslator

    engine = NllbTranslator(EngineSettings(models={"nllb": model}, device="cpu", compute_type="int8", threads=1))
    engine.load()
    return engine


def _texts(number: int) -> list[str]:
    """Return texts that all differ and have different lengths."""
    return [f"{number} {text}" for number, text in enumerate(islice(cycle(SENTENCES), number))]


def _result(work: Working, done: list[str]) -> dict[str, Any]:
    return {"work_s": work.cpu_s, "tokens": sum(len(text.split()) for text in done)}


def _measured(title: str, side: str, model: Path, number: int) -> Cost:
    cost = run_side(script(__file__), side, model, number)
    speed = cost.result["tokens"] / cost.work_s
    show(f"{title:<11} {cost.result['tokens']:5} tokens, {speed:5.1f} a CPU second, {cost.peak_mb:5.0f} MB")
    return cost


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare translation in batches and one by one.")
    parser.add_argument("--texts", type=int, default=64)
    parser.add_argument("--dir", type=Path, default=geometry.PLACE)
    asked = parser.parse_args()
    model = geometry.nllb_600m(asked.dir)
    single = _measured("one by one", "one_by_one", model, asked.texts)
    batch = _measured("at once", "at_once", model, asked.texts)
    gain = (batch.result["tokens"] / batch.work_s) / (single.result["tokens"] / single.work_s)
    show(f"at once ÷ one by one, tokens a CPU second: {gain:.2f}")


if __name__ == "__main__":
    if not run_requested_side({"at_once": at_once, "one_by_one": one_by_one}):
        main()
