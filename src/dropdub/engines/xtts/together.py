"""Speak several parts at once with XTTS, where torch may be loaded.

The language model writes the codes of a sound one after another, and a graphics card has hardly more to do for several
parts than for one. Their codes are then turned into sound one by one. Each part has random numbers of its own, so what
is spoken beside it does not change it, but for the rounding of sums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dropdub.engines.base import Samples
from dropdub.engines.xtts.latents import Latents

if TYPE_CHECKING:
    from torch import Tensor
    from TTS.tts.models.xtts import Xtts


@dataclass(frozen=True)
class Part:
    """A text of at most as many tokens as the model can read. `most`: how many codes it may become."""

    text: str
    language: str
    latents: Latents
    pace: float
    seed: int
    most: int


def spoken_together(model: Xtts, parts: Sequence[Part], *, least: int, style: Mapping[str, float]) -> list[Samples]:
    """Return each part as spoken, shape (samples,). `least`: the fewest codes; `style`: the sampling parameters."""
    import torch  # noqa: PLC0415  (heavy: only in workers that use it)

    with torch.no_grad():
        tokens = [_tokens(model, part) for part in parts]
        codes = _codes(model, parts, tokens, least=least, style=style)
        return [_sound(model, part, *both) for part, *both in zip(parts, tokens, codes, strict=True)]


def _tokens(model: Any, part: Part) -> Tensor:
    """Return the tokens of a text as the model's own `inference` gives them to it, shape (1, tokens)."""
    import torch  # noqa: PLC0415

    read = model.tokenizer.encode(part.text.strip().lower(), lang=part.language)
    return torch.IntTensor(read).unsqueeze(0).to(model.device)


def _codes(
    model: Any, parts: Sequence[Part], tokens: Sequence[Tensor], *, least: int, style: Mapping[str, float]
) -> list[Tensor]:
    """Return the codes of each part, shape (1, codes), with the one that stops it if there is one."""
    import torch  # noqa: PLC0415
    from transformers import LogitsProcessorList  # noqa: PLC0415

    gpt = model.gpt
    prefixes = [_prefix(model, part, one) for part, one in zip(parts, tokens, strict=True)]
    length = max(len(one) for one in prefixes)
    together = torch.zeros(len(parts), length, prefixes[0].shape[1], dtype=prefixes[0].dtype, device=model.device)
    mask = torch.zeros(len(parts), length + 1, dtype=torch.long, device=model.device)
    for row, prefix in enumerate(prefixes):  # shorter ones are filled up at their beginning, which is not attended to
        together[row, length - len(prefix) :] = prefix
        mask[row, length - len(prefix) :] = 1
    gpt.gpt_inference.store_prefix_emb(together)
    given = torch.ones(len(parts), length + 1, dtype=torch.long, device=model.device)
    given[:, -1] = gpt.start_audio_token
    found = gpt.gpt_inference.generate(
        given,
        attention_mask=mask,
        bos_token_id=gpt.start_audio_token,
        pad_token_id=gpt.stop_audio_token,
        eos_token_id=gpt.stop_audio_token,
        do_sample=False,  # `_Drawn` draws
        repetition_penalty=float(style["repetition_penalty"]),
        min_new_tokens=least,
        max_new_tokens=max(part.most for part in parts),
        logits_processor=LogitsProcessorList([_drawn([part.seed for part in parts], style)]),
    )[:, length + 1 :]
    return [_ended(row, part.most, gpt.stop_audio_token) for row, part in zip(found, parts, strict=True)]


def _prefix(model: Any, part: Part, tokens: Tensor) -> Tensor:
    """Return what the language model knows before it writes: the voice, then the text; shape (length, width)."""
    import torch  # noqa: PLC0415
    from torch.nn.functional import pad  # noqa: PLC0415

    gpt = model.gpt
    read = pad(pad(tokens, (0, 1), value=gpt.stop_text_token), (1, 0), value=gpt.start_text_token)
    text = gpt.text_embedding(read) + gpt.text_pos_embedding(read)
    voice = torch.from_numpy(part.latents.conditioning).to(model.device)
    return torch.cat([voice, text], dim=1)[0]


def _ended(codes: Tensor, most: int, stop: int) -> Tensor:
    stops = (codes[:most] == stop).nonzero()
    end = int(stops[0]) + 1 if len(stops) else most
    return codes[:end].unsqueeze(0)


def _sound(model: Any, part: Part, tokens: Tensor, codes: Tensor) -> Samples:
    """Return the sound of codes, as the model's own `inference` makes it."""
    import torch  # noqa: PLC0415
    from torch.nn.functional import interpolate  # noqa: PLC0415

    latents = model.gpt(
        tokens,
        torch.tensor([tokens.shape[-1]], device=model.device),
        codes,
        torch.tensor([codes.shape[-1] * model.gpt.code_stride_len], device=model.device),
        cond_latents=torch.from_numpy(part.latents.conditioning).to(model.device),
        return_attentions=False,
        return_latent=True,
    )
    if part.pace != 1.0:
        latents = interpolate(latents.transpose(1, 2), scale_factor=1.0 / part.pace, mode="linear").transpose(1, 2)
    sound = model.hifigan_decoder(latents, g=torch.from_numpy(part.latents.embedding).to(model.device))
    return np.asarray(sound.cpu(), np.float32).reshape(-1)


def _drawn(seeds: Sequence[int], style: Mapping[str, float]) -> Any:
    """Return what makes the likeliest code of each row a random one, drawn as sampling would, with the row's own seed.

    To the logarithms of likelihoods, Gumbel noise is added: the largest sum is then a draw (Gumbel 1954).
    """
    import torch  # noqa: PLC0415
    from transformers import (  # noqa: PLC0415
        LogitsProcessor,
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
    )

    warpers = (
        TemperatureLogitsWarper(float(style["temperature"])),
        TopKLogitsWarper(int(style["top_k"])),
        TopPLogitsWarper(float(style["top_p"])),
    )
    rows = [torch.Generator().manual_seed(seed) for seed in seeds]

    class Drawn(LogitsProcessor):
        def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
            for warper in warpers:
                scores = warper(input_ids, scores)
            uniform = torch.stack([torch.rand(scores.shape[-1], generator=row) for row in rows])
            noise = -torch.log(-torch.log(uniform.clamp_min(torch.finfo(torch.float32).tiny)))
            return scores + noise.to(scores.device)

    return Drawn()
