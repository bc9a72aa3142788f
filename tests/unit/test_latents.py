"""A voice is kept as numbers; anything but a voice of the model is refused."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.engines.xtts.latents import Latents, from_bytes, to_bytes

WIDTHS = (8, 16)


def latents(**changed: Any) -> Latents:
    usual = {"conditioning": np.ones((1, 3, 8), np.float32), "embedding": np.ones((1, 16, 1), np.float32)}
    return Latents(**(usual | changed))


def test_a_voice_round_trips_unchanged() -> None:
    found = from_bytes(to_bytes(latents()), widths=WIDTHS)
    assert found.identity == latents().identity
    assert found.identity != latents(embedding=np.zeros((1, 16, 1), np.float32)).identity


@pytest.mark.parametrize(
    "wrong",
    [
        {"conditioning": np.ones((1, 3, 9), np.float32)},
        {"conditioning": np.ones((2, 3, 8), np.float32)},
        {"conditioning": np.ones((1, 0, 8), np.float32)},
        {"conditioning": np.ones((1, 3, 8), np.float64)},
        {"embedding": np.ones((1, 17, 1), np.float32)},
        {"embedding": np.ones((1, 16), np.float32)},
        {"embedding": np.full((1, 16, 1), np.nan, np.float32)},
        {"embedding": np.full((1, 16, 1), 1e30, np.float32)},
    ],
    ids=["other model", "two", "none", "doubles", "other embedding", "flat", "not numbers", "out of range"],
)
def test_anything_but_a_voice_of_the_model_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not those of a voice"):
        from_bytes(to_bytes(latents(**wrong)), widths=WIDTHS)


def test_nothing_is_unpickled() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, conditioning=np.array([{"a": 1}], object), embedding=np.ones((1, 16, 1), np.float32))
    for value in (buffer.getvalue(), pickle.dumps({"conditioning": 1})):
        with pytest.raises(ValueError, match="no voice can be read"):
            from_bytes(value, widths=WIDTHS)


@given(st.binary(max_size=200), st.integers(0, 900), st.integers(0, 255))
def test_damage_is_refused_or_does_no_harm(noise: bytes, place: int, byte: int) -> None:
    whole = bytearray(to_bytes(latents()))
    whole[place % len(whole)] = byte
    for value in (noise, bytes(whole), bytes(whole[:place])):
        try:
            found = from_bytes(value, widths=WIDTHS)
        except ValueError:
            continue
        assert np.isfinite(found.conditioning).all()
