"""Which precision is tried, in which order, what is said when one fails, and what is given up if memory runs out."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropdub.daemon.steps.retry import MOST_MEMORY_RETRIES
from dropdub.engines.base import EngineSettings
from dropdub.engines.devices import cuda
from dropdub.engines.devices.memory_ladder import Level, ladder
from dropdub.engines.devices.precision import first_line, first_that_loads, precisions
from dropdub.engines.devices.tuning import FILE, chosen_compute_type, keep_choice
from dropdub.errors import EngineMissing, OutOfMemory

MODEL = Path("models") / "whisper-small"


@pytest.mark.parametrize(
    ("device", "wanted", "tried"),
    [
        ("cpu", "auto", ["cpu/int8", "cpu/int8_float32", "cpu/float32"]),
        ("cpu", "int8_float32", ["cpu/int8_float32", "cpu/float32", "cpu/int8"]),
        ("cpu", "float16", ["cpu/float16", "cpu/int8", "cpu/int8_float32", "cpu/float32"]),
        ("cuda", "auto", ["cuda/float16", "cuda/int8_float16", "cpu/int8"]),
        ("cuda", "int8_float16", ["cuda/int8_float16", "cpu/int8", "cuda/float16"]),
    ],
)
def test_the_chain_begins_with_what_was_asked_for(device: str, wanted: str, tried: list[str]) -> None:
    chain = precisions(device, EngineSettings(compute_type=wanted), model=MODEL)
    assert ["/".join(one) for one in chain] == tried


def test_precision_measured_here_is_first_only_for_its_model_and_device(tmp_path: Path) -> None:
    keep_choice(tmp_path / "state", MODEL, device="cpu", compute_type="float32")
    settings = EngineSettings(state_dir=tmp_path / "state")
    assert precisions("cpu", settings, model=MODEL)[:2] == (("cpu", "float32"), ("cpu", "int8"))
    assert precisions("cpu", settings, model=MODEL.with_name("other"))[0] == ("cpu", "int8")
    assert precisions("cuda", settings, model=MODEL)[0] == ("cuda", "float16")
    (tmp_path / "state" / FILE).write_text("[not json", encoding="utf-8")
    assert chosen_compute_type(tmp_path / "state", MODEL, device="cpu") is None


def test_what_does_not_work_is_reported_with_what_does() -> None:
    def make(device: str, compute_type: str) -> str:
        if (device, compute_type) == ("cuda", "float16"):
            raise RuntimeError("CUDA failed with error out of memory")
        if device == "cuda":
            raise RuntimeError("Library libcublas.so.12 is not found or cannot be loaded")
        if compute_type == "int8":
            raise ValueError("Requested int8 compute type, but the target device do not support it")
        return "model"

    chain = (("cuda", "float16"), ("cuda", "int8_float16"), ("cpu", "int8"), ("cpu", "float32"))
    loaded = first_that_loads(chain, make, engine="whisperer")
    assert (loaded.thing, loaded.device, loaded.compute_type) == ("model", "cpu", "float32")
    [sentence] = loaded.announcements
    assert sentence.startswith("whisperer uses float32 on cpu: float16 on cuda does not fit into memory, ")
    assert "int8_float16 on cuda is not possible on this machine (Library libcublas.so.12 is not found" in sentence
    assert sentence.endswith(
        "int8 on cpu is not possible on this machine (Requested int8 compute type, but the target "
        "device do not support it)."
    )


def test_a_model_that_fits_in_no_precision_is_out_of_memory() -> None:
    def make(_device: str, _compute_type: str) -> str:
        raise MemoryError

    with pytest.raises(OutOfMemory, match="float32 on cpu"):
        first_that_loads((("cpu", "int8"), ("cpu", "float32")), make, engine="whisperer")


def test_a_broken_model_is_reported_at_once_with_the_way_to_check_it() -> None:
    tried = []

    def make(device: str, _compute_type: str) -> str:
        tried.append(device)
        raise RuntimeError("File model.bin is incomplete: failed to read a buffer of size 4096")

    with pytest.raises(EngineMissing, match="incomplete") as caught:
        first_that_loads((("cpu", "int8"), ("cpu", "float32")), make, engine="whisperer")
    assert "dropdub models verify" in caught.value.sentence
    assert len(tried) == 1


def model(folder: Path, size: int) -> Path:
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(bytes(size))
    return folder


def test_if_memory_runs_out_fewer_windows_then_smaller_models_are_used(tmp_path: Path) -> None:
    model(tmp_path / "whisper-small", 300)
    model(tmp_path / "whisper-base", 200)
    model(tmp_path / "whisper-tiny", 100)
    model(tmp_path / "nllb-tiny", 50)

    def rung(failures: int, *, allowed: bool) -> tuple[str, int, str | None]:
        settings = EngineSettings(
            models_dir=tmp_path, device="cpu", threads=4, memory_failures=failures, allow_smaller=allowed
        )
        found = ladder(settings, "whisperer", "whisper-small", ("model.bin",))
        return found.folder.name, found.at_once, found.announcement

    assert rung(0, allowed=True) == ("whisper-small", 4, None)
    assert rung(1, allowed=True) == (
        "whisper-small",
        1,
        "Memory ran out: whisperer now transcribes 1 window at a time.",
    )
    assert rung(2, allowed=True)[0] == "whisper-base"
    assert rung(3, allowed=True)[0] == rung(9, allowed=True)[0] == "whisper-tiny"
    assert "smaller model 'whisper-tiny'" in (rung(9, allowed=True)[2] or "")
    assert rung(9, allowed=False)[:2] == ("whisper-small", 1)


def test_a_graphics_card_is_used_if_there_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cuda, "cards", lambda: 1)  # the smallest possible stand-in for what this machine lacks
    found = ladder(EngineSettings(models_dir=tmp_path, threads=4), "whisperer", "whisper-small", ("model.bin",))
    assert (found.device, found.at_once, found.compute_type) == ("cuda", 16, "auto")
    monkeypatch.setattr(cuda, "cards", lambda: 0)
    assert ladder(EngineSettings(models_dir=tmp_path), "whisperer", "w", ("model.bin",)).device == "cpu"


def test_if_card_memory_runs_out_cpu_is_the_last_resort_before_smaller_models(tmp_path: Path) -> None:
    model(tmp_path / "whisper-small", 300)
    model(tmp_path / "whisper-tiny", 100)

    def rung(failures: int) -> Level:
        settings = EngineSettings(
            models_dir=tmp_path,
            device="cuda",
            compute_type="float16",
            threads=4,
            memory_failures=failures,
            allow_smaller=True,
        )
        return ladder(settings, "whisperer", "whisper-small", ("model.bin",))

    found = [rung(failures) for failures in range(MOST_MEMORY_RETRIES + 1)]
    assert [(one.device, one.at_once, one.compute_type) for one in found] == [
        ("cuda", 16, "float16"),
        ("cuda", 4, "float16"),
        ("cuda", 1, "float16"),
        ("cuda", 1, "int8_float16"),
        ("cpu", 4, "auto"),
        ("cpu", 1, "auto"),
        ("cpu", 1, "auto"),
    ]
    assert found[-1].folder.name == "whisper-tiny"
    assert found[0].announcement is None
    assert found[3].announcement == "Memory ran out: whisperer now uses int8_float16."
    assert found[4].announcement == "Memory ran out: whisperer now runs on the CPU."


def test_an_exception_without_a_text_is_shown_by_its_name() -> None:
    assert first_line(RuntimeError()) == "RuntimeError"
    assert first_line(RuntimeError("\nNo kernel.\nfor this card")) == "No kernel"
