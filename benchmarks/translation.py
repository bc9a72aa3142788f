"""What translating in batches saves: sentences one by one and in batches of 16, on NLLB's 600M geometry.

    python benchmarks/translation.py [SENTENCES]

Both sides are the program's own engine with int8 and one thread, and stop each sentence after 30 pieces: the weights
are random, and random text does not end. The figures are output pieces for each CPU second.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import geometry

from dropdub.engines import nllb
from dropdub.engines.base import EngineSettings

SENTENCES = Path(__file__).parents[1] / "tests" / "data" / "heldout.tsv"
MOST_PIECES = 30


def rate(engine: nllb.NllbTranslator, texts: list[str], *, at_once: int) -> float:
    began = time.process_time()
    for start in range(0, len(texts), at_once):
        engine.translate(texts[start : start + at_once], source="en", target="pt")
    return MOST_PIECES * len(texts) / (time.process_time() - began)


def main(count: int) -> None:
    model = geometry.nllb_600m(geometry.FOLDER)
    nllb.longest_output = lambda _pieces: MOST_PIECES
    nllb.looks_wrong = lambda _source, _translation: False
    engine = nllb.NllbTranslator(EngineSettings(models={"nllb": str(model)}, device="cpu", threads=1))
    engine.load()
    texts = [line.split("\t")[0] for line in SENTENCES.read_text(encoding="utf-8").splitlines()][:count]
    single, batched = rate(engine, texts[: count // 4], at_once=1), rate(engine, texts, at_once=len(texts))
    sys.stdout.write(f"one by one {single:6.1f} pieces/CPU-s\nbatched    {batched:6.1f} pieces/CPU-s\n")
    sys.stdout.write(f"ratio      {batched / single:6.2f}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 64)
