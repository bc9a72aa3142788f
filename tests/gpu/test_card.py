"""The quality engines on a real graphics card: the same words as on the processor, and what becomes of a full card."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jiwer
import numpy as np
import pytest

from dropdub.engines.base import EngineSettings, Window
from tests.acceptance.site import Site
from tests.spoken import ENGLISH, NLLB, PORTUGUESE, WHISPER, recording, spoken
from tests.waiting import wait_until

pytest.importorskip("ctranslate2", reason="the extra 'quality' is not installed")


def cards() -> int:
    from dropdub.engines.devices import cuda

    return cuda.cards()


pytestmark = [
    pytest.mark.skipif(not cards(), reason="there is no graphics card here"),
    pytest.mark.filterwarnings("ignore"),  # those of the underlying libraries
    pytest.mark.timeout(300),
]
ON_CARD = EngineSettings(models={"faster-whisper": str(WHISPER), "nllb": str(NLLB)}, threads=2)
HELD_OUT = Path(__file__).parents[1] / "data" / "heldout.tsv"
WER = 0.05
FILL = """
import sys, torch
free, _ = torch.cuda.mem_get_info()
held = torch.empty(free - int(sys.argv[1]), dtype=torch.uint8, device="cuda")
print("full", flush=True)
sys.stdin.read()
"""
SAY = """
import json, sys
from pathlib import Path
from dropdub.engines.base import EngineSettings, Window
from dropdub.engines.whisper.engine import FasterWhisperTranscriber
from dropdub.media import wav
engine = FasterWhisperTranscriber(EngineSettings(models={"faster-whisper": sys.argv[1]}))
heard = list(engine.transcribe([Window(0.0, wav.read_range(Path(sys.argv[2])))], language="en"))
text = " ".join(one.text for found in heard for one in found)
print(json.dumps([engine.info().details["device"], list(engine.announcements()), text]))
"""


def bare(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum() or one.isspace())


@contextmanager
def full_card(*, left: int) -> Iterator[None]:
    """Let another process take all memory of the card except `left` bytes."""
    command = [sys.executable, "-c", FILL, str(left)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdin is not None
        assert other.stdout.readline().strip() == b"full"
        yield
        other.stdin.close()


def memory_used() -> int:
    asked = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    return int(subprocess.run(asked, capture_output=True, check=True, text=True).stdout.split()[0]) << 20


@pytest.mark.parametrize(("sentences", "voice", "language"), [(ENGLISH, "en-us", "en"), (PORTUGUESE, "pt-br", "pt")])
def test_known_words_come_out_in_half_precision_and_batches(
    sentences: tuple[str, ...], voice: str, language: str
) -> None:
    from dropdub.engines.whisper.engine import FasterWhisperTranscriber

    engine = FasterWhisperTranscriber(ON_CARD)
    windows = [Window(10.0 * n, np.pad(spoken(text, voice=voice), 3000)) for n, text in enumerate(sentences)]
    heard = list(engine.transcribe(windows, language=language))
    details = engine.info().details
    assert (details["device"], details["compute_type"], engine.announcements()) == ("cuda", "float16", ())
    found = [" ".join(one.text for one in utterances) for utterances in heard]
    assert jiwer.wer([bare(text) for text in sentences], [bare(text) for text in found]) <= WER
    assert engine.detect_language(windows) == language


def test_held_out_sentences_are_translated_as_on_the_processor() -> None:
    from dropdub.engines.nllb.engine import NllbTranslator

    pairs = [line.split("\t")[:2] for line in HELD_OUT.read_text(encoding="utf-8").splitlines() if line]
    engine = NllbTranslator(ON_CARD)
    found = engine.translate([source for source, _ in pairs], source="en", target="pt")
    assert engine.info().details["device"] == "cuda" and engine.announcements() == ()
    assert sum(text == target for text, (_, target) in zip(found, pairs, strict=True)) >= 0.98 * len(pairs)


def test_a_full_card_is_left_for_the_cpu_and_that_is_announced(tmp_path: Path) -> None:
    talk = recording(tmp_path / "talk.wav", ENGLISH)
    with full_card(left=100 << 20):
        done = subprocess.run(
            [sys.executable, "-c", SAY, str(WHISPER), str(talk)], capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    device, announcements, text = json.loads(done.stdout)
    assert device == "cpu" and "does not fit into memory" in announcements[0], announcements
    assert jiwer.wer(bare(" ".join(ENGLISH)), bare(text)) <= WER


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.tiny_xtts import make_tiny_xtts

    folder = tmp_path_factory.mktemp("models")
    for source in (WHISPER, NLLB):
        shutil.copytree(source, folder / source.name)
    make_tiny_xtts(folder / "xtts-random")
    return folder


def test_a_whole_job_runs_on_the_card_and_frees_its_memory(tmp_path: Path, models: Path) -> None:
    before = memory_used()
    use = {"faster-whisper": WHISPER.name, "nllb": NLLB.name, "xtts": "xtts-random"}
    engines = {"transcriber": "faster-whisper", "translator": "nllb", "synthesizer": "xtts", "speakers": "one"}
    idle = {pool: {"idle_exit": 2} for pool in ("transcribe", "translate", "synthesize")}
    talk = recording(tmp_path / "talk.wav", ENGLISH * 2)
    site = Site(
        tmp_path / "root",
        job={**engines, "targets": ["pt"], "synthesis": {"takes": 1}},
        models={"use": use, "dir": str(models)},
        pools=idle,
    )
    site.drop(talk)
    site.start()
    try:
        site.wait_for("talk.wav", "succeeded")
        wait_until(lambda: memory_used() - before < 64 << 20, "the card's memory to be given back", timeout_s=60)
    finally:
        site.stop()
    found = site.published("talk")
    assert jiwer.wer(bare(" ".join(ENGLISH * 2)), bare(found["talk.txt"].read_text(encoding="utf-8"))) <= WER
    assert "O nosso homem bom é velho." in found["talk.pt.txt"].read_text(encoding="utf-8")
    manifest = json.loads(found["manifest.json"].read_text(encoding="utf-8"))
    devices = {engine["name"]: engine["details"]["device"] for engine in manifest["engines"]}
    assert devices == {"faster-whisper": "cuda", "nllb": "cuda", "xtts": "cuda"}
    assert found["talk.pt.m4a"].stat().st_size > 0
    site.check()
